#!/usr/bin/env bash
# tools/matrix.sh [MAJOR...]: make test-matrix. The suites on PostgreSQL 15, 17 and
# 18: on the machine itself where it has that major, else in a folder with the
# Debian release that carries it, entered by chroot and kept between runs under
# .cache/matrix (or $ST_CACHE/matrix). A major whose folder cannot be made is
# skipped, and said so. ST_DEADLINE=<epoch seconds>: start nothing after it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || set -- 15 17 18

declare -A SUITE=([15]=bookworm [17]=trixie [18]=forky)

# The mirror that the machine itself uses for Debian.
mirror() {
    {
        sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null
        sed -n 's/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' /etc/apt/sources.list 2>/dev/null
    } | grep -E '/debian/?$' | head -n 1
}

# inside ROOT COMMAND...: nothing of the caller's environment goes in.
inside() {
    local root=$1
    shift
    as_admin chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        "ST_JOBS=$JOBS" "$@" </dev/null
}

# make_root MAJOR ROOT: a minimal Debian with the server and what builds for it.
# The server's headers are unpacked, not installed: their package would bring in
# clang and LLVM. The stamp comes last: a folder without it is half made.
make_root() {
    local major=$1 root=$2 suite=${SUITE[$1]} from script
    from=$(mirror)
    [ -n "$from" ] || { warn "no Debian mirror in apt's sources"; return 1; }
    script=$suite
    # An older debootstrap does not know the newest releases; sid's way serves them.
    [ -e "/usr/share/debootstrap/scripts/$suite" ] || script=sid
    as_admin rm -rf "$root"
    mkdir -p "${root%/*}"
    say "making a folder with Debian $suite for PostgreSQL $major (once; some minutes, 900 MB)"
    quietly "$root.log" as_admin debootstrap --variant=minbase \
        "--include=gcc,libc6-dev,make,libicu-dev,libipc-run-perl,perl,postgresql-$major" \
        "$suite" "$root" "$from" "$script" || return 1
    # A testing release's lists may lie past their date on a mirror that is behind.
    echo 'Acquire::Check-Valid-Until "false";' | as_admin tee "$root/etc/apt/apt.conf.d/80valid" >/dev/null
    # shellcheck disable=SC2016
    quietly "$root.log" inside "$root" "MAJOR=$major" bash -euc '
        apt-get update -qq
        cd /var/cache/apt/archives
        rm -f ./*.deb
        apt-get download -qq "postgresql-server-dev-$MAJOR" libpq-dev
        for deb in ./*.deb; do dpkg -x "$deb" /; done
        rm -f ./*.deb
        "/usr/lib/postgresql/$MAJOR/bin/pg_config" --pgxs >/dev/null' || return 1
    as_admin touch "$root/.made"
}

# build_older: a private copy of the machine's own PostgreSQL with the extension, at
# $scratch/older, for the folders of newer majors to upgrade from.
build_older() {
    local make
    rm -rf "$scratch/older"
    mkdir "$scratch/older"
    copy_source "$scratch/older/src"
    "$ROOT/tools/private-pg.sh" "$native" "$scratch/older/pg"
    make=(make -s -C "$scratch/older/src" -j"$JOBS" with_llvm=no
          "PG_CONFIG=$scratch/older/pg/usr/lib/postgresql/$native/bin/pg_config")
    quietly "$scratch/older/log" "${make[@]}" all && quietly "$scratch/older/log" "${make[@]}" install &&
        touch "$scratch/older/built"
}

# bring_older ROOT: puts it into the folder, with the libraries that are not there.
bring_older() {
    local root=$1 lib
    as_admin rm -rf "$root/srv/older"
    as_admin cp -R "$scratch/older/pg" "$root/srv/older"
    for lib in $(ldd "$scratch/older/pg/usr/lib/postgresql/$native"/{bin/*,lib/support_triage.so} 2>/dev/null |
        awk '$3 ~ /^\// { print $3 }' | sort -u); do
        [ -e "$root$lib" ] || as_admin cp -L "$lib" "$root$lib"
    done
}

# run_in_root MAJOR ROOT: this tree's suites in the folder.
run_in_root() {
    local root=$2 copy older=()
    if [ -n "$native" ] && [ "$native" -lt "$1" ]; then
        if [ -e "$scratch/older/built" ] || build_older; then
            bring_older "$root"
            older=("ST_OLDER_INSTALL=/srv/older/usr/lib/postgresql/$native")
        else
            warn "PostgreSQL $native could not be prepared: upgrades are tested within one release"
        fi
    fi
    copy=$(mktemp -d)
    copy_source "$copy"
    as_admin rm -rf "$root/srv/support_triage"
    as_admin cp -R "$copy" "$root/srv/support_triage"
    as_admin chmod 755 "$root/srv/support_triage"
    rm -rf "$copy"
    inside "$root" ST_SKIP_SETUP=1 "PG_MAJOR=$1" "${older[@]}" /srv/support_triage/tools/test.sh
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
native=$(pg_major)
summary=()

for major in "$@"; do
    log=$scratch/$major
    [ -n "${SUITE[$major]:-}" ] || die "no Debian release known for PostgreSQL $major (${!SUITE[*]})"
    if [ -n "${ST_DEADLINE:-}" ] && [ "$(date +%s)" -ge "$ST_DEADLINE" ]; then
        say "skipping PostgreSQL $major: out of time"
        summary+=("PostgreSQL $major: skipped, out of time")
        continue
    fi
    say "PostgreSQL $major"
    if [ "$major" = "$native" ] || [ -d "/usr/lib/postgresql/$major" ]; then
        PG_MAJOR=$major "$ROOT/tools/test.sh" 2>&1 | tee "$log" || true
    else
        root=$CACHE/matrix/$major
        if ! [ -e "$root/.made" ]; then
            if ! "$ROOT/tools/setup.sh" matrix || ! make_root "$major" "$root"; then
                say "skipping PostgreSQL $major: its folder could not be made (see above)"
                summary+=("PostgreSQL $major: skipped, no folder")
                continue
            fi
        fi
        run_in_root "$major" "$root" 2>&1 | tee "$log" || true
    fi
    add_totals "$log"
    summary+=("PostgreSQL $major: $(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1 || echo 'did not finish')")
done

printf '    %s\n' "${summary[@]}"
finish
