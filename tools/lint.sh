#!/usr/bin/env bash
# tools/lint.sh: make lint. Prepares the machine and a private place, then runs
# the checks there (checks.sh).
set -euo pipefail
. "$(dirname "$0")/lib.sh"

[ -n "${ST_SKIP_SETUP:-}" ] || "$ROOT/tools/setup.sh" test lint
remove_place_at_exit
make_place lint
as_runner "$PLACE/src/tools/checks.sh" </dev/null
