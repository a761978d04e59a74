#!/usr/bin/env bash
# tools/bench_run.sh bench|accuracy: the inner half of bench.sh. Each program gets a
# database of its own with the extension, and finds in its environment: PGHOST,
# PGDATABASE and so on for clients, ST_PG_BINDIR, ST_PG_CONFIG, DATA (labelled data,
# may be empty), OUT (where JSON goes), ST_SERVER_PID, and the source as its directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
enter_place

case $1 in
    accuracy) programs=(test/bench/accuracy*) ;;
    *) programs=(test/bench/*.sh test/bench/*.py) ;;
esac

say "building for $("$PG_CONFIG" --version)"
build_extension
# The disk of a shared machine measures its other users: nothing waits for it.
start_cluster shared_buffers=512MB synchronous_commit=off max_wal_size=8GB checkpoint_timeout=1h \
    maintenance_work_mem=256MB
export ST_PG_BINDIR=$BINDIR ST_PG_CONFIG=$PG_CONFIG
ST_SERVER_PID=$(head -n 1 "$PLACE/data/postmaster.pid")
export ST_SERVER_PID

status=0
ran=0
for program in "${programs[@]}"; do
    name=${program##*/}
    [ -x "$program" ] && [ -f "$program" ] || continue
    [ "$1" = accuracy ] || [[ $name != accuracy* ]] || continue
    [[ $name == *"${ONLY:-}"* ]] || continue
    ran=$((ran + 1))
    PGDATABASE=bench_$(tr -c 'a-z0-9\n' _ <<<"${name%.*}")
    export PGDATABASE
    createdb "$PGDATABASE"
    psql -X -q -c 'CREATE EXTENSION support_triage'
    say "$name"
    "$program" </dev/null || { warn "$name failed"; status=1; }
    dropdb --force "$PGDATABASE"
done
stop_cluster
[ "$ran" -gt 0 ] || warn "nothing to run in test/bench"
exit $status
