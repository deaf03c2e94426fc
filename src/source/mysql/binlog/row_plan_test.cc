// Rows as MySQL 9.7 and MariaDB 10.11 wrote them, and what must not be taken for rows.
#include "source/mysql/binlog/row_plan.h"

#include <algorithm>
#include <optional>
#include <random>

#include <gtest/gtest.h>

#include "source/mysql/binlog/corpus.h"
#include "source/mysql/binlog/row_text.h"
#include "source/mysql/binlog/rows_event.h"
#include "source/mysql/binlog/table_schema.h"

namespace tailwater::mysql {
namespace {

using Lines = std::vector<std::string>;

// A table map event and what follows from it.
class Table {
 public:
  Table(const std::string& map_hex, bool mariadb) : body_(bytes_of(map_hex)) {
    format_.mariadb = mariadb;
    Event event;
    event.header.type = EventType::kTableMap;
    event.body = as_bytes(body_);
    map = parse_table_map(event, format_).value();
  }
  void take(Result<TableSchema> table) {
    ASSERT_TRUE(table.has_value()) << table.error().describe();
    plan =
        RowPlan::make(map, std::make_shared<const Schema>(SchemaId{1}, *std::move(table))).value();
  }
  // Every image of a row event, its values with " | " between them.
  Result<Lines> images(EventType type, const std::string& rows) {
    Event event;
    event.header.type = type;
    event.body = as_bytes(rows);
    ByteBuffer unpacked;
    TW_ASSIGN(const RowsEvent parsed, parse_rows(event, format_, unpacked));
    Cursor cursor(parsed.rows);
    Lines lines;
    while (!cursor.at_end()) {
      for (const Bytes sent : {parsed.before_columns, parsed.after_columns}) {
        if (sent.empty()) continue;
        TW_ASSIGN(const ImagePlan* image, plan->image(sent));
        ByteBuffer out;
        TW_TRY(transcode_image(*image, cursor, out));
        const RowView row(plan->schema()->layout(), out.view());
        TW_TRY(row.validate(*plan->schema()));
        std::string line;
        for (size_t i = 0; i < row.columns(); ++i) {
          line += (i == 0 ? "" : " | ") + value_text(*plan->schema(), row, i);
        }
        lines.push_back(std::move(line));
      }
    }
    return lines;
  }

  TableMap map;
  std::optional<RowPlan> plan;

