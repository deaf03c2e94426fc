# The part of record.sh that runs while the server does (see with_server.sh for the variables).

log=$PEER_BUILD/$PEER_KIND.log

run_sql() {
  mariadb --no-defaults --socket="$PEER_SOCKET" --user=root --default-character-set=utf8mb4 <"$1"
}

wait_for() {  # TEXT FILE, of Maxwell
  for _ in $(seq 120); do
    if grep -q "$1" "$2"; then return; fi
    if ! kill -0 "$maxwell"; then break; fi
    sleep 0.5
  done
  echo "record.sh: no '$1' in $2" >&2
  exit 1
}

# Maxwell 1.22.6, the newest in Maven Central, cannot speak to MySQL 9 (no SHOW MASTER STATUS, no
# mysql_native_password), so it is recorded on MariaDB only.
start_maxwell() {
  java -Xmx512m -cp "$PEER_BUILD/peers-maxwell/classes:$PEER_BUILD/peers-maxwell/libraries/*" \
    com.zendesk.maxwell.Maxwell --host=127.0.0.1 --port="$PEER_PORT" --user="$PEER_USER" \
    --password="$PEER_PASSWORD" --ssl=DISABLED --producer=stdout --output_binlog_position=true \
    --output_xoffset=true --output_server_id=true --output_thread_id=true \
    --output_primary_keys=true --output_primary_key_columns=true \
    >"$PEER_OUT/maxwell.jsonl" 2>"$log" &
  maxwell=$!
  trap 'kill $maxwell 2>/dev/null || true' EXIT
  wait_for 'Binlog connected' "$log"
}

stop_maxwell() {
  wait_for '"database":"halfway"' "$PEER_OUT/maxwell.jsonl"
  kill "$maxwell"
  wait "$maxwell" || true
  sed -i '/"database":"halfway"/d' "$PEER_OUT/maxwell.jsonl"
}

record_debezium() {  # NAME [SETTING…]
  local name=$1
  shift
  java -Xmx512m -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -cp "$PEER_BUILD/peers-debezium/classes:$PEER_BUILD/peers-debezium/libraries/*" \
    tailwater.peers.Recorder "$PEER_KIND" "$PEER_PORT" "$PEER_USER" "$PEER_PASSWORD" \
    "$PEER_OUT/debezium.$name.jsonl" "$PEER_OUT/debezium.$name.schemas.jsonl" "$@" \
    2>"$log" || { cat "$log" >&2; exit 1; }
}

[ "$PEER_KIND" = mysql ] || start_maxwell
for script in "$here"/sql/*.sql; do
  case $script in
    *_mariadb* | *_mysql*) case $script in *"_$PEER_KIND"*) ;; *) continue ;; esac ;;
  esac
  run_sql "$script"
  case $script in *_halfway.sql) stop_maxwell ;; esac
done
cp "$PEER_DATA"/binlog.000001 "$PEER_OUT/"
chmod 644 "$PEER_OUT/binlog.000001"

# canal 1.1.7 cannot read all of MySQL 9.7's binlog. It reads the file; the databases left out are
# Maxwell's own, and those with tables that canal refuses or whose rows have only some columns.
record_canal() {
  local entries=$PEER_BUILD/canal.entries
  java -Xmx512m -Duser.timezone=UTC \
    -cp "$PEER_BUILD/peers-canal/classes:$PEER_BUILD/peers-canal/libraries/*" \
    tailwater.peers.CanalEntries "$PEER_OUT/binlog.000001" "$entries" >"$log" 2>&1 ||
    { cat "$log" >&2; exit 1; }
  java -Xmx512m \
    -cp "$PEER_BUILD/peers-canal-message/classes:$PEER_BUILD/peers-canal-message/libraries/*" \
    tailwater.peers.CanalMessages "$entries" "$PEER_OUT/canal.jsonl" \
    maxwell halfway finished minimal unknown >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
}

[ "$PEER_KIND" = mysql ] || record_canal
record_debezium default
# Times that isostring and connect cannot hold are left out.
no_long_times='table.exclude.list=maxwell\..*,minimal\..*,shop\..*,halfway\..*,kinds\.long_times'
record_debezium strings decimal.handling.mode=string bigint.unsigned.handling.mode=precise \
  time.precision.mode=isostring binary.handling.mode=hex provide.transaction.metadata=true \
  "$no_long_times"
record_debezium doubles decimal.handling.mode=double time.precision.mode=connect \
  binary.handling.mode=base64 "$no_long_times"
record_debezium micros time.precision.mode=microseconds binary.handling.mode=base64-url-safe \
  enable.time.adjuster=false "$no_long_times"
