#!/usr/bin/env bash
# Records the originals anew on this machine and compares our lines with theirs.
#   record_and_compare.sh FORMAT_BINLOG
# Ends with 77 (skipped) where Maven, Java or a server is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
for needed in mvn java mariadbd mariadb-install-db; do
  if ! command -v "$needed" >/dev/null; then echo "skipped: $needed is not installed"; exit 77; fi
done
if [ ! -x "${TAILWATER_MYSQL_ROOT:-/opt/tw-mysql-root}/usr/sbin/mysqld" ]; then
  echo "skipped: no MySQL in TAILWATER_MYSQL_ROOT"
  exit 77
fi
folder=$(mktemp -d /tmp/tailwater-recordings.XXXXXX)
trap 'rm -rf "$folder"' EXIT
PEER_BUILD=$folder/build "$here/record.sh" "$folder/recordings"
python3 "$here/compare_recordings.py" "$1" "$folder/recordings"
