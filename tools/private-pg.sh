#!/usr/bin/env bash
# tools/private-pg.sh MAJOR DIR: a private copy of the PostgreSQL MAJOR that is
# installed, at DIR/usr/lib/postgresql/MAJOR.
#
# PostgreSQL finds its libraries and shared files relative to where its programs
# lie, pg_config and PGXS too. So `make install` with the copy's pg_config, and
# every cluster started from the copy, leave the system's own tree untouched.
set -euo pipefail

major=$1
dir=$2

mkdir -p "$dir/usr/lib/postgresql" "$dir/usr/share/postgresql"
cp -R --preserve=mode,timestamps,links --reflink=auto "/usr/lib/postgresql/$major" "$dir/usr/lib/postgresql/"
cp -R --preserve=mode,timestamps,links --reflink=auto "/usr/share/postgresql/$major" "$dir/usr/share/postgresql/"
# Headers, message catalogs and the C libraries are read only: links serve.
ln -s /usr/include "$dir/usr/include"
ln -s /usr/share/locale "$dir/usr/share/locale"
for lib in /usr/lib/*-linux-gnu*; do
    [ ! -d "$lib" ] || ln -s "$lib" "$dir/usr/lib/${lib##*/}"
done
