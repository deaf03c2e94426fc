// Every binlog file of ../shared/corpora/mysql-binlog-connector-java against what mysqlbinlog and
// mariadb-binlog print of it (the golden files beside it): each event's place, type, end and
// checksum, and each row's values.
//
// How mysqlbinlog renders a value (@n=…): integers as signed numbers; YEAR, ENUM as numbers; SET as
// b'…' in bits of whole bytes; TIMESTAMP as seconds since 1970; DECIMAL, FLOAT, DOUBLE as numbers;
// what is text or a date in quotes, with bytes below 0x20 as \xhh.
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>

#include <libdeflate.h>
#include <unistd.h>

#include "base/cursor.h"
#include "source/mysql/binlog/binlog_file.h"
#include "source/mysql/binlog/corpus.h"
#include "source/mysql/binlog/payload.h"
#include "source/mysql/binlog/row_plan.h"
#include "source/mysql/binlog/row_text.h"
#include "source/mysql/binlog/rows_event.h"
#include "source/mysql/binlog/table_schema.h"

namespace tailwater::mysql {
namespace {

constexpr std::string_view kFolder = "mysql-binlog-connector-java/";

std::string gunzip(const std::string& packed) {
  std::string text(64 << 20, '\0');
  libdeflate_decompressor* unpacker = libdeflate_alloc_decompressor();
  size_t size = 0;
  EXPECT_EQ(libdeflate_gzip_decompress(unpacker, packed.data(), packed.size(), text.data(),
                                       text.size(), &size),
            LIBDEFLATE_SUCCESS);
  libdeflate_free_decompressor(unpacker);
  text.resize(size);
  return text;
}

// Reads a file, unpacked where its name ends with .gz.
std::string contents(const std::string& path) {
  std::string text = read_file(FileSystem::posix(), path).value();
  return path.ends_with(".gz") ? gunzip(text) : text;
}

// What both sides are brought to: one line per event, and one line per value.
using Lines = std::vector<std::string>;

class Golden {
 public:
  explicit Golden(const std::string& text) {
    for (const std::string_view line : split(text, '\n')) read(line);
  }
  Lines events;
  Lines rows;

 private:
  void read(std::string_view line) {
    if (line.starts_with("### ")) {
      const size_t comment = line.rfind(" /* ");
      rows.emplace_back(
          trim(line.substr(4, comment == std::string_view::npos ? comment : comment - 4)));
    } else if (line.starts_with("# Start of compressed events")) {
      inside_ = true;
    } else if (line.starts_with("# End of compressed events")) {
      inside_ = false;
    } else if (line.starts_with("#") && line.find(" end_log_pos ") != std::string_view::npos) {
      event(line);
    }
  }
  // "#180504  8:23:58 server id 1  end_log_pos 123 CRC32 0xaabddaa7 \tStart: binlog v 4, …"
  void event(std::string_view line) {
    const size_t tab = line.find('\t');
    std::string_view place = line.substr(line.find("server id "), tab - line.find("server id "));
    // Events inside a payload have no checksum: what mysqlbinlog prints there is none of theirs.
    if (inside_) place = place.substr(0, place.find(" CRC32"));
    std::string_view name = trim(line.substr(tab));
    name = name.substr(0, name.find_first_of(" \t:"));
    events.push_back(std::string(trim(place)) + " " + std::string(name));
  }

  bool inside_ = false;
};

std::string golden_name(EventType type) {
  static const std::map<EventType, std::string> kNames = {
      {EventType::kFormatDescription, "Start"},
      {EventType::kPreviousGtids, "Previous-GTIDs"},
      {EventType::kAnonymousGtid, "Anonymous_GTID"},
      {EventType::kQuery, "Query"},
      {EventType::kTableMap, "Table_map"},
      {EventType::kWriteRows, "Write_rows"},
      {EventType::kWriteRowsV1, "Write_rows"},
      {EventType::kUpdateRows, "Update_rows"},
      {EventType::kDeleteRows, "Delete_rows"},
      {EventType::kUpdateRowsV1, "Update_rows"},
      {EventType::kDeleteRowsV1, "Delete_rows"},
      {EventType::kXid, "Xid"},
      {EventType::kRotate, "Rotate"},
      {EventType::kStop, "Stop"},
      {EventType::kTransactionPayload, "Transaction_Payload"},
      {EventType::kIntvar, "Intvar"},
      {EventType::kRowsQuery, "Rows_query"}};
  const auto found = kNames.find(type);
  return found == kNames.end() ? "Ignorable" : found->second;
}

std::string golden_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (static_cast<uint8_t>(c) > 0x1f) {
      out += c;
    } else {
      out += "\\x" + to_hex(Bytes(reinterpret_cast<const uint8_t*>(&c), 1));
    }
  }
  return out + "'";
}

