# tests/e2e/lib/postgres.bash - a PostgreSQL cluster of the test's own: in a folder of its own, on a Unix
# socket alone, and it ends with the test. Sourced after e2e.bash. As root, who may not serve one, it is
# served by the user postgres, or else nobody; psql runs as we do.
# shellcheck shell=bash
unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGOPTIONS PGSERVICE PGPASSFILE PGTZ
cluster='' postgres_bin='' postgres_owner=''

as_owner() {
    if [ -z "$postgres_owner" ]; then
        "$@"
    else
        (cd / && setpriv --reuid="$postgres_owner" --regid="$(id -g "$postgres_owner")" --clear-groups "$@")
    fi
}
clean_more() {
    [ -z "$cluster" ] || [ ! -f "$cluster/data/postmaster.pid" ] ||
        as_owner "$postgres_bin/pg_ctl" -D "$cluster/data" -m immediate stop >/dev/null 2>&1
    rm -rf ${cluster:+"$cluster"}
}

# postgres_is_there: whether a server and psql are; sets postgres_bin
postgres_is_there() {
    for postgres_bin in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -V -r) \
        "$(dirname "$(command -v initdb || echo /nowhere/)")"; do
        [ -x "$postgres_bin/initdb" ] && [ -x "$postgres_bin/pg_ctl" ] && command -v psql >/dev/null && return 0
    done
    return 1
}

# postgres_start: a cluster that answers ask(), or one test that failed. Not for a subshell: sets cluster.
postgres_start() {
    local said
    cluster=$(mktemp -d /tmp/routesim-pg.XXXXXX) || exit 1 # short: a socket's path has 107 bytes
    if [ "$(id -u)" = 0 ]; then
        postgres_owner=postgres
        id postgres >/dev/null 2>&1 || postgres_owner=nobody
        chown "$postgres_owner" "$cluster"
    fi
    said=$(as_owner "$postgres_bin/initdb" -D "$cluster/data" -U drill -A trust -E UTF8 --locale=C --no-sync 2>&1) ||
        { not_ok 'a cluster can be made' "$said"; return 1; }
    said=$(as_owner "$postgres_bin/pg_ctl" -D "$cluster/data" -l "$cluster/log" -w -t 60 \
        -o "-c listen_addresses='' -c unix_socket_directories='$cluster' -c fsync=off -c max_connections=8" start 2>&1) ||
        { not_ok 'a cluster can be started' "$said"; return 1; }
}

ask() { psql -h "$cluster" -U drill -X -q -v ON_ERROR_STOP=1 "$@"; } # ask PSQL-WORDS...
