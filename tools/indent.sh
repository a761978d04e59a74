#!/usr/bin/env bash
# tools/indent.sh [--check]: lays out the C source as PostgreSQL's pgindent does:
# pg_bsd_indent with its options, and the preparations that pgindent's wrapper
# makes around it. --check changes nothing, prints the differences and fails when
# there are some. typedefs.list tells it which names are types.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

check=
[ "${1:-}" != --check ] || check=yes

[ -n "$check" ] || [ -n "${ST_SKIP_SETUP:-}" ] || "$ROOT/tools/setup.sh" lint
cd "$ROOT"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

needed_types() {
    local server
    server=$("${PG_CONFIG:-pg_config}" --includedir-server 2>/dev/null || true)
    perl tools/typedefs.pl ${server:+"$server"} /usr/include/unicode
}

if [ -z "$check" ]; then
    # Keep what another release's headers know: only add, and drop what is unused.
    {
        needed_types
        if [ -e typedefs.list ]; then
            grep -owhFf typedefs.list src/*/*.[ch] || true
        fi
    } | sort -u >"$scratch/typedefs"
    cat "$scratch/typedefs" >typedefs.list
else
    missing=$(needed_types | sort -u | comm -23 - <(sort -u typedefs.list))
    if [ -n "$missing" ]; then
        echo "typedefs.list lacks (make indent adds them): ${missing//$'\n'/ }"
        exit 1
    fi
fi

# pgindent protects comments that begin with dashes, and puts one blank before the
# star of a function's result type.
lay_out() {
    perl -0777 -pe 's!^([ \t]*)//(.*)$!$1/* $2 */!gm; s!/\* +---!/*---X_X!g' "$1" >"$2"
    pg_bsd_indent -bad -bap -bbb -bc -bl -cli1 -cp33 -cdb -nce -d0 -di12 -nfc1 -i4 -l79 -lp -lpl -nip \
        -npro -sac -tpg -ts4 -Utypedefs.list "$2" "$2.out" >"$2.log" 2>&1 || { cat "$2.log"; return 1; }
    if [ -s "$2.log" ]; then
        cat "$2.log"
        return 1
    fi
    perl -0777 -pe 's!/\*---X_X!/* ---!g; s!\*/(/\*.*\*/)$!*/\t$1!gm; s!^([A-Za-z_]\S*)[ \t]+\*$!$1 *!gm' "$2.out" >"$2"
}

differ=0
for file in src/*/*.[ch]; do
    new=$scratch/$(tr / _ <<<"$file")
    if ! lay_out "$file" "$new"; then
        echo "$file: pg_bsd_indent failed"
        differ=1
    elif ! cmp -s "$file" "$new"; then
        if [ -n "$check" ]; then
            diff -u --label "$file" --label "$file as make indent lays it out" "$file" "$new" || true
            differ=1
        else
            cat "$new" >"$file"
            say "laid out $file"
        fi
    fi
done
exit $differ