std::string golden_value(const Schema& schema, const MappedColumn& mapped, const RowView& row,
                         size_t i) {
  std::string text = value_text(schema, row, i);
  if (row.presence(i) != Presence::kPresent) return text;
  switch (schema.columns()[i].type.kind) {
    case TypeKind::kSet: {
      const auto bits = row.fixed<uint64_t>(i);
      text = "b'";
      for (size_t bit = mapped.length * 8; bit-- > 0;) text += (bits >> bit & 1) != 0 ? '1' : '0';
      return text + "'";
    }
    case TypeKind::kTimestamp: {
      const auto us = row.fixed<int64_t>(i);
      return us == kTimestampZero ? "0" : std::to_string(us / 1000000);
    }
    case TypeKind::kFloat64:
      return std::to_string(row.fixed<double>(i)).substr(0, text.size());
    case TypeKind::kString:
    case TypeKind::kBytes:
    case TypeKind::kDatetime:
    case TypeKind::kDate:
    case TypeKind::kTime:
      return golden_quotes(text);
    default:
      return text;
  }
}

// Decodes a file into the golden's lines.
class Decoded {
 public:
  explicit Decoded(const std::string& path) {
    auto file = BinlogFile::open(FileSystem::posix(), path);
    EXPECT_TRUE(file.has_value()) << file.error().describe();
    if (!file) return;
    while (true) {
      auto event = file->next();
      EXPECT_TRUE(event.has_value()) << event.error().describe();
      if (!event || !*event) break;
      format = &file->format();
      EXPECT_EQ((*event)->header.next_pos, file->next_position());
      take(**event, format->checksum == Checksum::kCrc32);
    }
    torn = file->ends_inside_event();
  }
  Lines events;
  Lines rows;
  bool torn = false;
  const FormatDescription* format = nullptr;

 private:
  void take(const Event& event, bool checksum) {
    std::string line = "server id " + std::to_string(event.header.server_id) + "  end_log_pos " +
                       std::to_string(event.header.next_pos);
    if (checksum) {
      std::string crc;
      const auto value = load<uint32_t>(event.whole.data() + event.whole.size() - kChecksumBytes);
      for (int shift = 28; shift >= 0; shift -= 4) crc += "0123456789abcdef"[value >> shift & 15];
      line += " CRC32 0x" + crc;
    }
    events.push_back(line + " " + golden_name(event.header.type));
    if (event.header.type == EventType::kTableMap) table_map(event);
    if (is_rows(event.header.type)) rows_of(event);
    if (event.header.type == EventType::kTransactionPayload) payload(event);
  }

  void payload(const Event& event) {
    auto payload = parse_transaction_payload(event);
    ASSERT_TRUE(payload.has_value());
    PayloadReader reader;
    ASSERT_TRUE(reader.start(*payload).has_value());
    while (true) {
      auto inner = reader.next();
      ASSERT_TRUE(inner.has_value()) << inner.error().describe();
      if (!*inner) break;
      Event outer_place = **inner;
      outer_place.header.next_pos = event.header.next_pos;
      take(outer_place, false);
    }
  }

  void table_map(const Event& event) {
    bodies_.emplace_back(as_text(event.body));
    Event kept = event;
    kept.body = as_bytes(bodies_.back());
    auto map = parse_table_map(kept, *format);
    ASSERT_TRUE(map.has_value()) << map.error().describe();
    maps_[map->table_id] = std::move(*map);
  }

