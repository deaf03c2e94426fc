#!/usr/bin/env bash
# Records what the real Debezium, Maxwell and canal say about the statements in sql/:
#   record.sh FOLDER
# FOLDER, for example tests/golden/peers, gets mariadb/ and mysql/ with the binlog and the lines.
# Needs Maven, Java 17, MariaDB, and MySQL in TAILWATER_MYSQL_ROOT.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PEER_BUILD=${PEER_BUILD:-/tmp/tailwater-peers}

if [ "${1:-}" = --inside ]; then
  . "$here/record_inside.sh"
  exit 0
fi

out=$(realpath -m "${1:?usage: record.sh FOLDER}")
mvn -q -B -ntp -f "$here/pom.xml" -Dpeers.build="$PEER_BUILD" package
for kind in mariadb mysql; do
  rm -rf "${out:?}/$kind"
  mkdir -p "$out/$kind"
  PEER_OUT=$out/$kind "$here/with_server.sh" "$kind" "$here/record.sh" --inside
done
