#!/usr/bin/env bash
# tools/suites.sh: the inner half of test.sh. Builds, then runs the three suites
# one after the other, whatever the ones before said. Each test file is started by
# itself and counts as one: its exit code says whether it passed, so that no
# release's output format has to be read, and a crash fails one file only.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
enter_place

drivers=$("$PG_CONFIG" --pgxs)
drivers=${drivers%/makefiles/pgxs.mk}/test

say "building for $("$PG_CONFIG" --version)"
if ! build_extension WERROR=-Werror; then
    not_ok "build"
    finish
    exit 1
fi

# Regress and isolation run without preload: everything but the worker must work.
say "starting a server on a Unix socket"
start_cluster || { not_ok "start of a server"; finish; exit 1; }

# run_sql_suite NAME DRIVER INPUTDIR PATTERN: every test file in a database of
# its own that has the extension, unless the file creates it itself.
run_sql_suite() {
    local name=$1 driver=$2 input=$3 pattern=$4 file test out load
    out=$PLACE/tmp/$name
    mkdir -p "$out"
    say "$name"
    for file in "$input"/$pattern; do
        [ -e "$file" ] || continue
        test=${file##*/}
        test=${test%.*}
        load=(--load-extension=support_triage)
        ! grep -qi '^CREATE EXTENSION' "$file" || load=()
        if "$drivers/$driver" --bindir="$BINDIR" --inputdir="$input/.." --outputdir="$out" \
            --host="$PGHOST" --port="$PGPORT" --user=postgres --dbname=support_triage_test \
            "${load[@]}" "$test" >"$out/$test.log" 2>&1; then
            ok "$name/$test"
        else
            not_ok "$name/$test"
            if [ -s "$out/regression.diffs" ]; then
                head -n 200 "$out/regression.diffs"
            else
                tail -n 60 "$out/$test.log"
                tail -n 30 "$PLACE/tmp/server.log"
            fi
        fi
        rm -f "$out/regression.diffs"
        # A crashed server is restarting: wait for it, the next test is not to blame.
        "$BINDIR/pg_isready" -q -t 30 || sleep 2
    done
}

run_sql_suite regress regress/pg_regress sql '*.sql'
run_sql_suite isolation isolation/pg_isolation_regress test/isolation/specs '*.spec'
stop_cluster

say "tap"
if ! perl -MIPC::Run -e 1 2>/dev/null; then
    # Without it the TAP files would skip themselves and look like success.
    not_ok "tap needs perl's IPC::Run (libipc-run-perl)"
else
    for file in test/t/*.pl; do
        [ -e "$file" ] || continue
        test=${file##*/}
        log=$PLACE/tmp/tap_${test%.pl}.log
        if make -s "PG_CONFIG=$PG_CONFIG" with_llvm=no installcheck REGRESS= ISOLATION= \
            "PROVE_TESTS=$file" PROVE_FLAGS="--verbose -I test/t/lib" >"$log" 2>&1 </dev/null &&
            ! grep -q '^1\.\.0 # SKIP' "$log"; then
            ok "tap/${test%.pl}"
        else
            not_ok "tap/${test%.pl}"
            tail -n 60 "$log"
            # The log of the test's own servers tells why.
            find tmp_check/log -name '*.log' -exec tail -n 25 {} + 2>/dev/null || true
        fi
    done
fi

finish
