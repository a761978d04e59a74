#!/usr/bin/env bash
# tools/models.sh [DATA]: make models. Trains the shipped models again, on a private
# server, by the recipes of models/recipes (see models/README.md), and puts what they
# leave into models/. ONLY= takes the recipes whose name contains a word. What recipes
# fetch is kept in .cache/models.
set -euo pipefail
data=${1:-}
here=$PWD
. "$(dirname "$0")/lib.sh"

# All shipped weights together: a package should stay small.
MOST_KB=$((12 * 1024))

[ -n "$data" ] || data=$ROOT/../shared/data
case $data in /*) ;; *) data=$here/$data ;; esac
[ -d "$data" ] || data=

recipes=()
for recipe in "$ROOT"/models/recipes/*; do
    [ -f "$recipe" ] && [ -x "$recipe" ] && [[ ${recipe##*/} == *"${ONLY:-}"* ]] || continue
    recipes+=("${recipe##*/}")
done
[ ${#recipes[@]} -gt 0 ] || die "there is no recipe${ONLY:+ whose name contains \"$ONLY\"} in models/recipes"

if [ -z "${ST_SKIP_SETUP:-}" ]; then
    packages=()
    for recipe in "${recipes[@]}"; do
        list=$ROOT/models/recipes/${recipe%.*}.packages
        [ ! -e "$list" ] || mapfile -t -O "${#packages[@]}" packages < <(grep -v '^#' "$list")
    done
    "$ROOT/tools/setup.sh" test ${packages[@]+"${packages[@]/#/package:}"}
fi

remove_place_at_exit
make_place models
mkdir -p "$PLACE/out" "$PLACE/fetched" "$CACHE/models"
cp -R "$CACHE/models/." "$PLACE/fetched/"
if [ -n "$data" ] && ! as_runner test -r "$data" -a -x "$data"; then
    cp -R "$data" "$PLACE/data_in"
    data=$PLACE/data_in
fi
! is_root || chown -R postgres: "$PLACE"

status=0
as_runner env "DATA=$data" "$PLACE/src/tools/models_run.sh" "${recipes[@]}" </dev/null || status=$?
cp -R "$PLACE/fetched/." "$CACHE/models/"

for file in "$PLACE"/out/support_triage.*; do
    [ -e "$file" ] || continue
    if cmp -s "$file" "$ROOT/models/${file##*/}"; then
        say "${file##*/} is as it was"
    else
        cp "$file" "$ROOT/models/"
        say "${file##*/} is new"
    fi
done
kb=$(find "$ROOT/models" -name 'support_triage.*' -printf '%s\n' | awk '{ n += $1 } END { print int((n + 1023) / 1024) }')
say "all models together: $kb kB"
if [ "$kb" -gt "$MOST_KB" ]; then
    warn "that is more than $MOST_KB kB"
    status=1
fi
exit $status
