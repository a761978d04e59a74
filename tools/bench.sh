#!/usr/bin/env bash
# tools/bench.sh bench|accuracy [DATA]: runs the executables of test/bench on a
# private server: accuracy* for accuracy, the other *.sh and *.py for bench. ONLY=
# takes those whose name contains a word. Tables go to the terminal, and what they
# write to $OUT (JSON) to .cache/results.
set -euo pipefail
kind=$1
data=${2:-}
here=$PWD
. "$(dirname "$0")/lib.sh"

[ -n "$data" ] || data=$ROOT/../shared/data
case $data in /*) ;; *) data=$here/$data ;; esac

[ -n "${ST_SKIP_SETUP:-}" ] || {
    "$ROOT/tools/setup.sh" test
    # What we compare ourselves with; without it the comparison is left out.
    "$ROOT/tools/setup.sh" bench || warn "the peers to compare with could not be installed"
}
remove_place_at_exit
make_place bench
mkdir "$PLACE/out"
if [ -d "$data" ]; then
    data=$(cd "$data" && pwd)
    # A folder that the runner may not read is copied.
    if ! as_runner test -r "$data" -a -x "$data"; then
        cp -R "$data" "$PLACE/data_in"
        data=$PLACE/data_in
    fi
else
    [ "$kind" != accuracy ] || die "no data at $data (make accuracy DATA=dir)"
    data=
fi
if is_root; then
    chown -R postgres: "$PLACE/out"
    [ ! -d "$PLACE/data_in" ] || chown -R postgres: "$PLACE/data_in"
fi

status=0
as_runner env "DATA=$data" "OUT=$PLACE/out" "ONLY=${ONLY:-}" "$PLACE/src/tools/bench_run.sh" "$kind" </dev/null || status=$?

mkdir -p "$CACHE/results"
if [ -n "$(ls -A "$PLACE/out")" ]; then
    cp -R "$PLACE/out/." "$CACHE/results/"
    say "results: $CACHE/results"
fi
exit $status
