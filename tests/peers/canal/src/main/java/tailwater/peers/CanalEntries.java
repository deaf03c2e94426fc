package tailwater.peers;

import com.alibaba.otter.canal.parse.driver.mysql.packets.server.ResultSetPacket;
import com.alibaba.otter.canal.parse.exception.CanalParseException;
import com.alibaba.otter.canal.parse.inbound.mysql.MysqlConnection;
import com.alibaba.otter.canal.parse.inbound.mysql.dbsync.LogEventConvert;
import com.alibaba.otter.canal.parse.inbound.mysql.dbsync.TableMetaCache;
import com.alibaba.otter.canal.parse.inbound.mysql.tsdb.MemoryTableMeta;
import com.alibaba.otter.canal.protocol.CanalEntry.Entry;
import com.alibaba.otter.canal.protocol.CanalEntry.EntryType;
import com.taobao.tddl.dbsync.binlog.FileLogFetcher;
import com.taobao.tddl.dbsync.binlog.LogContext;
import com.taobao.tddl.dbsync.binlog.LogDecoder;
import com.taobao.tddl.dbsync.binlog.LogEvent;
import com.taobao.tddl.dbsync.binlog.LogPosition;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.OutputStream;

/** Writes the entries that canal makes of a binlog file: CanalEntries BINLOG OUT. */
public class CanalEntries {
  /** canal learns the tables from the statements in the binlog; it needs no server for that. */
  private static class NoConnection extends MysqlConnection {
    @Override
    public ResultSetPacket query(String sql) {
      return new ResultSetPacket();
    }
  }

  public static void main(String[] arguments) throws Exception {
    LogEventConvert convert = new LogEventConvert();
    convert.setTableMetaCache(new TableMetaCache(new NoConnection(), new MemoryTableMeta()));
    convert.start();
    LogDecoder decoder = new LogDecoder(LogEvent.UNKNOWN_EVENT, LogEvent.ENUM_END_EVENT);
    LogContext context = new LogContext();
    context.setLogPosition(new LogPosition("binlog.000001"));
    try (FileLogFetcher fetcher = new FileLogFetcher();
        OutputStream out = new BufferedOutputStream(new FileOutputStream(arguments[1]))) {
      fetcher.open(arguments[0]);
      while (fetcher.fetch()) {
        LogEvent event = decoder.decode(fetcher, context);
        Entry entry = event == null ? null : parse(convert, event);
        if (entry != null && entry.getEntryType() == EntryType.ROWDATA) {
          entry.writeDelimitedTo(out);
        }
      }
    }
  }

  /** Nothing for events that canal refuses: those of tables that it does not understand. */
  private static Entry parse(LogEventConvert convert, LogEvent event) {
    try {
      return convert.parse(event, false);
    } catch (CanalParseException refused) {
      System.err.println("refused at " + event.getLogPos() + ": " + refused.getMessage());
      return null;
    }
  }
}