  void rows_of(const Event& event) {
    ByteBuffer unpacked;
    auto parsed = parse_rows(event, *format, unpacked);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().describe();
    const TableMap& map = maps_.at(parsed->table_id);
    auto schema = std::make_shared<const Schema>(SchemaId{1}, schema_without_names(map).value());
    RowPlan plan = RowPlan::make(map, schema).value();
    Cursor cursor(parsed->rows);
    const std::string table =
        " `" + std::string(map.database) + "`.`" + std::string(map.table) + "`";
    while (!cursor.at_end()) {
      if (parsed->kind == RowsKind::kWrite) rows.push_back("INSERT INTO" + table);
      if (parsed->kind == RowsKind::kUpdate) rows.push_back("UPDATE" + table);
      if (parsed->kind == RowsKind::kDelete) rows.push_back("DELETE FROM" + table);
      if (parsed->kind != RowsKind::kWrite)
        image("WHERE", map, plan, parsed->before_columns, cursor);
      if (parsed->kind != RowsKind::kDelete) image("SET", map, plan, parsed->after_columns, cursor);
      if (testing::Test::HasFatalFailure()) return;
    }
  }

  void image(const char* word, const TableMap& map, RowPlan& plan, Bytes sent, Cursor& cursor) {
    rows.emplace_back(word);
    ByteBuffer out;
    const Status status = transcode_image(*plan.image(sent).value(), cursor, out);
    ASSERT_TRUE(status.has_value()) << status.error().describe();
    const Schema& schema = *plan.schema();
    const RowView row(schema.layout(), out.view());
    ASSERT_TRUE(row.validate(schema).has_value());
    for (size_t i = 0; i < map.columns.size(); ++i) {
      if (row.presence(i) == Presence::kUnavailable) continue;
      rows.push_back("@" + std::to_string(i + 1) + "=" +
                     golden_value(schema, map.columns[i], row, i));
    }
  }

  std::map<uint64_t, TableMap> maps_;
  std::deque<std::string> bodies_;
};

void compare(const std::string& binlog, const std::string& golden, size_t events, size_t rows) {
  const std::string path = corpus_path(std::string(kFolder) + binlog);
  const std::string golden_path = corpus_path(std::string(kFolder) + golden);
  if (path.empty() || golden_path.empty())
    GTEST_SKIP() << "no corpus " << binlog << " in " << TAILWATER_CORPORA;
  std::string plain = path;
  if (path.ends_with(".gz")) {
    plain = std::filesystem::temp_directory_path() / ("tailwater_" + std::to_string(getpid()));
    std::ofstream(plain, std::ios::binary) << contents(path);
  }
  const Golden expected(contents(golden_path));
  const Decoded decoded(plain);
  if (plain != path) std::filesystem::remove(plain);
  EXPECT_EQ(decoded.events, expected.events);
  ASSERT_EQ(decoded.rows.size(), expected.rows.size());
  for (size_t i = 0; i < decoded.rows.size(); ++i)
    ASSERT_EQ(decoded.rows[i], expected.rows[i]) << i;
  EXPECT_FALSE(decoded.torn);
  EXPECT_EQ(decoded.events.size(), events);
  EXPECT_EQ(decoded.rows.size(), rows);
}

TEST(CorpusFiles, ChecksumCrc32) {
  compare("mysql-bin.checksum-crc32", "golden-mysqlbinlog-9.7/mysql-bin.checksum-crc32.txt", 303,
          1351);
}
TEST(CorpusFiles, ChecksumNone) {
  compare("mysql-bin.checksum-none", "golden-mysqlbinlog-9.7/mysql-bin.checksum-none.txt", 191,
          324);
}
TEST(CorpusFiles, Compressed) {
  compare("mysql-bin.compressed", "golden-mysqlbinlog-9.7/mysql-bin.compressed.txt", 9, 25);
}
TEST(CorpusFiles, AuroraPadding) {
  compare("mysql-bin.aurora-padding", "golden-mysqlbinlog-9.7/mysql-bin.aurora-padding.txt", 5, 0);
}
TEST(CorpusFiles, Sakila) {
  compare("mysql-bin.sakila.gz", "golden-mariadb-binlog-3.5/mysql-bin.sakila.gz.txt.gz", 1462,
          386745);
}

}  // namespace
}  // namespace tailwater::mysql
