# shellcheck shell=bash
# tools/lib.sh: what the scripts of this directory share. Sourced, never run.
#
# A script has two halves. The outer half may be root: it installs packages
# (setup.sh) and makes a private place under the temporary directory: a copy of
# the source, a copy of PostgreSQL's own tree, room for clusters. The inner half
# runs in that place as an ordinary user (postgres, when root started it),
# because a server refuses to run as root. Nothing outside the place is written,
# and the place is removed at the end.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # for the scripts that source this
CACHE=${ST_CACHE:-$ROOT/.cache}
JOBS=${ST_JOBS:-$(nproc 2>/dev/null || echo 1)}

# What the caller's make or shell set must not leak into our builds and clusters:
# DATA and TICKETS are arguments of ours and names in PGXS, PGHOST leads elsewhere.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS
for name in "${!PG@}"; do
    case $name in PG_MAJOR) ;; *) unset "$name" ;; esac
done
export LC_ALL=C.UTF-8
unset LANG LANGUAGE name

say() { printf '==> %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }

# as_admin COMMAND...: as root, through sudo where we are not.
as_admin() {
    if is_root; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "this needs root: $* (start as root, or install sudo)"
    fi
}

# --- counting ---------------------------------------------------------------

PASSED=0
FAILED=0

ok() { PASSED=$((PASSED + 1)); printf '    ok      %s\n' "$*"; }
not_ok() { FAILED=$((FAILED + 1)); printf '    FAILED  %s\n' "$*"; }

# add_totals FILE: adds the "N passed, N failed" that ends the output of another
# script; an output without it died on the way, which is a failure of its own.
add_totals() {
    local line
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$1" | tail -n 1 || true)
    if [ -z "$line" ]; then
        FAILED=$((FAILED + 1))
        return
    fi
    PASSED=$((PASSED + $(cut -d' ' -f1 <<<"$line")))
    FAILED=$((FAILED + $(cut -d' ' -f3 <<<"$line")))
}

# The last line of every script that tests something, and its exit status.
finish() {
    printf '%s passed, %s failed\n' "$PASSED" "$FAILED"
    [ "$FAILED" = 0 ]
}

# quietly LOG COMMAND...: shows the output only when the command fails.
quietly() {
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1 </dev/null; then
        printf '%s\n' "--- output of: $*" >&2
        tail -n 100 "$log" >&2
        return 1
    fi
}

# --- which PostgreSQL -------------------------------------------------------

# pg_major: the major asked for by PG_MAJOR, else the newest that is installed,
# else the distribution's own; empty when apt does not know it yet.
pg_major() {
    local newest
    if [ -n "${PG_MAJOR:-}" ]; then
        echo "$PG_MAJOR"
        return
    fi
    newest=$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null |
        sed -n 's!^/usr/lib/postgresql/\([0-9]*\)/.*!\1!p' | sort -n | tail -n 1)
    if [ -n "$newest" ] && [ "$newest" -ge 15 ]; then
        echo "$newest"
    else
        apt-cache depends postgresql 2>/dev/null |
            sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1
    fi
}

# --- the private place (outer half) -----------------------------------------

# as_runner COMMAND...: as the user that owns the private place.
as_runner() {
    local env=(env "HOME=$PLACE" "TMPDIR=$PLACE/tmp" "ST_PLACE=$PLACE" "PG_MAJOR=$PG_MAJOR")
    if is_root; then
        runuser -u postgres -- "${env[@]}" "$@"
    else
        "${env[@]}" "$@"
    fi
}

# copy_source DIR: the tree as git sees it, so that neither build products nor
# anything ignored comes along; all of it but the obvious where there is no git.
copy_source() {
    local list
    mkdir -p "$1"
    list=$(mktemp)
    # -c safe.directory: the checkout may belong to another user than root.
    if have git && git -c safe.directory='*' -C "$ROOT" ls-files -z -co --exclude-standard >"$list" 2>/dev/null; then
        tar -C "$ROOT" --null --ignore-failed-read -T "$list" -cf - 2>/dev/null | tar -C "$1" --no-same-owner -xf -
    else
        tar -C "$ROOT" --exclude=./.git --exclude=./.cache --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
            --exclude=./tmp_check --exclude=./results --exclude=./output_iso -cf - . | tar -C "$1" --no-same-owner -xf -
    fi
    rm -f "$list"
}

