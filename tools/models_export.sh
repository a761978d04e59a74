#!/usr/bin/env bash
# tools/models_export.sh NAME CARD: writes the newest version of model NAME that was
# trained in this database to $OUT/support_triage.NAME.stm, and what is to be known of
# it to $OUT/support_triage.NAME.json. CARD is a file of JSON, an object with
#   trained_at   a date: of the recipe, not of the run, so that a run can be repeated
#   provenance   an object: what the model was trained on, under which licences
#   metrics      optional: figures beside those of the held-out examples
set -euo pipefail
name=$1
card=$2
: "${OUT:?where to write}"
stem=$OUT/support_triage.$name

run_psql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -v "name=$name" "$@"; }

version=$(run_psql <<<"SELECT max(version) FROM triage.model WHERE name = :'name' AND version > 0")
[ -n "$version" ] || { echo "error: model \"$name\" was not trained here" >&2; exit 1; }

run_psql -v "version=$version" <<<"SELECT encode(triage.model_file(:'name', :version), 'hex')" |
    perl -ne 'chomp; print pack "H*", $_' >"$stem.stm.new"

# What differs from run to run (seconds) or says nothing to others (the query) is left out.
run_psql -v "version=$version" -v "card=$(cat "$card")" <<'SQL' |
SELECT jsonb_pretty(jsonb_build_object(
           'name', name, 'extension_version', (SELECT extversion FROM pg_extension WHERE extname = 'support_triage'),
           'labels', labels, 'options', options,
           'metrics', metrics || coalesce(c -> 'metrics', '{}'),
           'provenance', provenance - 'seconds' - 'examples_query' || (c -> 'provenance'),
           'trained_at', to_jsonb(((c ->> 'trained_at')::timestamp AT TIME ZONE 'UTC')),
           'unicode_version', unicode_version, 'size_bytes', size_bytes, 'checksum', checksum))
FROM triage.model, CAST(:'card' AS jsonb) AS c
WHERE name = :'name' AND version = :version
SQL
    perl -CI -pe 's/([^\x00-\x7f])/my $c = ord $1; $c < 0x10000 ? sprintf "\\u%04x", $c
        : sprintf "\\u%04x\\u%04x", 0xd800 + (($c - 0x10000) >> 10), 0xdc00 + (($c - 0x10000) & 0x3ff)/ge' >"$stem.json.new"
perl -MJSON::PP -0777 -ne 'my $c = decode_json($_);
    for (qw(provenance trained_at)) { defined $c->{$_} or die "error: the card has no $_\n" }' "$stem.json.new"

mv "$stem.stm.new" "$stem.stm"
mv "$stem.json.new" "$stem.json"
printf '%s: %s bytes\n' "${stem##*/}.stm" "$(wc -c <"$stem.stm")"