 private:
  FormatDescription format_;
  std::string body_;
};

// mi(a int primary key, b int default 7, c text, d varchar(20), e json, f datetime(3)), FULL
// metadata.
constexpr const char* kMysqlMap =
    "bf00000000000100017400026d6900060303fc0ff5120502500004033e0101000203fcff00040c0161016201630164"
    "01"
    "6501660801000c01fc";

TEST(RowPlan, SchemaFromFullMetadata) {
  Table table(kMysqlMap, false);
  const TableSchema schema = schema_of_map(table.map).value();
  EXPECT_EQ(schema.full_name(), "t.mi");
  EXPECT_EQ(schema.key_kind, KeyKind::kPrimary);
  EXPECT_EQ(schema.key_columns, std::vector<uint32_t>{0});
  Lines types;
  for (const Column& column : schema.columns) {
    types.push_back(column.name + " " + column.source_type + " " + column.charset +
                    (column.nullable ? "" : " not null"));
  }
  EXPECT_EQ(types, (Lines{"a int  not null", "b int ", "c text utf8mb4", "d varchar(20) utf8mb4",
                          "e json ", "f datetime(3) "}));
}

TEST(RowPlan, AbsentColumnsAreUnavailable) {
  Table table(kMysqlMap, false);
  table.take(schema_of_map(table.map));
  const std::string u = "(unavailable)";
  const auto images = [&](EventType type, const char* hex) {
    return table.images(type, bytes_of(hex)).value();
  };
  // binlog_row_image=MINIMAL
  EXPECT_EQ(images(EventType::kWriteRows, "bf00000000001100020006050005000000010078"),
            (Lines{"5 | " + u + " | x | " + u + " | " + u + " | " + u}));
  EXPECT_EQ(images(EventType::kUpdateRows,
                   "bf0000000000110002000601050002000000000a00000006006c6f6e676572"),
            (Lines{"2 | " + u + " | " + u + " | " + u + " | " + u + " | " + u,
                   "10 | " + u + " | longer | " + u + " | " + u + " | " + u}));
  EXPECT_EQ(images(EventType::kDeleteRows, "bf00000000001100020006010005000000"),
            (Lines{"5 | " + u + " | " + u + " | " + u + " | " + u + " | " + u}));
  // NOBLOB, with NULLs
  EXPECT_EQ(
      images(EventType::kUpdateRows,
             "bf000000000011000200063b3b000100000002000000027a7a08000000020100070005010099bb69307a0"
             "00000"
             "0100000002000000026e6208000000020100070005010099bb69307a0000180a000000030000000264641"
             "80a00"
             "000003000000026e62"),
      (Lines{"1 | 2 | " + u + " | zz | [1] | 2026-11-20 19:01:58.000",
             "1 | 2 | " + u + " | nb | [1] | 2026-11-20 19:01:58.000",
             "10 | 3 | " + u + " | dd | NULL | NULL", "10 | 3 | " + u + " | nb | NULL | NULL"}));
}

TEST(RowPlan, EveryCutAndEveryWrongLengthIsRefused) {
  Table table(kMysqlMap, false);
  table.take(schema_of_map(table.map));
  const std::string head = bytes_of("bf000000000011000200063f");
  const std::string row =
      bytes_of("00010000000200000002006e63026e6208000000020100070005010099bb69307a0000");
  ASSERT_TRUE(table.images(EventType::kWriteRows, head + row).has_value());
  for (size_t cut = 1; cut < row.size(); ++cut) {
    const auto result = table.images(EventType::kWriteRows, head + row.substr(0, cut));
    ASSERT_FALSE(result.has_value()) << cut;
    EXPECT_EQ(result.error().kind, ErrorKind::kCorrupt);
    EXPECT_NE(result.error().message.find("t.mi"), std::string::npos);
  }
  std::string long_name = row;
  long_name[13] = 81;  // d varchar(20) has at most 80 bytes
  EXPECT_FALSE(
      table.images(EventType::kWriteRows, head + long_name + std::string(100, 'x')).has_value());
  EXPECT_FALSE(
      table.images(EventType::kWriteRows, bytes_of("bf0000000000110002000600") + row).has_value());
}

// {"a": 1, "ok": true, "tag": "blue"} and others of its form; now and then [1].
std::string random_document(std::minstd_rand& random) {
  const auto one_of = [&](std::string_view bytes) { return bytes[random() % bytes.size()]; };
  std::string document =
      bytes_of("0003002400190001001a0002001c0003000501000401000c1f00616f6b74616704626c7565");
  constexpr size_t kFirstValue = 18;
  constexpr size_t kFirstKey = 26;
  document[kFirstValue] = one_of("\1\7\x11");
  document[kFirstKey] = one_of("aaaaab\"");
  document.back() = one_of("exyz\\");
  if (random() % 8 == 0) document = bytes_of("0201000700050100");
  std::string sized;
  for (unsigned i = 0; i < 4; ++i) sized += static_cast<char>(document.size() >> (8 * i) & 0xff);
  return sized + document;
}

// A random row of mi: NULLs, texts of every short length, some not ASCII, a good document.
std::string random_row(std::minstd_rand& random) {
  const auto upto = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  const auto sized = [&](unsigned width, unsigned count, bool ascii) {
    std::string text;
    for (unsigned i = 0; i < width; ++i) text += static_cast<char>(count >> (8 * i) & 0xff);
    for (unsigned i = 0; i < count; ++i) text += static_cast<char>(upto(ascii ? 0x80 : 0x100));
    return text;
  };
  const unsigned nulls = upto(2) == 0 ? 0 : upto(32) * 2;  // not the key
  std::string row(1, static_cast<char>(nulls | 0xc0));     // and two bits that mean nothing
  const auto put = [&](unsigned column, const std::string& value) {
    if ((nulls >> column & 1) == 0) row += value;
  };
  put(0, sized(0, 4, false));
  put(1, sized(0, 4, false));
  put(2, sized(2, upto(10) == 0 ? upto(2000) : upto(100), upto(2) == 0));
  put(3, sized(1, upto(81), upto(2) == 0));
  put(4, random_document(random));
  put(5, bytes_of("99bb69307a0000"));
  return row;
}

// Rows with enough bytes behind them are read another way than the last ones of an event.
TEST(RowPlan, TheFastWayAndTheCarefulOneGiveTheSameRows) {
  std::minstd_rand random(2);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
  for (const char* charset : {"utf8mb4", "latin1", "sjis"}) {
    Table table(kMysqlMap, false);
    TableSchema schema = schema_of_map(table.map).value();
    schema.columns[2].charset = schema.columns[3].charset = charset;
    table.take(std::move(schema));
    const std::string sent(1, '\x3f');
    const ImagePlan& plan = *table.plan->image(as_bytes(sent)).value();
    std::string rows;
    ByteBuffer careful;
    constexpr unsigned kRows = 3000;
    for (unsigned i = 0; i < kRows; ++i) {
      const std::string row = random_row(random);
      rows += row;
      ByteBuffer image;
      Cursor cursor(as_bytes(row));
      ASSERT_TRUE(transcode_image(plan, cursor, image).has_value()) << i;
      ASSERT_TRUE(cursor.at_end());
      const RowView view(table.plan->schema()->layout(), image.view());
      ASSERT_TRUE(view.validate(*table.plan->schema()).has_value()) << i;
      careful.put<uint32_t>(static_cast<uint32_t>(image.size()));
      careful.append(image.view());
    }
    ByteBuffer fast;
    Bytes left = as_bytes(rows);
    const RowsTaken taken = transcode_rows(plan, nullptr, left, SIZE_MAX, fast);
    EXPECT_TRUE(taken.sound);
    EXPECT_EQ(taken.rows, kRows);
    EXPECT_TRUE(left.empty());
    EXPECT_TRUE(std::ranges::equal(fast.view(), careful.view())) << charset;
  }
}

// The plan that keeps the columns whose bits are set.
RowPlan plan_of_some(const TableMap& map, const TableSchema& table, unsigned bits) {
  TableSchema some = table;
  some.columns.clear();
  some.key_columns.clear();
  std::vector<uint32_t> kept;
  for (uint32_t i = 0; i < table.columns.size(); ++i) {
    if ((bits >> i & 1) == 0) continue;
    kept.push_back(i);
    some.columns.push_back(table.columns[i]);
  }
  return RowPlan::make(map, table, kept, std::make_shared<const Schema>(SchemaId{2}, some)).value();
}

// All rows as text; each row's values with " | " between them.
Lines transcode_texts(RowPlan& plan, Bytes sent, Bytes rows) {
  ByteBuffer out;
  const RowsTaken taken = transcode_rows(*plan.image(sent).value(), nullptr, rows, SIZE_MAX, out);
  EXPECT_TRUE(taken.sound);
  Lines lines;
  for (Cursor cursor(out.view()); !cursor.at_end();) {
    const RowView row(plan.schema()->layout(), cursor.take(cursor.le<uint32_t>()));
    EXPECT_TRUE(row.validate(*plan.schema()).has_value());
    std::string line;
    for (size_t i = 0; i < row.columns(); ++i) {
      line += (i == 0 ? "" : " | ") + value_text(*plan.schema(), row, i);
    }
    lines.push_back(std::move(line));
  }
  EXPECT_EQ(lines.size(), taken.rows);
  return lines;
}

// Column by column: a plan of one column gives what the plan of all has there, and any set of
// columns gives what those give.
TEST(RowPlan, ColumnsThatAreNotKeptAreSteppedOver) {
  std::minstd_rand random(3);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
  Table table(kMysqlMap, false);
  const TableSchema schema = schema_of_map(table.map).value();
  std::string rows;
  for (unsigned i = 0; i < 200; ++i) rows += random_row(random);
  const std::string sent(1, '\x3f');
  std::vector<Lines> columns;
  for (unsigned i = 0; i < schema.columns.size(); ++i) {
    RowPlan plan = plan_of_some(table.map, schema, 1U << i);
    columns.push_back(transcode_texts(plan, as_bytes(sent), as_bytes(rows)));
  }
  for (unsigned bits = 1; bits < 1U << schema.columns.size(); ++bits) {
    RowPlan plan = plan_of_some(table.map, schema, bits);
    EXPECT_EQ(plan.columns(), schema.columns.size());
    Lines expected(columns[0].size());
    for (size_t i = 0; i < columns.size(); ++i) {
      if ((bits >> i & 1) == 0) continue;
      const bool first = (bits & ((1U << i) - 1)) == 0;
      for (size_t row = 0; row < expected.size(); ++row) {
        expected[row] += (first ? "" : " | ") + columns[i][row];
      }
    }
    EXPECT_TRUE(transcode_texts(plan, as_bytes(sent), as_bytes(rows)) == expected) << bits;
  }
}

// The MINIMAL images of AbsentColumnsAreUnavailable, without columns a and d, then c and f alone.
TEST(RowPlan, ColumnsThatAreNeitherKeptNorSent) {
  Table table(kMysqlMap, false);
  const TableSchema schema = schema_of_map(table.map).value();
  struct Case {
    unsigned bits;
    const char* insert;
    const char* before;
    const char* after;
  };
  for (const auto& [bits, insert, before, after] :
       {Case{0x36U, "? | x | ? | ?", "? | ? | ? | ?", "? | longer | ? | ?"},
        Case{0x24U, "x | ?", "? | ?", "longer | ?"}}) {
    table.plan = plan_of_some(table.map, schema, bits);
    const auto images = [&](EventType type, const char* hex) {
      Lines lines = table.images(type, bytes_of(hex)).value();
      for (std::string& line : lines) {
        constexpr std::string_view kUnavailable = "(unavailable)";
        for (size_t at = 0; (at = line.find(kUnavailable)) != std::string::npos;) {
          line.replace(at, kUnavailable.size(), "?");
        }
      }
      return lines;
    };
    EXPECT_EQ(images(EventType::kWriteRows, "bf00000000001100020006050005000000010078"),
              Lines{insert});
    EXPECT_EQ(images(EventType::kUpdateRows,
                     "bf0000000000110002000601050002000000000a00000006006c6f6e676572"),
              (Lines{before, after}));
  }
}

// u(a int primary key, u uuid, i6 inet6, i4 inet4, b binary(5), y year, c varchar(200) compressed,
// bc blob compressed, x int invisible, t6 time(3), v varbinary(10), e enum('a','b') charset latin1,
// s set('x','y'), f float unsigned, g point), charset latin1.
constexpr const char* kMariadbMap =
    "12000000000001000174000175000f03fefefefe0d8d8c03130ffefe04ff14fe10fe10fe04fe05c90002030a00f701"
    "f80104"
    "04fe7f01015002033f0408070101042201610175026936026934016201790163026263017802743601760165017301"
    "660167"
    "0a01080505020178017906050201610162080100";
constexpr const char* kMariadbRows =
    "12000000000001000fff7f00810100000010123456789abc1def8123456789abcdef10000000000000000000000000"
    "000000"
    "010401020304026162780a89964b4c4a4e1c7c08000300007a7a7f5fffec78017802030000c03f1900000000000000"
    "010100"
    "0000000000000000f03f000000000000004000c1020000000f123456789abc7def8123456789abcd0420010db80301"
    "020300"
    "00000e008a03e8cbce1e05a360140c770000800000000000010000000000";

TableFacts mariadb_facts() {
  TableFacts facts;
  const auto add = [&](const char* name, const char* type, const char* full,
                       const char* charset = "") {
    facts.columns.push_back(
        {name, type, full, charset, name != std::string("a"), false, name == std::string("x")});
  };
  add("a", "int", "int(11)");
  add("u", "uuid", "uuid");
  add("i6", "inet6", "inet6");
  add("i4", "inet4", "inet4");
  add("b", "binary", "binary(5)");
  add("y", "year", "year(4)");
  add("c", "varchar", "varchar(200) /*M!100301 COMPRESSED*/", "latin1");
  add("bc", "blob", "blob /*M!100301 COMPRESSED*/");
  add("x", "int", "int(11)");
  add("t6", "time", "time(3)");
  add("v", "varbinary", "varbinary(10)");
  add("e", "enum", "enum('a','b')", "latin1");
  add("s", "set", "set('x','y')", "latin1");
  add("f", "float", "float unsigned");
  add("g", "point", "point");
  facts.primary_key = {0};
  return facts;
}

TEST(RowPlan, MariadbTypesFromTheCatalog) {
  Table table(kMariadbMap, true);
  table.take(schema_of_catalog(table.map, mariadb_facts()));
  const auto images = table.images(EventType::kWriteRowsV1, bytes_of(kMariadbRows));
  ASSERT_TRUE(images.has_value()) << images.error().describe();
  ASSERT_EQ(images->size(), 2u);
  std::string abc;
  for (int i = 0; i < 50; ++i) abc += "abc";
  const std::string padded("ab\0\0\0", 5);
  EXPECT_TRUE((*images)[0].starts_with("1 | 123456789abc1def8123456789abcdef | ::1 | 1.2.3.4 | " +
                                       padded + " | 2020 | " + abc + " | zz | "))
      << (*images)[0];
  EXPECT_NE((*images)[0].find(" | -10:00:00.500 | x | b | x,y | 1.5 | "), std::string::npos)
      << (*images)[0];
  EXPECT_TRUE((*images)[1].starts_with(
      "2 | 123456789abc7def8123456789abcd00 | 2001:db8:: | 1.2.3.0 | " + std::string(5, '\0') +
      " | 0000 |  | " + std::string(1000, 'k') + " | NULL | 00:00:00.000 |  | a |  | 0 | NULL"))
      << (*images)[1];
}

TEST(Catalog, EveryDifferenceIsFound) {
  Table table(kMariadbMap, true);
  const auto refused = [&](size_t column, auto change) {
    TableFacts facts = mariadb_facts();
    change(facts.columns[column]);
    const auto schema = schema_of_catalog(table.map, facts);
    ASSERT_FALSE(schema.has_value()) << column;
    EXPECT_EQ(schema.error().kind, ErrorKind::kUserFix) << schema.error().describe();
    EXPECT_NE(schema.error().message.find("'" + facts.columns[column].name + "'"),
              std::string::npos);
    EXPECT_FALSE(schema.error().hint.empty());
  };
  const auto retype = [](const char* type, const char* full) {
    return [=](ColumnFacts& facts) { facts.data_type = type, facts.column_type = full; };
  };
  refused(0, retype("bigint", "bigint(20)"));
  refused(0, retype("int", "int(10) unsigned"));
  refused(0, [](ColumnFacts& facts) { facts.nullable = true; });
  refused(0, [](ColumnFacts& facts) { facts.name = "renamed"; });
  refused(1, retype("inet4", "inet4"));
  refused(4, retype("binary", "binary(6)"));
  refused(6, retype("varchar", "varchar(201) /*M!100301 COMPRESSED*/"));
  refused(6, [](ColumnFacts& facts) { facts.character_set = "koi8r"; });
  refused(7, retype("mediumblob", "mediumblob"));
  refused(9, retype("time", "time(2)"));
  refused(9, retype("datetime", "datetime(3)"));
  refused(11, retype("enum", "enum('b','a')"));
  refused(12, retype("set", "set('x','y','1','2','3','4','5','6','7')"));
  refused(13, retype("double", "double"));
  TableFacts fewer = mariadb_facts();
  fewer.columns.pop_back();
  EXPECT_EQ(schema_of_catalog(table.map, fewer).error().kind, ErrorKind::kUserFix);
}

TEST(Catalog, KeysFallBackToUniqueOnes) {
  Table table(kMariadbMap, true);
  TableFacts facts = mariadb_facts();
  facts.primary_key.clear();
  facts.unique_keys = {{1}, {0}};
  const TableSchema schema = schema_of_catalog(table.map, facts).value();
  EXPECT_EQ(schema.key_kind, KeyKind::kUnique);
  EXPECT_EQ(schema.key_columns, std::vector<uint32_t>{0});
}

}  // namespace
}  // namespace tailwater::mysql
