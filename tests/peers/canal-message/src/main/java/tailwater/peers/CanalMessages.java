package tailwater.peers;

import com.alibaba.fastjson.JSON;
import com.alibaba.fastjson.serializer.SerializerFeature;
import com.alibaba.otter.canal.common.MQMessageUtils;
import com.alibaba.otter.canal.protocol.CanalEntry.Entry;
import com.alibaba.otter.canal.protocol.FlatMessage;
import com.alibaba.otter.canal.protocol.Message;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;

/** The flat messages of entries, without those of the databases: CanalMessages ENTRIES OUT DATABASE… */
public class CanalMessages {
  public static void main(String[] arguments) throws Exception {
    List<String> skipped = List.of(arguments).subList(2, arguments.length);
    try (InputStream in = new FileInputStream(arguments[0]);
        PrintStream out = new PrintStream(arguments[1], "UTF-8")) {
      for (Entry entry = Entry.parseDelimitedFrom(in); entry != null; entry = Entry.parseDelimitedFrom(in)) {
        for (FlatMessage message : MQMessageUtils.messageConverter(new Message(1, List.of(entry)))) {
          // MariaDB's annotations of rows have no database.
          String database = message.getDatabase().replace("`", "");
          if (database.isEmpty() || skipped.contains(database)) continue;
          out.print(JSON.toJSONString(message, SerializerFeature.WriteMapNullValue) + "\n");
        }
      }
    }
  }
}
