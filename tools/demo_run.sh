#!/usr/bin/env bash
# tools/demo_run.sh: the inner half of `make demo`: tells the story, step by step,
# each a file of test/demo.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
enter_place

width=${ST_WIDTH:-100}
[ "$width" -le 100 ] || width=100
[ "$width" -ge 60 ] || width=60
bold='' dim='' plain=''
if [ -n "${ST_STYLE:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
fi

heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '   %s\n' "$@"; }
code() { printf '   %s%s%s\n' "$dim" "$*" "$plain"; }

# step FILE [NAME=VALUE ...]: runs a file of test/demo, its output set in.
step() {
    local file=$1 arguments=() argument
    shift
    for argument in "$@"; do arguments+=(-v "$argument"); done
    psql -X -q -v ON_ERROR_STOP=1 -P footer=off -P border=1 -P linestyle=unicode -P null= -P pager=off \
        -P format=wrapped -P "columns=$((width - 4))" "${arguments[@]}" -v "width=$((width - 4))" -f "test/demo/$file" |
        sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' | sed 's/^/   /; s/ *$//'
}

value() { psql -X -A -t -q -v ON_ERROR_STOP=1 -c "$1"; }

say "building for $("$PG_CONFIG" --version)"
build_extension
say "starting a server on a Unix socket"
start_cluster shared_preload_libraries=support_triage
export PGOPTIONS='-c client_min_messages=warning'
createdb helpdesk
export PGDATABASE=helpdesk
value 'CREATE EXTENSION support_triage'
step tables.sql

if [ -n "${ST_OWN:-}" ]; then
    heading "1  The past: $ST_OWN"
    step own_load.sql "file=$PLACE/own.tsv"
    rules=own_rules.sql
    examples="SELECT body, intent FROM past_tickets WHERE n % 3 > 0"
    held_out="SELECT body, intent FROM past_tickets WHERE n % 3 = 0"
else
    heading "1  The help desk of Kettle & Leaf, a shop for tea, coffee and a monthly box"
    step shop_load.sql "file=$PLACE/src/test/demo/tickets.tsv"
    rules=shop_rules.sql
    examples="SELECT concat_ws(E'\\n', subject, body), intent FROM past_tickets WHERE n % 3 > 0 AND intent <> 'nonsense'"
    held_out="SELECT concat_ws(E'\\n', subject, body), intent FROM past_tickets WHERE n % 3 = 0"
fi
[ "$(value 'SELECT count(*) FROM past_tickets')" -gt 0 ] && [ "$(value 'SELECT count(*) FROM arriving')" -gt 20 ] ||
    die "too few lines of label<TAB>text"
note "$(value "SELECT format('%s past tickets that people labelled with %s intents%s; %s new ones are about to arrive.',
    count(*), count(DISTINCT intent),
    CASE WHEN count(DISTINCT language) > 1 THEN format(', in %s languages', count(DISTINCT language)) ELSE '' END,
    (SELECT count(*) FROM arriving)) FROM past_tickets")"

heading "2  It learns from them"
code "SELECT * FROM triage.train('intent',"
code "    \$\$$examples\$\$);"
step learn.sql "examples=$examples"

heading "3  Queues and rules are rows; then it watches the table"
code "INSERT INTO triage.queue …;  INSERT INTO triage.routing_rule …;"
code "SELECT triage.attach('tickets', '{\"language\": null}');"
step "$rules"
# the language is to be told from the text, not read from the column
value "SELECT triage.attach('tickets', '{\"language\": null}')" >/dev/null
note "$(value "SELECT format('%s queues, %s rules. Every ticket inserted from here on is decided in its own transaction.',
    (SELECT count(*) FROM triage.queue), (SELECT count(*) FROM triage.routing_rule))")"

heading "4  What may be answered without a person? Only what a third of the past, kept back, proves"
code "SELECT triage.record_held_out('intent', \$\$$held_out\$\$);"
code "INSERT INTO triage.automation_policy (intent, accepted_error, …) VALUES (…);  SELECT triage.solve_automation();"
step automate.sql "held_out=$held_out" "own=${ST_OWN:+yes}"

heading "5  New tickets arrive"
code "INSERT INTO tickets (subject, body, …) VALUES (…);"
step arrive.sql
step compared.sql

heading "6  What was understood, and why"
step understood.sql

number=7
if [ -z "${ST_OWN:-}" ]; then
    heading "7  What a good support lead would notice besides"
    code "SELECT language, sentiment_label, wants_human, … FROM triage.ticket_overview;"
    step noticed.sql
    number=8
fi

key=$(value "SELECT ticket_key FROM triage.ticket_overview WHERE in_scope AND rule IS NOT NULL
    ORDER BY priority DESC, intent_confidence DESC, ticket_key LIMIT 1")
if [ -n "$key" ]; then
    heading "$number  One decision with every factor"
    code "SELECT triage.explain_decision('tickets', '$key');"
    step decision.sql "key=$key"
    number=$((number + 1))
fi

heading "$number  The queues"
code "SELECT queue, tickets, … FROM triage.queue_load;"
step queues.sql

escalations=$(value 'SELECT count(*) FROM triage.escalation')
if [ "$escalations" -gt 0 ]; then
    heading "$((number + 1))  Somebody must look at these now ($escalations escalations)"
    step escalations.sql
fi

sample="'I want my money back'"
if [ -n "${ST_OWN:-}" ]; then
    sample=$(value "SELECT quote_literal(body) FROM arriving ORDER BY length(body) < 20, length(body), position LIMIT 1")
fi

cat >"$PLACE/psqlrc" <<'END'
\set QUIET on
\pset linestyle unicode
\pset null '-'
\pset pager off
SET search_path = public, triage;
\unset QUIET
END

heading "Try it yourself"
printf '   %-29s %s\n' "make psql" "opens this database; there, for example:"
code "   INSERT INTO tickets (subject, body) VALUES ('Hello', $sample);"
code "   SELECT * FROM triage.ticket_overview WHERE ticket_key = (SELECT max(id)::text FROM tickets) \\gx"
code "   SELECT jsonb_pretty(triage.explain_decision('tickets', '$key'));"
code "   SELECT * FROM triage.classify_top('intent', $sample, 3);"
code "   SELECT * FROM triage.explain('intent', $sample);"
[ -n "${ST_OWN:-}" ] || printf '   %-29s %s\n' "make demo TICKETS=file.tsv" "the same on your own tickets, label<TAB>text"
printf '   %-29s %s\n' "make demo-stop" "ends the server and removes everything"
