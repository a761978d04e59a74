#!/usr/bin/env bash
# tools/checks.sh: the inner half of lint.sh. Each check counts as one.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
enter_place
export PG_CONFIG

# check NAME COMMAND...: silent when it passes, its whole output when it fails.
check() {
    local name=$1 log=$PLACE/tmp/check.log
    shift
    if "$@" >"$log" 2>&1 </dev/null; then
        ok "$name"
    else
        not_ok "$name"
        head -n 80 "$log" | sed 's/^/        /'
    fi
}

build_with() {
    make -s "PG_CONFIG=$PG_CONFIG" clean >/dev/null
    make -s -j"$JOBS" "PG_CONFIG=$PG_CONFIG" WERROR=-Werror "$@" all
}

# clang is told to overlook what PostgreSQL's own flags say to gcc only.
clang_build() {
    build_with CC=clang with_llvm=no \
        COPT='-Wno-unknown-warning-option -Wno-ignored-optimization-argument -Wno-unused-command-line-argument -Wno-ignored-attributes'
}

# gcc comes second and with bitcode where the server has it: its library is the
# one that the check of the SQL objects installs.
gcc_build() { build_with CC=gcc && make -s "PG_CONFIG=$PG_CONFIG" WERROR=-Werror install; }

# PostgreSQL's headers would cost minutes and warn about themselves; the macros
# whose absence changes how our code reads are given by hand.
static_check() {
    cppcheck --quiet --error-exitcode=1 -j "$JOBS" --std=c11 --language=c --inline-suppr \
        --enable=warning,performance,portability --suppressions-list=tools/cppcheck.txt \
        -I src -D__cppcheck__ -DPG_VERSION_NUM=180000 \
        '-DPG_FUNCTION_INFO_V1(f)=extern int f' '-DPG_MODULE_MAGIC=extern int pg_module_magic' \
        '-DPG_TRY()=if (1)' '-DPG_CATCH()=else' '-DPG_FINALLY()=' '-DPG_END_TRY()=' \
        '-DFLEXIBLE_ARRAY_MEMBER=' '-Dpg_attribute_printf(a,b)=' '-Dpg_attribute_always_inline=inline' \
        '-Dpg_attribute_noreturn()=' '-Dpg_noinline=' '-Dlikely(x)=(x)' '-Dunlikely(x)=(x)' '-DPGDLLEXPORT=' \
        '-DUINT64CONST(x)=x##ULL' '-DINT64CONST(x)=x##LL' src
}

sql_objects() {
    local found
    start_cluster || return 1
    psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION support_triage' || return 1
    found=$(psql -X -q -v ON_ERROR_STOP=1 -f tools/objects.sql) || return 1
    stop_cluster
    [ -z "$found" ] || { printf '%s\n' "$found"; return 1; }
}

versions() {
    local control meta changelog
    control=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" support_triage.control)
    meta=$(perl -MJSON::PP -0777 -ne '
        my $m = decode_json($_);
        print "$m->{version} $m->{provides}{support_triage}{version}"' META.json)
    changelog=$(sed -n 's/^## \([0-9][^ ]*\).*/\1/p' CHANGELOG.md | head -n 1)
    [ "$meta $changelog" = "$control $control $control" ] ||
        { echo "versions differ: control $control, META.json $meta, CHANGELOG.md $changelog"; return 1; }
}

files() {
    local bad=0 file lines
    complain() { echo "$*"; bad=1; }

    for file in $(grep -rl PG_VERSION_NUM src | grep -v '^src/core/compat.h$'); do
        complain "$file: PG_VERSION_NUM belongs into src/core/compat.h"
    done
    for file in sql/*.sql; do
        [ -e "$file" ] || continue
        file=${file##*/}
        [ -e "expected/${file%.sql}.out" ] || complain "sql/$file has no expected/${file%.sql}.out"
    done
    for file in expected/*.out; do
        [ -e "$file" ] || continue
        file=${file##*/}
        [ -e "sql/${file%.out}.sql" ] || complain "expected/$file has no sql/${file%.out}.sql"
    done
    for file in test/isolation/specs/*.spec; do
        [ -e "$file" ] || continue
        file=${file##*/}
        [ -e "test/isolation/expected/${file%.spec}.out" ] || complain "test/isolation/specs/$file has no expected output"
    done
    # Unique names, because an error's LOCATION prints only the file's own.
    for file in $(find src -name '*.c' -printf '%f\n' | sort | uniq -d); do
        complain "two files are named $file"
    done
    for file in $(find src sql test tools -type f \
        \( -name '*.[ch]' -o -name '*.sql' -o -name '*.p[lm]' -o -name '*.sh' -o -name '*.spec' -o -name '*.py' \)) Makefile; do
        if grep -nE '[[:blank:]]+$' "$file"; then complain "$file: blanks at the end of a line"; fi
        if grep -n $'\r$' "$file"; then complain "$file: carriage returns"; fi
        [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || complain "$file: no newline at its end"
        case $file in
            *.sql | *.pl | *.pm | *.sh | *.py)
                if grep -n $'^ *\t' "$file"; then complain "$file: indented by tabs"; fi ;;
        esac
        lines=$(wc -l <"$file")
        if [ "$lines" -gt 1200 ]; then
            complain "$file: $lines lines, 1200 are the limit"
        elif [ "$lines" -gt 600 ]; then
            echo "$file: $lines lines; think of splitting it" >>"$PLACE/tmp/advice"
        fi
    done
    return $bad
}

shell_scripts() {
    local script bad=0
    for script in tools/*.sh .ci/run $(find test -name '*.sh'); do
        bash -n "$script" || bad=1
    done
    if have shellcheck; then
        # shellcheck disable=SC2046
        shellcheck -s bash -S warning -x -P tools -e SC1091 tools/*.sh .ci/run $(find test -name '*.sh') || bad=1
    fi
    return $bad
}

say "checking with $("$PG_CONFIG" --version)"
check "compiles without warnings: clang" clang_build
check "compiles without warnings: gcc" gcc_build
check "layout (make indent)" tools/indent.sh --check
check "cppcheck" static_check
check "SQL objects: comments, privileges, search_path" sql_objects
check "versions" versions
check "files" files
check "shell scripts" shell_scripts
[ ! -s "$PLACE/tmp/advice" ] || sed 's/^/    advice  /' "$PLACE/tmp/advice"

finish
