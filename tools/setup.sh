#!/usr/bin/env bash
# tools/setup.sh GROUP...: installs what is missing of the packages that a group
# of targets needs: test, lint, bench, matrix, or package:NAME for one by its name.
# Says what it installs; asks apt for new package lists only when the ones at hand do
# not serve.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

have apt-get || die "these scripts install packages with apt-get; elsewhere install PostgreSQL with its server headers, ICU, a C compiler and perl's IPC::Run, and see the Makefile"

apt() { as_admin env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 "$@" </dev/null; }

updated=
update_lists() {
    [ -z "$updated" ] || return 0
    say "updating apt's package lists"
    apt update
    updated=yes
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
available() { [[ $(LC_ALL=C apt-cache policy "$1" 2>/dev/null) == *"Candidate: "[0-9]* ]]; }

major=$(pg_major)
if [ -z "$major" ]; then
    update_lists
    major=$(pg_major)
    [ -n "$major" ] || die "apt knows no postgresql"
fi
[ "$major" -ge 15 ] || die "support_triage needs PostgreSQL 15 or newer, not $major"

packages=()
for group in "$@"; do
    case $group in
        test) packages+=(gcc libc6-dev make perl libicu-dev libipc-run-perl python3-psycopg
                         "postgresql-$major" "postgresql-server-dev-$major") ;;
        lint)
            packages+=(clang cppcheck shellcheck)
            # From trixie on the server's own packages have it.
            available clang || update_lists
            ! available pg-bsd-indent || packages+=(pg-bsd-indent) ;;
        bench) packages+=(python3 python3-sklearn python3-scipy fasttext) ;;
        matrix) packages+=(debootstrap) ;;
        package:*) packages+=("${group#package:}") ;;
        *) die "no such group of packages: $group" ;;
    esac
done

missing=()
for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

for package in "${missing[@]}"; do
    available "$package" || update_lists
done
for package in "${missing[@]}"; do
    available "$package" || die "apt has no package $package"
done

# The server's package makes and starts a cluster of its own on a TCP port when
# it is installed first. We need none: a file that says so lies there meanwhile.
no_cluster=/etc/postgresql-common/createcluster.d/support_triage.conf
case " ${missing[*]} " in
    *" postgresql-$major "*)
        if ! [ -e "$no_cluster" ]; then
            trap 'as_admin rm -f "$no_cluster"; as_admin rmdir --ignore-fail-on-non-empty "${no_cluster%/*}"' EXIT
            as_admin mkdir -p "${no_cluster%/*}"
            echo 'create_main_cluster = off' | as_admin tee "$no_cluster" >/dev/null
        fi ;;
esac

say "installing ${missing[*]}"
log=$(mktemp)
if ! apt install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
    # Lists that are too old name files that the mirror no longer has.
    update_lists
    if ! apt install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        die "apt-get could not install ${missing[*]}"
    fi
fi
rm -f "$log"
