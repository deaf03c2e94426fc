// Runs Debezium's embedded engine against one server from the start of its binlog, and writes every record
// as the JSON that Kafka Connect's JsonConverter makes of it, one line each:
//   {"topic": …, "key": …, "headers": {…}, "value": …}
// Ends at the row of finished.marker.
//   Recorder mysql|mariadb PORT USER PASSWORD OUT SCHEMAS [NAME=VALUE…]
// OUT gets the documents without schemas, SCHEMAS the first document of each kind with them.
// NAME=VALUE are settings of the connector.
package tailwater.peers;

import io.debezium.embedded.Connect;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;

public final class Recorder {
    private static final int WAIT_MINUTES = 5;
    private final JsonConverter keys = converter(true, false);
    private final JsonConverter values = converter(false, false);
    private final JsonConverter schemas = converter(false, true);
    private final JsonConverter keySchemas = converter(true, true);
    private final Set<Schema> seen = new HashSet<>();
    private final CountDownLatch done = new CountDownLatch(1);
    private final PrintStream out;
    private final PrintStream schemaOut;

    private Recorder(String out, String schemaOut) throws Exception {
        this.out = new PrintStream(out, StandardCharsets.UTF_8);
        this.schemaOut = new PrintStream(schemaOut, StandardCharsets.UTF_8);
    }

    private static JsonConverter converter(boolean key, boolean withSchemas) {
        JsonConverter made = new JsonConverter();
        made.configure(Map.of("schemas.enable", withSchemas), key);
        return made;
    }

    private static String json(JsonConverter with, String topic, Schema schema, Object value) {
        byte[] text = with.fromConnectData(topic, schema, value);
        return text == null ? "null" : new String(text, StandardCharsets.UTF_8);
    }

    private String line(SourceRecord record, JsonConverter key, JsonConverter value) {
        String topic = record.topic();
        StringBuilder headers = new StringBuilder();
        for (Header header : record.headers()) {
            if (header.key().startsWith("__debezium.context.")) {
                continue; // of the engine's run, not of the change
            }
            headers.append(headers.isEmpty() ? "" : ",").append('"').append(header.key()).append("\":")
                    .append(json(key, topic, header.schema(), header.value()));
        }
        return "{\"topic\":" + quoted(topic) + ",\"key\":" + json(key, topic, record.keySchema(), record.key())
                + ",\"headers\":{" + headers + "},\"value\":"
                + json(value, topic, record.valueSchema(), record.value()) + "}";
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private void take(ChangeEvent<SourceRecord, SourceRecord> event) {
        SourceRecord record = event.value();
        if (done.getCount() == 0) {
            return;
        }
        if (record.topic().endsWith(".finished.marker")) {
            done.countDown();
            return;
        }
        out.println(line(record, keys, values));
        if (record.valueSchema() != null && seen.add(record.valueSchema())) {
            schemaOut.println(line(record, keySchemas, schemas));
        }
    }

    private static Properties settings(String[] args) {
        String kind = args[0];
        Properties props = new Properties();
        props.setProperty("name", "recorder");
        props.setProperty("connector.class", kind.equals("mysql")
                ? "io.debezium.connector.mysql.MySqlConnector"
                : "io.debezium.connector.mariadb.MariaDbConnector");
        props.setProperty("database.hostname", "127.0.0.1");
        props.setProperty("database.port", args[1]);
        props.setProperty("database.user", args[2]);
        props.setProperty("database.password", args[3]);
        props.setProperty("database.server.id", "7401");
        props.setProperty("topic.prefix", "tailwater");
        props.setProperty("snapshot.mode", "never");
        props.setProperty("include.schema.changes", "false");
        props.setProperty("table.exclude.list", "maxwell\\..*,minimal\\..*,halfway\\..*");
        props.setProperty("event.processing.failure.handling.mode", "fail");
        props.setProperty("schema.history.internal", "io.debezium.relational.history.MemorySchemaHistory");
        props.setProperty("offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
        for (int i = 6; i < args.length; i++) {
            String[] setting = args[i].split("=", 2);
            props.setProperty(setting[0], setting[1]);
        }
        return props;
    }

    public static void main(String[] args) throws Exception {
        Recorder recorder = new Recorder(args[4], args[5]);
        DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> engine = DebeziumEngine.create(Connect.class)
                .using(settings(args))
                .notifying(recorder::take)
                .using((success, message, error) -> {
                    if (!success) {
                        System.err.println(message);
                        if (error != null) {
                            error.printStackTrace();
                        }
                        System.exit(1);
                    }
                })
                .build();
        ExecutorService runner = Executors.newSingleThreadExecutor();
        runner.execute(engine);
        boolean ended = recorder.done.await(WAIT_MINUTES, TimeUnit.MINUTES);
        engine.close();
        runner.shutdown();
        recorder.out.close();
        recorder.schemaOut.close();
        System.exit(ended ? 0 : 1);
    }
}
