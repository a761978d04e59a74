#!/usr/bin/env bash
# tools/models_run.sh RECIPE...: the inner half of models.sh. Each recipe gets a
# database of its own with the extension, and finds in its environment: PGHOST,
# PGDATABASE and so on for clients, DATA (labelled data, may be empty), FETCHED (a
# folder that lasts from one run to the next), OUT (where models go), EXPORT (the
# script that puts one there), and the source as its directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
enter_place

say "building for $("$PG_CONFIG" --version)"
build_extension
start_cluster shared_buffers=512MB synchronous_commit=off max_wal_size=8GB checkpoint_timeout=1h \
    maintenance_work_mem=256MB timezone=UTC
export OUT=$PLACE/out FETCHED=$PLACE/fetched EXPORT=$PLACE/src/tools/models_export.sh
export PGOPTIONS='-c client_min_messages=warning'

status=0
for recipe in "$@"; do
    PGDATABASE=model_$(tr -c 'a-z0-9\n' _ <<<"${recipe%.*}")
    export PGDATABASE
    createdb "$PGDATABASE"
    psql -X -q -c 'CREATE EXTENSION support_triage'
    say "$recipe"
    "models/recipes/$recipe" </dev/null || { warn "$recipe failed"; status=1; }
    dropdb --force "$PGDATABASE"
done
stop_cluster
exit $status
