// The stored form of a SchemaCatalog: docs/schema_history_format.md.
#include "base/crc32c.h"
#include "base/cursor.h"
#include "source/mysql/ddl/schema_catalog.h"

namespace tailwater::mysql {
namespace {

constexpr uint32_t kMagic = 0x43535754;  // "TWSC"
constexpr uint16_t kFormVersion = 1;

enum ColumnFlag : uint8_t { kNullable = 1, kGenerated = 2, kInvisible = 4 };
enum TableFlag : uint8_t { kHiddenPeriod = 1 };
enum KeyFlag : uint8_t { kUnique = 1, kForReference = 2 };
constexpr uint8_t kColumnFlags = kNullable | kGenerated | kInvisible;
constexpr uint8_t kTableFlags = kHiddenPeriod;
constexpr uint8_t kKeyFlags = kUnique | kForReference;

void put_column(const ColumnFacts& column, ByteBuffer& out) {
  uint8_t flags = 0;
  if (column.nullable) flags |= kNullable;
  if (column.generated) flags |= kGenerated;
  if (column.invisible) flags |= kInvisible;
  out.put<uint8_t>(flags);
  out.put_sized(column.name);
  out.put_sized(column.data_type);
  out.put_sized(column.column_type);
  out.put_sized(column.character_set);
}

void put_key(const TrackedKey& key, ByteBuffer& out) {
  uint8_t flags = 0;
  if (key.unique) flags |= kUnique;
  if (key.for_reference) flags |= kForReference;
  out.put<uint8_t>(flags);
  out.put_sized(key.name);
  out.put<uint32_t>(static_cast<uint32_t>(key.parts.size()));
  for (const TrackedKey::Part& part : key.parts) {
    out.put<uint32_t>(part.column);
    out.put<uint64_t>(part.prefix);
  }
}

void put_tracked(const TableName& name, const TrackedTable& table, ByteBuffer& out) {
  out.put_sized(name.database);
  out.put_sized(name.table);
  out.put_sized(table.charset);
  out.put_sized(table.stale);
  out.put<uint8_t>(table.facts.hidden_period ? kHiddenPeriod : 0);
  out.put<uint32_t>(static_cast<uint32_t>(table.facts.columns.size()));
  for (const ColumnFacts& column : table.facts.columns) put_column(column, out);
  out.put<uint32_t>(static_cast<uint32_t>(table.keys.size()));
  for (const TrackedKey& key : table.keys) put_key(key, out);
}

// Reads with a Cursor; a flag or number that cannot be marks it as failed.
class FormReader {
 public:
  explicit FormReader(Bytes bytes) : cursor_(bytes) {}

  [[nodiscard]] bool whole() const { return cursor_.ok() && cursor_.at_end(); }

  void read_into(SchemaCatalog& catalog) {
    for (uint32_t left = count(); left > 0 && cursor_.ok(); --left) {
      const std::string_view name = cursor_.sized_text();
      catalog.put_database(name, cursor_.sized_text());
    }
    for (uint32_t left = count(); left > 0 && cursor_.ok(); --left) {
      TableName name{text(), text()};
      TrackedTable table = read_table();
      if (cursor_.ok()) catalog.put_table(name, std::move(table));
    }
  }

 private:
  std::string text() { return std::string(cursor_.sized_text()); }
  uint32_t count() { return cursor_.le<uint32_t>(); }

  uint8_t flags(uint8_t known) {
    const uint8_t value = cursor_.u8();
    if ((value & ~known) != 0) cursor_.mark_failed();
    return value;
  }

  TrackedTable read_table() {
    TrackedTable table;
    table.charset = text();
    table.stale = text();
    table.facts.hidden_period = (flags(kTableFlags) & kHiddenPeriod) != 0;
    for (uint32_t left = count(); left > 0 && cursor_.ok(); --left) {
      ColumnFacts column;
      const uint8_t set = flags(kColumnFlags);
      column.nullable = (set & kNullable) != 0;
      column.generated = (set & kGenerated) != 0;
      column.invisible = (set & kInvisible) != 0;
      column.name = text();
      column.data_type = text();
      column.column_type = text();
      column.character_set = text();
      table.facts.columns.push_back(std::move(column));
    }
    for (uint32_t left = count(); left > 0 && cursor_.ok(); --left) {
      table.keys.push_back(read_key(table.facts.columns.size()));
    }
    return table;
  }

  TrackedKey read_key(size_t columns) {
    TrackedKey key;
    const uint8_t set = flags(kKeyFlags);
    key.unique = (set & kUnique) != 0;
    key.for_reference = (set & kForReference) != 0;
    key.name = text();
    for (uint32_t left = count(); left > 0 && cursor_.ok(); --left) {
      const auto column = cursor_.le<uint32_t>();
      const auto prefix = cursor_.le<uint64_t>();
      if (column >= columns && column != TrackedKey::kExpression) cursor_.mark_failed();
      key.parts.push_back({column, prefix});
    }
    return key;
  }

  Cursor cursor_;
};

tl::unexpected<Error> damaged(const char* what) {
  return fail(ErrorKind::kCorrupt, std::string("the stored schemas are damaged: ") + what);
}

}  // namespace

void SchemaCatalog::encode(ByteBuffer& out) const {
  const size_t begin = out.size();
  out.put<uint32_t>(kMagic);
  out.put<uint16_t>(kFormVersion);
  out.put<uint8_t>(static_cast<uint8_t>(name_case_));
  out.put<uint8_t>(0);
  out.put<uint32_t>(static_cast<uint32_t>(databases_.size()));
  for (const auto& [name, charset] : databases_) {
    out.put_sized(name);
    out.put_sized(charset);
  }
  out.put<uint32_t>(static_cast<uint32_t>(tables_.size()));
  for (const auto& [name, table] : tables_) put_tracked(name, table, out);
  out.put<uint32_t>(crc32c(out.view(begin)));
}

Result<SchemaCatalog> SchemaCatalog::decode(Bytes bytes) {
  constexpr size_t kCrcBytes = sizeof(uint32_t);
  Cursor head(bytes);
  if (head.le<uint32_t>() != kMagic) return damaged("they do not begin as such");
  const auto version = head.le<uint16_t>();
  if (head.ok() && version != kFormVersion) {
    return fail(ErrorKind::kUnsupported,
                "stored schemas of version " + std::to_string(version) + " are not known here",
                "use the program that wrote them, or a later one");
  }
  const uint8_t name_case = head.u8();
  const uint8_t zero = head.u8();
  if (!head.ok() || head.remaining() < kCrcBytes) return damaged("they are too short");
  const Bytes covered = bytes.first(bytes.size() - kCrcBytes);
  if (crc32c(covered) != load<uint32_t>(bytes.data() + covered.size())) {
    return damaged("their checksum is wrong");
  }
  if (name_case > static_cast<uint8_t>(NameCase::kLower) || zero != 0) return damaged("a flag");
  SchemaCatalog catalog(static_cast<NameCase>(name_case));
  FormReader reader(head.rest().first(head.remaining() - kCrcBytes));
  reader.read_into(catalog);
  if (!reader.whole()) return damaged("a field does not fit");
  return catalog;
}

}  // namespace tailwater::mysql
