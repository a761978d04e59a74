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
indent=$(command -v pg_bsd_indent || find /usr/lib/postgresql/*/bin -name pg_bsd_indent 2>/dev/null | sort -V | tail -n 1)
[ -n "$indent" ] || die "no pg_bsd_indent"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export WIDE=$scratch/wide

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
    needed_types | sort -u >"$scratch/needed"
    sort -u typedefs.list >"$scratch/listed"
    missing=$(comm -23 "$scratch/needed" "$scratch/listed")
    if [ -n "$missing" ]; then
        echo "typedefs.list lacks (make indent adds them): ${missing//$'\n'/ }"
        exit 1
    fi
fi

# pgindent protects comments that begin with dashes, and puts one blank before the
# star of a function's result type. pg_bsd_indent counts bytes and damages some that
# are not ASCII: it gets a stand-in of one byte for each such character. And text is
# a type in some files and a variable in others.
lay_out() {
    local types=typedefs.list
    if ! grep -qE '\btext +\*' "$1"; then
        types=$scratch/types
        grep -vx text typedefs.list >"$types"
    fi
    perl -CSD -0777 -ne '
        s!^([ \t]*)//(.*)$!$1/* $2 */!gm;
        s!/\* +---!/*---X_X!g;
        my @wide = /([^\x00-\x7e])/g;
        s/[^\x00-\x7e]/\x7f/g;
        print;
        open(my $list, ">:utf8", $ENV{WIDE}) or die;
        print $list @wide;' "$1" >"$2"
    "$indent" -bad -bap -bbb -bc -bl -cli1 -cp33 -cdb -nce -d0 -di12 -nfc1 -i4 -l79 -lp -lpl -nip \
        -npro -sac -tpg -ts4 "-U$types" "$2" "$2.out" >"$2.log" 2>&1 || { cat "$2.log"; return 1; }
    if [ -s "$2.log" ]; then
        cat "$2.log"
        return 1
    fi
    perl -CSD -0777 -ne '
        s!/\*---X_X!/* ---!g;
        s!\*/(/\*.*\*/)$!*/\t$1!gm;
        s!^([A-Za-z_]\S*)[ \t]+\*$!$1 *!gm;
        open(my $list, "<:utf8", $ENV{WIDE}) or die;
        my @wide = split //, do { local $/; my $all = <$list>; defined $all ? $all : "" };
        my $standins = () = /\x7f/g;
        die "pg_bsd_indent lost characters\n" if $standins != @wide;
        s/\x7f/shift @wide/ge;
        print;' "$2.out" >"$2"
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