# make_place NAME: PLACE with src/, pg/, tmp/ and socket/, owned by the runner.
make_place() {
    PG_MAJOR=$(pg_major)
    export PG_MAJOR
    [ -d "/usr/lib/postgresql/$PG_MAJOR" ] || die "PostgreSQL $PG_MAJOR is not installed"
    # A socket's path may have 107 bytes: a long TMPDIR does not serve.
    local base=${TMPDIR:-/tmp}
    [ ${#base} -le 40 ] || base=/tmp
    PLACE=$(mktemp -d "$base/support_triage_$1.XXXXXX")
    mkdir "$PLACE/tmp" "$PLACE/socket"
    copy_source "$PLACE/src"
    "$ROOT/tools/private-pg.sh" "$PG_MAJOR" "$PLACE/pg"
    if is_root; then
        chown -R postgres: "$PLACE"
    fi
}

# remove_place: ends every server that runs in the place, and removes it.
remove_place() {
    [ -n "${PLACE:-}" ] && [ -d "$PLACE" ] || return 0
    local pidfile
    # No process substitution: it needs /proc, which a plain chroot does not have.
    # shellcheck disable=SC2044 # the place's path has no blanks
    for pidfile in $(find "$PLACE" -name postmaster.pid -not -path "$PLACE/pg/*" 2>/dev/null); do
        as_runner "$PLACE/pg/usr/lib/postgresql/$PG_MAJOR/bin/pg_ctl" -s -m immediate -D "${pidfile%/*}" stop \
            >/dev/null 2>&1 || true
    done
    if [ -n "${ST_KEEP:-}" ]; then
        say "kept: $PLACE"
    else
        rm -rf "$PLACE"
    fi
}

# remove_place_at_exit: to be called before make_place.
remove_place_at_exit() {
    PLACE=
    trap remove_place EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

# --- inside the place (inner half) ------------------------------------------

# enter_place: the names that the inner half works with.
enter_place() {
    [ -n "${ST_PLACE:-}" ] || die "to be started by its outer script (make help)"
    PLACE=$ST_PLACE
    BINDIR=$PLACE/pg/usr/lib/postgresql/$PG_MAJOR/bin
    PG_CONFIG=$BINDIR/pg_config
    PATH=$BINDIR:$PATH
    cd "$PLACE/src" || exit 1
    umask 022
}

# build_extension [MAKE ARGUMENTS]: builds and installs into the private tree.
# Bitcode is left out: it doubles the time, and lint compiles it.
build_extension() {
    quietly "$PLACE/tmp/build.log" make -s -k -j"$JOBS" "PG_CONFIG=$PG_CONFIG" with_llvm=no "$@" all &&
        quietly "$PLACE/tmp/install.log" make -s "PG_CONFIG=$PG_CONFIG" with_llvm=no "$@" install
}

# start_cluster [SETTING=VALUE ...]: a cluster at PLACE/data that listens on a
# socket only, and the environment that leads clients to it.
start_cluster() {
    local setting
    quietly "$PLACE/tmp/initdb.log" "$BINDIR/initdb" -D "$PLACE/data" -U postgres -A trust -N -E UTF8 --locale=C.UTF-8
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$PLACE/socket'"
        echo "fsync = off"
        echo "log_line_prefix = '%m [%p] %d '"
        for setting in "$@"; do
            echo "${setting%%=*} = '${setting#*=}'"
        done
    } >>"$PLACE/data/postgresql.conf"
    quietly "$PLACE/tmp/start.log" "$BINDIR/pg_ctl" -s -w -D "$PLACE/data" -l "$PLACE/tmp/server.log" start || {
        tail -n 20 "$PLACE/tmp/server.log" >&2
        return 1
    }
    export PGHOST=$PLACE/socket PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
}

stop_cluster() {
    "$BINDIR/pg_ctl" -s -w -m fast -D "$PLACE/data" stop >/dev/null
}
