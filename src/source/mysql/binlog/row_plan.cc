#include "source/mysql/binlog/row_plan.h"

#include <algorithm>

#include "source/mysql/binlog/decimal.h"
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

void plan_fraction(const MappedColumn& column, RowStep step, unsigned base, RowColumn& out) {
  const unsigned fraction = fraction_bytes(column.scale);
  out.digits = static_cast<uint8_t>(fraction);
  set_fixed(out, step, base + fraction);
}

void plan_blob(RowStep step, uint32_t width, RowColumn& out) {
  set_fixed(out, step, width);
  out.limit = kBlobMax;
}

// False when the logical type cannot hold the column's values.
bool plan_column(const MappedColumn& column, const Column& target, RowColumn& out) {
  const TypeKind kind = target.type.kind;
  switch (column.type) {
    case ColumnType::kTiny:
      set_fixed(out, RowStep::kCopy1, 1);
      return kind == TypeKind::kInt8 || kind == TypeKind::kUint8 || kind == TypeKind::kBool;
    case ColumnType::kShort:
      set_fixed(out, RowStep::kCopy2, 2);
      return kind == TypeKind::kInt16 || kind == TypeKind::kUint16;
    case ColumnType::kInt24:
      set_fixed(out, kind == TypeKind::kUint32 ? RowStep::kUint24 : RowStep::kInt24, 3);
      return kind == TypeKind::kInt32 || kind == TypeKind::kUint32;
    case ColumnType::kLong:
      set_fixed(out, RowStep::kCopy4, 4);
      return kind == TypeKind::kInt32 || kind == TypeKind::kUint32;
    case ColumnType::kFloat:
      set_fixed(out, RowStep::kCopy4, 4);
      return kind == TypeKind::kFloat32;
    case ColumnType::kLonglong:
      set_fixed(out, RowStep::kCopy8, 8);
      return kind == TypeKind::kInt64 || kind == TypeKind::kUint64;
    case ColumnType::kDouble:
      set_fixed(out, RowStep::kCopy8, 8);
      return kind == TypeKind::kFloat64;
    case ColumnType::kYear:
      set_fixed(out, RowStep::kYear, 1);
      return kind == TypeKind::kYear;
    case ColumnType::kDate:
    case ColumnType::kNewdate:
      set_fixed(out, RowStep::kDate, 3);
      return kind == TypeKind::kDate;
    case ColumnType::kTime:
      set_fixed(out, RowStep::kOldTime, 3);
      return kind == TypeKind::kTime;
    case ColumnType::kDatetime:
      set_fixed(out, RowStep::kOldDatetime, 8);
      return kind == TypeKind::kDatetime;
    case ColumnType::kTimestamp:
      set_fixed(out, RowStep::kTimestamp, 4);
      return kind == TypeKind::kTimestamp;
    case ColumnType::kTime2:
      plan_fraction(column, RowStep::kTime2, 3, out);
      return kind == TypeKind::kTime;
    case ColumnType::kDatetime2:
      plan_fraction(column, RowStep::kDatetime2, 5, out);
      return kind == TypeKind::kDatetime;
    case ColumnType::kTimestamp2:
      plan_fraction(column, RowStep::kTimestamp2, 4, out);
      return kind == TypeKind::kTimestamp;
    case ColumnType::kNewdecimal:
      set_fixed(out, RowStep::kDecimal, decimal_bytes(column.length, column.scale));
      out.digits = static_cast<uint8_t>(column.length);
      out.scale = column.scale;
      return kind == TypeKind::kDecimal;
    case ColumnType::kBit:
      set_fixed(out, RowStep::kBit, (column.length + 7) / 8);
      return kind == TypeKind::kBit;
    case ColumnType::kEnum:
      set_fixed(out, column.length == 1 ? RowStep::kSmallEnum : RowStep::kCopy2, column.length);
      return kind == TypeKind::kEnum;
    case ColumnType::kSet:
      set_fixed(out, RowStep::kSet, column.length);
      return kind == TypeKind::kSet;
    case ColumnType::kJson:
      plan_blob(RowStep::kJson, column.length, out);
      return kind == TypeKind::kJson;
    case ColumnType::kGeometry:
      plan_blob(RowStep::kBytes, column.length, out);
      return kind == TypeKind::kGeometry;
    case ColumnType::kVector:
      plan_blob(RowStep::kBytes, column.length, out);
      return kind == TypeKind::kVector;
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

}  // namespace

Result<RowPlan> RowPlan::make(const TableMap& map, SchemaPtr schema) {
  if (map.columns.size() != schema->columns().size()) {
    return fail(ErrorKind::kBug, "the schema of " + schema->table().full_name() +
                                     " has another number of columns than its table map");
  }
  RowPlan plan;
  plan.steps_.resize(map.columns.size());
  for (size_t i = 0; i < map.columns.size(); ++i) {
    RowColumn& step = plan.steps_[i];
    const Column& target = schema->columns()[i];
    step.column = static_cast<uint32_t>(i);
    step.slot = schema->layout().slots[i].at;
    step.variable = schema->layout().slots[i].variable;
    if (!plan_column(map.columns[i], target, step)) {
      return fail(ErrorKind::kBug, "column '" + target.name + "' of " +
                                       schema->table().full_name() + " cannot be " +
                                       std::string(to_string(target.type.kind)));
    }
  }
  plan.schema_ = std::move(schema);
  return plan;
}

ImagePlan RowPlan::make_image(Bytes sent) const {
  ImagePlan plan;
  plan.schema = schema_;
  plan.columns_sent.assign(sent.begin(), sent.end());
  plan.fixed_bytes = schema_->layout().fixed_bytes;
  plan.presence.resize(schema_->layout().presence_bytes);
  plan.first_bytes = plan.fixed_bytes;
  for (const RowColumn& step : steps_) {
    const bool here = (sent[step.column / 8] >> (step.column % 8) & 1) != 0;
    (here ? plan.steps : plan.missing).push_back(step);
    const auto presence = here ? Presence::kPresent : Presence::kUnavailable;
    plan.presence[step.column / 4] |=
        static_cast<uint8_t>(static_cast<unsigned>(presence) << (step.column % 4 * 2));
    if (here && step.variable) plan.first_bytes += 64;
  }
  return plan;
}

Result<const ImagePlan*> RowPlan::image(Bytes sent) {
  if (sent.size() * 8 < steps_.size()) {
    return fail(ErrorKind::kCorrupt, "a row event of " + schema_->table().full_name() + " has " +
                                         std::to_string(sent.size() * 8) + " columns, its table " +
                                         std::to_string(steps_.size()));
  }
  for (size_t i = 0; i < images_.size(); ++i) {
    if (images_[i] == nullptr || !std::ranges::equal(images_[i]->columns_sent, sent)) continue;
    last_image_ = i;
    return images_[i].get();
  }
  last_image_ = 1 - last_image_;
  images_[last_image_] = std::make_unique<ImagePlan>(make_image(sent));
  return images_[last_image_].get();
}

}  // namespace tailwater::mysql
