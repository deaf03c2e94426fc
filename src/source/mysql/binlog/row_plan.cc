#include "source/mysql/binlog/row_plan.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "source/mysql/binlog/decimal.h"
#include "source/mysql/binlog/mapped_type.h"
#include "source/mysql/binlog/temporal_wire.h"

namespace tailwater::mysql {
namespace {

constexpr uint32_t kUuidBytes = 16;
constexpr uint32_t kInet4Bytes = 4;
constexpr uint32_t kInet6Bytes = 16;
constexpr uint32_t kBlobMax = 0xffffffff;

unsigned length_bytes(uint32_t longest) {
  return longest < 256 ? 1 : 2;
}

void set_fixed(RowColumn& out, RowStep step, unsigned width) {
  out.step = step;
  out.width = static_cast<uint8_t>(width);
}

// Character and binary columns, whose step depends on what they mean.
bool plan_string(const MappedColumn& column, const Column& target, const Charset* charset,
                 unsigned width, RowColumn& out) {
  out.width = static_cast<uint8_t>(width);
  out.limit =
      column.is_character() && column.type <= ColumnType::kVarchar ? column.length : kBlobMax;
  if (column.type == ColumnType::kString || column.type == ColumnType::kVarString)
    out.limit = column.length;
  const bool packed = column.type == ColumnType::kMariadbBlobCompressed ||
                      column.type == ColumnType::kMariadbVarcharCompressed;
  const bool copied = charset == nullptr || charset->is_copied();
  switch (target.type.kind) {
    case TypeKind::kString:
      out.charset = charset;
      out.over_ascii = charset != nullptr && charset->has_ascii();
      out.step = packed ? (copied ? RowStep::kUnpackBytes : RowStep::kUnpackText)
                        : (copied ? RowStep::kBytes : RowStep::kText);
      return true;
    case TypeKind::kBytes:
      out.step = packed ? RowStep::kUnpackBytes : RowStep::kBytes;
      if (column.type == ColumnType::kString) out.step = RowStep::kPadded;
      return true;
    case TypeKind::kUuid:
      out.step = RowStep::kUuid;
      return out.limit == kUuidBytes;
    case TypeKind::kInet:
      out.step = RowStep::kInet;
      return out.limit == kInet4Bytes || out.limit == kInet6Bytes;
    case TypeKind::kVector:
    case TypeKind::kJson:
    case TypeKind::kSourceText:
      out.step = RowStep::kBytes;
      return true;
    default:
      return false;
  }
}

void plan_decimal(const MappedColumn& column, RowColumn& out) {
  out.digits = static_cast<uint8_t>(column.length);
  out.scale = column.scale;
  if (out.variable) return;
  const SmallDecimal shape = SmallDecimal::of(out.digits, out.scale);
  out.digits = shape.lead;
  out.limit = shape.groups;
  out.scale = shape.tail;
}

// Numbers: a step, the wire's bytes, and which logical types can hold them.
bool plan_number(const MappedColumn& column, TypeKind kind, RowColumn& out) {
  const auto fixed = [&](RowStep step, unsigned width, TypeKind one, TypeKind other) {
    set_fixed(out, step, width);
    return kind == one || kind == other;
  };
  switch (column.type) {
    case ColumnType::kTiny:
      return fixed(RowStep::kCopy1, 1, TypeKind::kInt8, TypeKind::kUint8);
    case ColumnType::kShort:
      return fixed(RowStep::kCopy2, 2, TypeKind::kInt16, TypeKind::kUint16);
    case ColumnType::kLong:
      return fixed(RowStep::kCopy4, 4, TypeKind::kInt32, TypeKind::kUint32);
    case ColumnType::kLonglong:
      return fixed(RowStep::kCopy8, 8, TypeKind::kInt64, TypeKind::kUint64);
    case ColumnType::kFloat:
      return fixed(RowStep::kCopy4, 4, TypeKind::kFloat32, TypeKind::kFloat32);
    case ColumnType::kDouble:
      return fixed(RowStep::kCopy8, 8, TypeKind::kFloat64, TypeKind::kFloat64);
    case ColumnType::kYear:
      return fixed(RowStep::kYear, 1, TypeKind::kYear, TypeKind::kYear);
    case ColumnType::kInt24:
      return fixed(kind == TypeKind::kUint32 ? RowStep::kUint24 : RowStep::kInt24, 3,
                   TypeKind::kInt32, TypeKind::kUint32);
    case ColumnType::kBit:
      return fixed(RowStep::kBit, (column.length + 7) / 8, TypeKind::kBit, TypeKind::kBit);
    case ColumnType::kEnum:
      return fixed(column.length == 1 ? RowStep::kSmallEnum : RowStep::kCopy2, column.length,
                   TypeKind::kEnum, TypeKind::kEnum);
    case ColumnType::kSet:
      return fixed(RowStep::kSet, column.length, TypeKind::kSet, TypeKind::kSet);
    case ColumnType::kNewdecimal:
      plan_decimal(column, out);
      return fixed(out.variable ? RowStep::kDecimal : RowStep::kSmallDecimal,
                   decimal_bytes(column.length, column.scale), TypeKind::kDecimal,
                   TypeKind::kDecimal);
    default:
      return false;
  }
}

// Dates and times; `base` bytes, and those of the fraction where the type has one.
bool plan_temporal(const MappedColumn& column, TypeKind kind, RowColumn& out) {
  const auto fixed = [&](RowStep step, unsigned base, TypeKind target) {
    const unsigned fraction = fraction_bytes(column.scale);
    out.digits = static_cast<uint8_t>(fraction);
    set_fixed(out, step, base + fraction);
    return kind == target;
  };
  switch (column.type) {
    case ColumnType::kDate:
    case ColumnType::kNewdate:
      return fixed(RowStep::kDate, 3, TypeKind::kDate);
    case ColumnType::kTime:
      return fixed(RowStep::kOldTime, 3, TypeKind::kTime);
    case ColumnType::kDatetime:
      return fixed(RowStep::kOldDatetime, 8, TypeKind::kDatetime);
    case ColumnType::kTimestamp:
      return fixed(RowStep::kTimestamp, 4, TypeKind::kTimestamp);
    case ColumnType::kTime2:
      return fixed(RowStep::kTime2, 3, TypeKind::kTime);
    case ColumnType::kDatetime2:
      return fixed(RowStep::kDatetime2, 5, TypeKind::kDatetime);
    case ColumnType::kTimestamp2:
      return fixed(RowStep::kTimestamp2, 4, TypeKind::kTimestamp);
    default:
      return false;
  }
}

bool plan_blob(RowStep step, uint32_t width, RowColumn& out) {
  set_fixed(out, step, width);
  out.limit = kBlobMax;
  return true;
}

// False when the logical type cannot hold the column's values.
bool plan_column(const MappedColumn& column, const Column& target, RowColumn& out) {
  const TypeKind kind = target.type.kind;
  if (plan_number(column, kind, out) || plan_temporal(column, kind, out)) return true;
  switch (column.type) {
    case ColumnType::kJson:
      return plan_blob(RowStep::kJson, column.length, out) && kind == TypeKind::kJson;
    case ColumnType::kGeometry:
      return plan_blob(RowStep::kBytes, column.length, out) && kind == TypeKind::kGeometry;
    case ColumnType::kVector:
      return plan_blob(RowStep::kBytes, column.length, out) && kind == TypeKind::kVector;
    default:
      break;
  }
  if (!column.is_character()) return false;
  const bool blob = column.type != ColumnType::kVarchar && column.type != ColumnType::kVarString &&
                    column.type != ColumnType::kString &&
                    column.type != ColumnType::kMariadbVarcharCompressed;
  return plan_string(column, target, charset_named(target.charset),
                     blob ? column.length : length_bytes(column.length), out);
}

// Whether the value's length stands before it.
bool has_length(RowStep step) {
  switch (step) {
    case RowStep::kBytes:
    case RowStep::kText:
    case RowStep::kPadded:
    case RowStep::kUuid:
    case RowStep::kInet:
    case RowStep::kJson:
    case RowStep::kUnpackBytes:
    case RowStep::kUnpackText:
      return true;
    default:
      return false;
  }
}

// The step for a column that is not kept.
void step_over(RowColumn& step) {
  step.step = has_length(step.step) ? RowStep::kSkipSized : RowStep::kSkip;
  step.variable = false;
}

bool is_copy(RowStep step) {
  return step == RowStep::kCopy1 || step == RowStep::kCopy2 || step == RowStep::kCopy4 ||
         step == RowStep::kCopy8;
}

// Columns that are only copied, and lie side by side in the row as in the image, become one step.
// It writes sixteen bytes: the slots behind are written by later steps, but not what lies behind
// them.
std::vector<RowColumn> merge_copies(const std::vector<RowColumn>& steps, uint32_t fixed_bytes) {
  std::vector<RowColumn> merged;
  for (const RowColumn& step : steps) {
    const bool copy = is_copy(step.step);
    if (copy && !merged.empty() && merged.back().step == RowStep::kCopy16 &&
        merged.back().width + step.width <= kMergedBytes) {
      merged.back().width = static_cast<uint8_t>(merged.back().width + step.width);
      continue;
    }
    merged.push_back(step);
    if (copy && step.slot + kMergedBytes <= fixed_bytes) merged.back().step = RowStep::kCopy16;
  }
  return merged;
}

}  // namespace

Result<RowPlan> RowPlan::make(const TableMap& map, SchemaPtr schema) {
  std::vector<uint32_t> all(schema->columns().size());
  std::iota(all.begin(), all.end(), 0);
  const TableSchema& table = schema->table();
  return make(map, table, all, std::move(schema));
}

Result<RowPlan> RowPlan::make(const TableMap& map, const TableSchema& table,
                              std::span<const uint32_t> kept, SchemaPtr schema) {
  if (map.columns.size() < table.columns.size() || kept.size() != schema->columns().size()) {
    return fail(ErrorKind::kBug, "the schema of " + table.full_name() +
                                     " has another number of columns than its table map");
  }
  RowPlan plan;
  plan.steps_.resize(map.columns.size());
  uint32_t place = 0;
  for (size_t i = 0; i < map.columns.size(); ++i) {
    RowColumn& step = plan.steps_[i];
    Column hidden;
    if (i >= table.columns.size()) {
      TW_ASSIGN(hidden.type, mapped_type(map.columns[i]));
    }
    const Column& target = i < table.columns.size() ? table.columns[i] : hidden;
    const bool is_kept = place < kept.size() && kept[place] == i;
    step.column = is_kept ? place : kNoColumn;
    step.variable = is_variable(target.type);
    if (is_kept) step.slot = schema->layout().slots[place++].at;
    if (!plan_column(map.columns[i], target, step)) {
      return fail(ErrorKind::kBug, "column '" + target.name + "' of " + table.full_name() +
                                       " cannot be " + std::string(to_string(target.type.kind)));
    }
    if (step.width >= 1 && step.width <= 4) step.length_mask = 0xffffffffu >> (32 - 8 * step.width);
    step.json = map.columns[i].type == ColumnType::kJson;
    if (!is_kept) step_over(step);
  }
  plan.schema_ = std::move(schema);
  return plan;
}

ImagePlan RowPlan::make_image(Bytes sent) const {
  ImagePlan plan;
  plan.schema = schema_;
  plan.columns_sent.assign(sent.begin(), sent.end());
  plan.fixed_bytes = schema_->layout().fixed_bytes;
  plan.presence.reserve(1);  // never a null pointer, even for a table of no columns
  plan.presence.resize(schema_->layout().presence_bytes);
  plan.first_bytes = plan.fixed_bytes + 64;
  plan.bytes_safe = kReadBeyondBytes;
  plan.shapes.resize(steps_.size());
  for (size_t i = 0; i < steps_.size(); ++i) {
    const RowColumn& step = steps_[i];
    if (step.step == RowStep::kJson) plan.shapes[step.column] = std::make_unique<JsonShape>();
    const bool here = (sent[i / 8] >> (i % 8) & 1) != 0;
    plan.steps.push_back(step);
    if (!here) plan.steps.back().step = RowStep::kMissing;
    if (step.column != kNoColumn) {
      const auto presence = here ? Presence::kPresent : Presence::kUnavailable;
      plan.presence[step.column / 4] |=
          static_cast<uint8_t>(static_cast<unsigned>(presence) << (step.column % 4 * 2));
    }
    if (here && step.variable) plan.first_bytes += 64;
    plan.bytes_safe += here ? step.width : 0;
    plan.sent += here ? 1 : 0;
  }
  plan.null_bytes = (plan.sent + 7) / 8;
  plan.bytes_safe += plan.null_bytes;
  plan.may_be_dense = plan.sent == plan.steps.size() && plan.sent <= 64;
  plan.null_mask = plan.sent < 64 ? (uint64_t{1} << plan.sent) - 1 : ~uint64_t{0};
  std::memcpy(&plan.presence_word, plan.presence.data(),
              std::min(plan.presence.size(), sizeof(plan.presence_word)));
  plan.merged = merge_copies(plan.steps, plan.fixed_bytes);
  return plan;
}

Result<const ImagePlan*> RowPlan::image(Bytes sent) {
  if (sent.size() != (steps_.size() + 7) / 8) {
    return fail(ErrorKind::kCorrupt, "a row event of " + schema_->table().full_name() +
                                         " has another number of columns than its table map");
  }
  for (size_t i = 0; i < images_.size(); ++i) {
    if (images_[i] == nullptr || !std::ranges::equal(images_[i]->columns_sent, sent)) continue;
    last_image_ = i;
    return images_[i].get();
  }
  auto made = std::make_unique<ImagePlan>(make_image(sent));
  // No server sends such images, and as they take no bytes, rows of them would never end.
  if (made->sent == 0) {
    return fail(ErrorKind::kCorrupt,
                "a row event of " + schema_->table().full_name() + " has no columns");
  }
  last_image_ = 1 - last_image_;
  images_[last_image_] = std::move(made);
  return images_[last_image_].get();
}

}  // namespace tailwater::mysql
