#!/usr/bin/env bash
# Runs a command with a fresh private database server, then stops the server and removes it.
#   with_server.sh mariadb|mysql COMMAND [ARGUMENT…]
# The command sees PEER_KIND, PEER_PORT, PEER_SOCKET, PEER_USER, PEER_PASSWORD and PEER_DATA (the
# server's data folder, binlog files included).
# MySQL comes from a Debian root of its own, TAILWATER_MYSQL_ROOT (default /opt/tw-mysql-root).
set -euo pipefail

kind=$1
shift
mysql_root=${TAILWATER_MYSQL_ROOT:-/opt/tw-mysql-root}
user=peer
password=Peer-1-secret

case $kind in
  mariadb) base=$(mktemp -d /tmp/tailwater-peer.XXXXXX) ;;
  mysql) base=$(mktemp -d "$mysql_root/tmp/tailwater-peer.XXXXXX") ;;
  *) echo "with_server.sh: '$kind' is neither mariadb nor mysql" >&2; exit 2 ;;
esac
server=
stop() {
  if [ -n "$server" ] && kill "$server" 2>/dev/null; then wait "$server" 2>/dev/null || true; fi
  rm -rf "$base"
}
trap stop EXIT
mkdir "$base/data" "$base/tmp"
chmod 755 "$base"

port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
options=(--no-defaults --port="$port" --bind-address=127.0.0.1 --server-id=1 --log-bin=binlog
  --binlog-format=ROW --binlog-row-image=FULL --binlog-row-metadata=FULL
  --character-set-server=utf8mb4 --default-time-zone=+00:00 --innodb-buffer-pool-size=64M)

if [ "$kind" = mariadb ]; then
  account=$(id -un)
  mariadb-install-db --no-defaults --user="$account" --auth-root-authentication-method=normal \
    --skip-test-db --datadir="$base/data" >"$base/install.log" 2>&1
  # Without an old mode `utf8` is utf8mb4: Maxwell 1.22.6 does not know the name utf8mb3.
  mariadbd "${options[@]}" --old-mode= --user="$account" --datadir="$base/data" \
    --tmpdir="$base/tmp" --socket="$base/socket" --pid-file="$base/pid" >"$base/server.log" 2>&1 &
else
  inside=${base#"$mysql_root"}
  chroot "$mysql_root" /usr/sbin/mysqld --no-defaults --initialize-insecure --user=root \
    --datadir="$inside/data" --secure-file-priv=NULL >"$base/install.log" 2>&1
  chroot "$mysql_root" /usr/sbin/mysqld "${options[@]}" --user=root --datadir="$inside/data" \
    --tmpdir="$inside/tmp" --socket="$inside/socket" --pid-file="$inside/pid" --mysqlx=OFF \
    --gtid-mode=ON --enforce-gtid-consistency=ON --secure-file-priv=NULL >"$base/server.log" 2>&1 &
fi
server=$!

client() { mariadb --no-defaults --protocol=socket --socket="$base/socket" --user=root "$@"; }
for _ in $(seq 300); do
  if client -e 'SELECT 1' >/dev/null 2>&1; then break; fi
  if ! kill -0 "$server" 2>/dev/null; then cat "$base/server.log" >&2; exit 1; fi
  sleep 0.2
done
client -e "SET sql_log_bin = 0;
  CREATE USER $user@'%' IDENTIFIED BY '$password';
  GRANT ALL ON *.* TO $user@'%'"

export PEER_KIND=$kind PEER_PORT=$port PEER_SOCKET=$base/socket
export PEER_USER=$user PEER_PASSWORD=$password
export PEER_DATA=$base/data
"$@"
