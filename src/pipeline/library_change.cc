// The library's view of changes (include/tailwater/change.h).
#include <limits>

#include <fmt/format.h>
#include <tailwater/change.h>

#include "model/change.h"
#include "model/value_text.h"

namespace tailwater {
namespace {

const RowView& row_of(const ChangeView& change, bool after) {
  return after ? change.after : change.before;
}

std::optional<int64_t> signed_of(const RowView& row, const Type& type, size_t column) {
  switch (type.kind) {
    case TypeKind::kInt8:
      return row.fixed<int8_t>(column);
    case TypeKind::kInt16:
      return row.fixed<int16_t>(column);
    case TypeKind::kInt32:
      return row.fixed<int32_t>(column);
    case TypeKind::kInt64:
      return row.fixed<int64_t>(column);
    default:
      return std::nullopt;
  }
}

std::optional<uint64_t> unsigned_of(const RowView& row, const Type& type, size_t column) {
  switch (type.kind) {
    case TypeKind::kBool:
    case TypeKind::kUint8:
      return row.fixed<uint8_t>(column);
    case TypeKind::kUint16:
    case TypeKind::kYear:
    case TypeKind::kEnum:
      return row.fixed<uint16_t>(column);
    case TypeKind::kUint32:
      return row.fixed<uint32_t>(column);
    case TypeKind::kUint64:
    case TypeKind::kSet:
      return row.fixed<uint64_t>(column);
    case TypeKind::kBit:
      if (!is_variable(type)) return row.fixed<uint64_t>(column);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string_view to_string(Operation operation) {
  if (operation == Operation::kHeartbeat) return "heartbeat";
  return to_string(static_cast<Op>(operation));
}

std::string_view Field::name() const {
  return change_->schema->columns()[column_].name;
}
std::string_view Field::type() const {
  return to_string(change_->schema->columns()[column_].type.kind);
}
std::string_view Field::source_type() const {
  return change_->schema->columns()[column_].source_type;
}

bool Field::is_null() const {
  return row_of(*change_, after_).presence(column_) == Presence::kNull;
}

bool Field::is_unavailable() const {
  return row_of(*change_, after_).presence(column_) == Presence::kUnavailable;
}

std::string Field::text() const {
  std::string text;
  const RowView& row = row_of(*change_, after_);
  if (row.presence(column_) == Presence::kPresent) {
    append_value_text(text, row, *change_->schema, column_);
  }
  return text;
}

std::string_view Field::view() const {
  const RowView& row = row_of(*change_, after_);
  const Type& type = change_->schema->columns()[column_].type;
  if (row.presence(column_) != Presence::kPresent) return {};
  if (type.kind == TypeKind::kEnum) return enum_label(type, row.fixed<uint16_t>(column_));
  return is_variable(type) ? row.text(column_) : std::string_view{};
}

std::optional<int64_t> Field::integer() const {
  const RowView& row = row_of(*change_, after_);
  const Type& type = change_->schema->columns()[column_].type;
  if (row.presence(column_) != Presence::kPresent) return std::nullopt;
  if (const auto value = signed_of(row, type, column_); value) return value;
  const auto value = unsigned_of(row, type, column_);
  if (!value || *value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return std::nullopt;
  return static_cast<int64_t>(*value);
}

std::optional<uint64_t> Field::unsigned_integer() const {
  const RowView& row = row_of(*change_, after_);
  const Type& type = change_->schema->columns()[column_].type;
  if (row.presence(column_) != Presence::kPresent) return std::nullopt;
  if (const auto value = unsigned_of(row, type, column_); value) return value;
  const auto value = signed_of(row, type, column_);
  if (!value || *value < 0) return std::nullopt;
  return static_cast<uint64_t>(*value);
}

std::optional<double> Field::number() const {
  const RowView& row = row_of(*change_, after_);
  const TypeKind kind = change_->schema->columns()[column_].type.kind;
  if (row.presence(column_) != Presence::kPresent) return std::nullopt;
  if (kind == TypeKind::kFloat32) return row.fixed<float>(column_);
  if (kind == TypeKind::kFloat64) return row.fixed<double>(column_);
  if (const auto value = integer(); value) return static_cast<double>(*value);
  if (const auto value = unsigned_integer(); value) return static_cast<double>(*value);
  return std::nullopt;
}

Row::operator bool() const {
  return !row_of(*change_, after_).empty();
}
size_t Row::size() const {
  return row_of(*change_, after_).columns();
}

std::optional<Field> Row::find(std::string_view name) const {
  if (!*this) return std::nullopt;
  const auto& columns = change_->schema->columns();
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return Field(change_, after_, i);
  }
  return std::nullopt;
}

Operation Change::operation() const {
  return static_cast<Operation>(change_->op);
}

std::string_view Change::database() const {
  return change_->schema == nullptr ? change_->database : change_->schema->table().database;
}

std::string_view Change::table() const {
  return change_->schema == nullptr ? std::string_view{} : change_->schema->table().table;
}

Row Change::row() const {
  return change_->after.empty() ? before() : after();
}

size_t Change::key_size() const {
  return change_->schema == nullptr ? 0 : change_->schema->table().key_columns.size();
}

Field Change::key(size_t part) const {
  return row()[change_->schema->table().key_columns[part]];
}

std::string_view Change::statement() const {
  return change_->statement;
}
uint64_t Change::offset() const {
  return raw(change_->offset);
}
uint64_t Change::ordinal() const {
  return change_->ordinal;
}
bool Change::last_of_transaction() const {
  return change_->last;
}
std::string_view Change::gtid() const {
  return transaction_->gtid;
}
int64_t Change::commit_time_us() const {
  return transaction_->commit_ts_us;
}

std::string Change::event_id() const {
  if (!transaction_->gtid.empty())
    return fmt::format("{}/{}", transaction_->gtid, change_->ordinal);
  return fmt::format("{}:{}/{}", transaction_->file, transaction_->start_pos, change_->ordinal);
}

std::string Change::position_after() const {
  return fmt::format("{}:{}", transaction_->file, transaction_->end_pos);
}

}  // namespace tailwater
