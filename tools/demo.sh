#!/usr/bin/env bash
# tools/demo.sh start [FILE] | psql | stop: make demo, make psql, make demo-stop.
# The demo's place stays until it is stopped; .cache/demo says where it is.
set -euo pipefail
here=$PWD
. "$(dirname "$0")/lib.sh"

state=$CACHE/demo

# find_demo: PLACE and PG_MAJOR of the demo that is up; fails when none is.
find_demo() {
    [ -s "$state" ] || return 1
    { read -r PLACE; read -r PG_MAJOR; } <"$state"
    export PG_MAJOR
    [ -d "$PLACE/data" ]
}

stop_demo() {
    find_demo || { rm -f "$state"; return 1; }
    remove_place
    rm -f "$state"
}

start_demo() {
    local tickets=${1:-} wanted=${PG_MAJOR:-} width=100
    case $tickets in '' | /*) ;; *) tickets=$here/$tickets ;; esac
    [ -z "$tickets" ] || [ -r "$tickets" ] || die "cannot read $tickets"

    ( stop_demo ) && say "ended the demo that was running" || true
    PG_MAJOR=$wanted
    [ -n "${ST_SKIP_SETUP:-}" ] || "$ROOT/tools/setup.sh" test
    remove_place_at_exit
    say "preparing a private copy of PostgreSQL $(pg_major) and of the source"
    make_place demo
    if [ -n "$tickets" ]; then
        # What is no UTF-8 would end the load, and two characters are separators.
        iconv -c -f UTF-8 -t UTF-8 "$tickets" | tr -d '\000\001\002\r' >"$PLACE/own.tsv"
        chmod a+r "$PLACE/own.tsv"
    fi
    [ ! -t 1 ] || ! have tput || width=$(tput cols 2>/dev/null || echo 100)
    as_runner env "ST_OWN=${tickets##*/}" "ST_STYLE=$([ -t 1 ] && [ -z "${NO_COLOR:-}" ] && echo yes)" \
        "ST_WIDTH=$width" "$PLACE/src/tools/demo_run.sh" </dev/null
    mkdir -p "$CACHE"
    printf '%s\n' "$PLACE" "$PG_MAJOR" >"$state"
    trap - EXIT
}

case ${1:-} in
    start) start_demo "${2:-}" ;;
    psql)
        find_demo || die "no demo is running (make demo starts one)"
        cd "$PLACE"
        as_runner env "PGHOST=$PLACE/socket" PGPORT=5432 PGUSER=postgres PGDATABASE=helpdesk \
            "PSQLRC=$PLACE/psqlrc" "PSQL_HISTORY=$PLACE/tmp/history" "$PLACE/pg/usr/lib/postgresql/$PG_MAJOR/bin/psql"
        ;;
    stop)
        if stop_demo; then say "the demo's server is stopped, its files are removed"; else say "no demo is running"; fi
        ;;
    *) die "usage: demo.sh start [FILE] | psql | stop" ;;
esac
