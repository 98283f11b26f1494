#!/usr/bin/env bash
# scripts/postgres.sh COMMAND…: starts a PostgreSQL of its own on a free loopback port with a new, empty database (fsync
# on, as in production), runs COMMAND with its URL in CENTRALITA_TEST_POSTGRES, and removes everything again.
# The URL's user may create databases.
#
# scripts/postgres.sh --where: prints the directory of the server's programs; fails when there is no PostgreSQL 15 or later.
set -euo pipefail

programs_directory() {
  local directory
  for directory in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) "$(pg_config --bindir 2>/dev/null || true)"; do
    if [[ -x $directory/initdb && -x $directory/postgres ]] && is_recent "$directory/postgres"; then
      echo "$directory"
      return
    fi
  done
  echo "no PostgreSQL 15 or later here" >&2
  return 1
}

is_recent() {
  local version
  version=$("$1" --version | grep -oE '[0-9]+' | head -n 1)
  [[ $version -ge 15 ]]
}

programs=$(programs_directory)
case ${1:-} in
  --where)
    echo "$programs"
    exit 0
    ;;
  '')
    echo "usage: scripts/postgres.sh COMMAND…" >&2
    exit 2
    ;;
esac

directory=$(mktemp -d "${TMPDIR:-/tmp}/centralita-postgres.XXXXXX")
server=

stop() {
  # Immediate: nothing in it is kept.
  [[ -z $server ]] || { kill -QUIT "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
  rm -rf "$directory"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# PostgreSQL refuses to be root. The death signal ends the server even when this script is killed outright.
as_server=(setpriv --pdeathsig QUIT)
if [[ $EUID -eq 0 ]]; then
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
  as_server=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups --pdeathsig QUIT)
  chown "$user" "$directory"
fi

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(umask 077 && echo "$password" >"$directory/password")
[[ $EUID -ne 0 ]] || chown "$user" "$directory/password"

cd "$directory"
"${as_server[@]}" "$programs/initdb" --pgdata="$directory/data" --username=centralita --pwfile="$directory/password" \
  --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$directory/log" 2>&1 || {
  cat "$directory/log" >&2
  exit 1
}

# Below the range the kernel gives to outgoing connections. Somebody may be faster: then another one.
for _ in {1..20}; do
  port=$(shuf -i 20000-29999 -n 1)
  "${as_server[@]}" "$programs/postgres" -D "$directory/data" -c "port=$port" -c listen_addresses=127.0.0.1 \
    -c "unix_socket_directories=$directory" -c max_connections=200 -c fsync=on -c synchronous_commit=on \
    >"$directory/log" 2>&1 </dev/null &
  server=$!
  while kill -0 "$server" 2>/dev/null; do
    if "$programs/pg_isready" -q -h 127.0.0.1 -p "$port" && grep -q 'ready to accept' "$directory/log"; then
      break 2
    fi
    sleep 0.1
  done
  server=
done
[[ -n $server ]] || {
  cat "$directory/log" >&2
  exit 1
}
PGPASSWORD=$password "$programs/createdb" -h 127.0.0.1 -p "$port" -U centralita centralita

cd "$OLDPWD"
export CENTRALITA_TEST_POSTGRES="postgres://centralita:$password@127.0.0.1:$port/centralita"
"$@"
