// The steps of row images one by one, with care; and the rarer ones.
#include "source/mysql/binlog/row_transcoder.h"

#include "source/mysql/binlog/compressed.h"
#include "source/mysql/binlog/inet_text.h"
#include "source/mysql/binlog/json_binary.h"

namespace tailwater::mysql {
namespace {

constexpr int32_t kYearBase = 1900;

}  // namespace

Status damaged_row(const ImagePlan& plan, size_t step) {
  const TableSchema& table = plan.schema->table();
  std::string what = "a row of " + table.full_name() + " is damaged";
  if (step < plan.steps.size()) {
    const uint32_t column = plan.steps[step].column;
    what += column == kNoColumn ? " at a column that is not kept"
                                : " at column '" + table.columns[column].name + "'";
  }
  return fail(ErrorKind::kCorrupt, std::move(what));
}

// Columns that are absent must not keep what the memory held before.
void Transcoder::clear_slots() {
  const size_t from = plan_->presence.size();
  std::memset(out_.row() + from, 0, plan_->fixed_bytes - from);
}

// The ends of variable columns go up in column order, also of those without a value.
void Transcoder::set_absent(const RowColumn& step) {
  // kPresent is 1: taking the bit away leaves kNull.
  if (!writes_nothing(step.step))
    out_.row()[step.column / 4] &= static_cast<uint8_t>(~(1u << (step.column % 4 * 2)));
  if (step.variable) close(step);
}

bool Transcoder::careful() {
  step_ = plan_->steps.size();
  const uint8_t* const nulls = in_;
  if (left() < plan_->null_bytes) return false;
  in_ += plan_->null_bytes;
  start_presence();
  clear_slots();
  size_t bit = 0;
  for (step_ = 0; step_ < plan_->steps.size(); ++step_) {
    const RowColumn& step = plan_->steps[step_];
    const bool partial = !partial_.empty() && step.json && partial_.take();
    if (step.step == RowStep::kMissing || is_null(nulls, bit++)) {
      set_absent(step);
    } else if (partial ? !apply_diffs(step) : !apply(step)) {
      return false;
    }
  }
  return true;
}

bool Transcoder::apply(const RowColumn& step) {
  if (left() < step.width) [[unlikely]]
    return false;
  switch (step.step) {
    case RowStep::kCopy1:
      *slot(step) = *in_;
      break;
    case RowStep::kCopy2:
      store(slot(step), load<uint16_t>(in_));
      break;
    case RowStep::kCopy4:
      store(slot(step), load<uint32_t>(in_));
      break;
    case RowStep::kCopy8:
      store(slot(step), load<uint64_t>(in_));
      break;
    case RowStep::kInt24:
      store(slot(step), static_cast<int32_t>(three_bytes() << 8) >> 8);
      break;
    case RowStep::kUint24:
      store(slot(step), three_bytes());
      break;
    case RowStep::kYear:
      year(step);
      break;
    case RowStep::kDate:
      store(slot(step), read_date(in_).packed);
      break;
    case RowStep::kTimestamp:
      old_timestamp(step);
      break;
    case RowStep::kTimestamp2:
      store(slot(step), timestamp2_of(short_word_at(in_, step.width), step.digits));
      break;
    case RowStep::kSmallEnum:
      store<uint16_t>(slot(step), *in_);
      break;
    case RowStep::kSet:
      set(step);
      break;
    case RowStep::kBit:
      store(slot(step), big_endian(in_, step.width));
      break;
    case RowStep::kBytes:
    case RowStep::kText:
    case RowStep::kJson:
      return variable(step);
    default:
      return apply_rare(step);
  }
  in_ += step.width;
  return true;
}

bool Transcoder::apply_rare(const RowColumn& step) {
  switch (step.step) {
    case RowStep::kDecimal:
      return decimal(step);
    case RowStep::kSmallDecimal:
      return small_decimal(step);
    case RowStep::kDatetime2:
      return datetime(step);
    case RowStep::kTime2:
      return time2(step);
    case RowStep::kOldTime:
      return old_time(step);
    case RowStep::kOldDatetime:
      return datetime(step);
    case RowStep::kPadded:
      return padded(step);
    case RowStep::kUuid:
      return uuid(step);
    case RowStep::kInet:
      return inet(step);
    case RowStep::kUnpackBytes:
    case RowStep::kUnpackText:
      return unpack(step);
    case RowStep::kSkip:
      in_ += step.width;
      return true;
    case RowStep::kSkipSized:
      return skip_sized(step);
    default:
      return false;
  }
}

void Transcoder::year(const RowColumn& step) {
  store(slot(step), static_cast<uint16_t>(*in_ == 0 ? 0 : *in_ + kYearBase));
}

void Transcoder::set(const RowColumn& step) {
  uint64_t bits = 0;
  std::memcpy(&bits, in_, step.width);
  store(slot(step), bits);
}

void Transcoder::old_timestamp(const RowColumn& step) {
  const auto seconds = load<uint32_t>(in_);
  store<int64_t>(slot(step), seconds == 0 ? kTimestampZero : int64_t{seconds} * kSecondUs);
}

bool Transcoder::decimal(const RowColumn& step) {
  out_.ensure(kDecimalTextMax);
  uint8_t* const end = write_decimal(in_, step.digits, step.scale, out_.at);
  if (end == nullptr) return false;
  out_.at = end;
  in_ += step.width;
  close(step);
  return true;
}

bool Transcoder::small_decimal(const RowColumn& step) {
  int64_t value = 0;
  const bool sound = read_small_decimal(in_, end_, shape_of(step), value);
  store(slot(step), value);
  in_ += step.width;
  return sound;
}

bool Transcoder::datetime(const RowColumn& step) {
  Datetime value;
  const bool sound = step.step == RowStep::kDatetime2
                         ? datetime2_of(short_word_at(in_, step.width), step.digits, value)
                         : read_old_datetime(in_, value);
  put_datetime(slot(step), value);
  in_ += step.width;
  return sound;
}

bool Transcoder::put_time(const RowColumn& step, int64_t value) {
  store(slot(step), value);
  in_ += step.width;
  return true;
}
bool Transcoder::time2(const RowColumn& step) {
  int64_t value = 0;
  return read_time2(in_, step.digits, value) && put_time(step, value);
}
bool Transcoder::old_time(const RowColumn& step) {
  int64_t value = 0;
  return read_old_time(in_, value) && put_time(step, value);
}

// The length before a value; false when it does not fit.
bool Transcoder::length(const RowColumn& step, size_t& out) {
  size_t value = 0;
  if (left() >= sizeof(uint32_t)) [[likely]] {
    value = load<uint32_t>(in_) & step.length_mask;
  } else {
    for (unsigned i = step.width; i-- > 0;) value = value << 8 | in_[i];
  }
  in_ += step.width;
  out = value;
  return value <= left() && value <= step.limit;
}

// The commoner ones of the values that are a length and bytes.
bool Transcoder::variable(const RowColumn& step) {
  size_t count = 0;
  if (!length(step, count)) [[unlikely]]
    return false;
  if (step.step == RowStep::kBytes) {
    copy(count);
  } else if (step.step == RowStep::kText) {
    convert(step.charset, Bytes(in_, count));
    in_ += count;
  } else {
    if (!write_json(Bytes(in_, count), out_)) [[unlikely]]
      return false;
    if (documents_ != nullptr) documents_->set(step.column, Bytes(in_, count));
    in_ += count;
  }
  close(step);
  return true;
}

bool Transcoder::skip_sized(const RowColumn& step) {
  size_t count = 0;
  if (!length(step, count)) return false;
  in_ += count;
  return true;
}

void Transcoder::copy(size_t count) {
  out_.ensure(count);
  if (count != 0) std::memcpy(out_.at, in_, count);
  out_.at += count;
  in_ += count;
}

// Text of another character set. What is no text there is kept as it is.
void Transcoder::convert(const Charset* charset, Bytes value) {
  out_.ensure(value.size() * Charset::kExpansion);
  uint8_t* const end = charset == nullptr ? nullptr : charset->write_utf8(value, out_.at);
  if (end != nullptr) {
    out_.at = end;
    return;
  }
  if (!value.empty()) std::memcpy(out_.at, value.data(), value.size());
  out_.at += value.size();
}

bool Transcoder::padded(const RowColumn& step) {
  size_t count = 0;
  if (!length(step, count)) return false;
  out_.ensure(step.limit);
  std::memcpy(out_.at, in_, count);
  std::memset(out_.at + count, 0, step.limit - count);
  out_.at += step.limit;
  in_ += count;
  close(step);
  return true;
}

bool Transcoder::uuid(const RowColumn& step) {
  size_t count = 0;
  if (!length(step, count)) return false;
  std::memset(slot(step), 0, step.limit);
  std::memcpy(slot(step), in_, count);
  in_ += count;
  return true;
}

bool Transcoder::inet(const RowColumn& step) {
  size_t count = 0;
  if (!length(step, count)) return false;
  std::array<uint8_t, 16> address{};
  std::memcpy(address.data(), in_, count);
  in_ += count;
  out_.ensure(kInetTextMax);
  out_.at =
      step.limit == 4 ? write_inet4(address.data(), out_.at) : write_inet6(address.data(), out_.at);
  close(step);
  return true;
}

// MariaDB's compressed columns: a byte (0: as it is; 8 in the upper half: deflate, then whether
// without zlib's frame, and how many bytes the length has), the length, big-endian, and the data.
// Source: MariaDB field_comp.cc.
bool Transcoder::unpack(const RowColumn& step) {
  constexpr unsigned kDeflate = 8;
  size_t count = 0;
  if (!length(step, count)) return false;
  Cursor value(Bytes(in_, count));
  in_ += count;
  ByteBuffer unpacked;
  Bytes content;
  if (count != 0) {
    const uint8_t head = value.u8();
    if (head == 0) {
      content = value.rest();
    } else {
      if (head >> 4 != kDeflate || (head & 7) == 0) return false;
      const uint64_t size = value.be_uint(head & 7);
      const auto how = (head & 8) != 0 ? &unpack_deflate : &unpack_zlib;
      if (!value.ok() || !how(value.rest(), size, unpacked)) return false;
      content = unpacked.view();
    }
  }
  convert(step.step == RowStep::kUnpackText ? step.charset : nullptr, content);
  close(step);
  return true;
}

}  // namespace tailwater::mysql
