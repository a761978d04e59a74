#!/usr/bin/env bash
# tools/test.sh: make test. Prepares the machine and a private place, then runs
# the suites there (suites.sh). ST_SKIP_SETUP=1 takes the machine as it is,
# ST_KEEP=1 keeps the place.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

[ -n "${ST_SKIP_SETUP:-}" ] || "$ROOT/tools/setup.sh" test
remove_place_at_exit
say "preparing a private copy of PostgreSQL $(pg_major) and of the source"
make_place test
as_runner "$PLACE/src/tools/suites.sh" </dev/null
