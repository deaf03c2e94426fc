// The hot path of the source: wire bytes of a row image to a row of the changelog, in one pass.
#include "source/mysql/binlog/compressed.h"
#include "source/mysql/binlog/decimal.h"
#include "source/mysql/binlog/inet_text.h"
#include "source/mysql/binlog/json_binary.h"
#include "source/mysql/binlog/row_output.h"
#include "source/mysql/binlog/row_plan.h"
#include "source/mysql/binlog/temporal_wire.h"

namespace tailwater::mysql {
namespace {

constexpr size_t kBlock = 16;
constexpr int32_t kYearBase = 1900;

// Images one after the other. Steps read at `in_`, never beyond `end_`, and write into slots or at
// the row's end.
class Transcoder {
 public:
  Transcoder(Bytes rows, ByteBuffer& out)
      : out_(out), in_(rows.data()), end_(rows.data() + rows.size()) {}

  // Whether the image was sound; if not, `failed_at` is the step.
  bool image(const ImagePlan& plan) {
    plan_ = &plan;
    const size_t null_bytes = (plan.steps.size() + 7) / 8;
    if (left() < null_bytes) [[unlikely]]
      return false;
    const uint8_t* const nulls = in_;
    in_ += null_bytes;
    start_row();
    return any_null(nulls) || !plan.missing.empty() ? sparse(nulls) : dense();
  }
  // The same after the image's length.
  bool sized_image(const ImagePlan& plan) {
    out_.ensure(sizeof(uint32_t));
    out_.at += sizeof(uint32_t);
    if (!image(plan)) [[unlikely]]
      return false;
    store(out_.row() - sizeof(uint32_t), static_cast<uint32_t>(out_.written(out_.at)));
    return true;
  }
  [[nodiscard]] RowOutput& output() { return out_; }
  [[nodiscard]] const uint8_t* input() const { return in_; }
  [[nodiscard]] size_t left() const { return static_cast<size_t>(end_ - in_); }
  [[nodiscard]] size_t failed_at() const { return step_; }

 private:
  [[nodiscard]] uint8_t* slot(const RowColumn& step) const { return out_.row() + step.slot; }

  void start_row() {
    out_.start_row(plan_->first_bytes);
    uint8_t* const row = out_.row();
    const size_t bytes = plan_->presence.size();
    if (bytes <= sizeof(uint64_t)) [[likely]] {
      store(row, plan_->presence_word);  // the slots after it are written later
    } else {
      std::memcpy(row, plan_->presence.data(), bytes);
    }
    out_.at = row + plan_->fixed_bytes;
  }

  // Bits beyond the last column mean nothing: the servers set them.
  [[nodiscard]] bool any_null(const uint8_t* nulls) const {
    const size_t columns = plan_->steps.size();
    for (size_t i = 0; i < columns / 8; ++i) {
      if (nulls[i] != 0) return true;
    }
    return columns % 8 != 0 && (nulls[columns / 8] & ((1u << columns % 8) - 1)) != 0;
  }

  // Every column is there and has a value: the case that must be fast. Where we read and write is
  // kept in registers, and given back to the members only around the rarer steps.
  bool dense() {
    const uint8_t* in = in_;
    uint8_t* row = out_.row();
    for (const RowColumn& step : plan_->steps) {
      if (static_cast<size_t>(end_ - in) < step.width) [[unlikely]]
        return stop(step);
      uint8_t* const slot = row + step.slot;
      switch (step.step) {
        case RowStep::kCopy1:
          *slot = *in;
          break;
        case RowStep::kCopy2:
          store(slot, load<uint16_t>(in));
          break;
        case RowStep::kCopy4:
          store(slot, load<uint32_t>(in));
          break;
        case RowStep::kCopy8:
          store(slot, load<uint64_t>(in));
          break;
        case RowStep::kDate:
          store(slot, read_date(in).packed);
          break;
        case RowStep::kTimestamp2:
          store(slot, read_timestamp2(in, step.digits));
          break;
        case RowStep::kSmallDecimal: {
          int64_t value = 0;
          if (!read_small_decimal(in, end_, shape_of(step), value)) [[unlikely]]
            return stop(step);
          store(slot, value);
          break;
        }
        case RowStep::kDatetime2: {
          Datetime value;
          if (!read_datetime2(in, step.digits, value)) [[unlikely]]
            return stop(step);
          put_datetime(slot, value);
          break;
        }
        case RowStep::kBytes:
        case RowStep::kText:
        case RowStep::kJson:
          in_ = in;
          if (!variable(step)) [[unlikely]]
            return stop(step);
          in = in_;
          row = out_.row();
          continue;
        default:
          in_ = in;
          if (!apply(step)) [[unlikely]]
            return stop(step);
          in = in_;
          row = out_.row();
          continue;
      }
      in += step.width;
    }
    in_ = in;
    return true;
  }

  bool stop(const RowColumn& step) {
    step_ = static_cast<size_t>(&step - plan_->steps.data());
    return false;
  }

  // Some columns are NULL or missing: fixed slots must not keep what the memory held before, and
  // the ends of variable columns go up in column order.
  bool sparse(const uint8_t* nulls) {
    uint8_t* const row = out_.row();
    std::memset(row + plan_->presence.size(), 0, plan_->fixed_bytes - plan_->presence.size());
    const size_t count = plan_->steps.size();
    size_t missing = 0;
    for (step_ = 0; step_ < count; ++step_) {
      const RowColumn& step = plan_->steps[step_];
      close_missing(missing, step.column);
      if ((nulls[step_ / 8] >> (step_ % 8) & 1) == 0) {
        if (!apply(step)) return false;
        continue;
      }
      // kPresent is 1: taking the bit away leaves kNull.
      out_.row()[step.column / 4] &= static_cast<uint8_t>(~(1u << (step.column % 4 * 2)));
      if (step.variable) close(step);
    }
    close_missing(missing, UINT32_MAX);
    return true;
  }

  void close_missing(size_t& next, uint32_t before) {
    while (next < plan_->missing.size() && plan_->missing[next].column < before) {
      if (plan_->missing[next].variable) close(plan_->missing[next]);
      ++next;
    }
  }

  void close(const RowColumn& step) {
    const uint8_t* const start = out_.row() + plan_->fixed_bytes;
    store<uint32_t>(slot(step), static_cast<uint32_t>(out_.at - start));
  }

  bool apply(const RowColumn& step) {
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
        store(slot(step), read_timestamp2(in_, step.digits));
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

  bool apply_rare(const RowColumn& step) {
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
      default:
        return false;
    }
  }

  [[nodiscard]] uint32_t three_bytes() const {
    return in_[0] | in_[1] * 0x100u | in_[2] * 0x10000u;
  }

  void year(const RowColumn& step) {
    store(slot(step), static_cast<uint16_t>(*in_ == 0 ? 0 : *in_ + kYearBase));
  }

  void set(const RowColumn& step) {
    uint64_t bits = 0;
    std::memcpy(&bits, in_, step.width);
    store(slot(step), bits);
  }

  void old_timestamp(const RowColumn& step) {
    const auto seconds = load<uint32_t>(in_);
    store<int64_t>(slot(step), seconds == 0 ? kTimestampZero : int64_t{seconds} * kSecondUs);
  }

  bool decimal(const RowColumn& step) {
    out_.ensure(kDecimalTextMax);
    uint8_t* const end = write_decimal(in_, step.digits, step.scale, out_.at);
    if (end == nullptr) return false;
    out_.at = end;
    in_ += step.width;
    close(step);
    return true;
  }

  static SmallDecimal shape_of(const RowColumn& step) {
    return {step.digits, static_cast<uint8_t>(step.limit), step.scale};
  }
  bool small_decimal(const RowColumn& step) {
    int64_t value = 0;
    const bool sound = read_small_decimal(in_, end_, shape_of(step), value);
    store(slot(step), value);
    in_ += step.width;
    return sound;
  }

  static void put_datetime(uint8_t* slot, const Datetime& value) {
    store<int32_t>(slot, value.date.packed);
    store<int64_t>(slot + sizeof(int32_t), value.time_us);
  }
  bool datetime(const RowColumn& step) {
    Datetime value;
    const bool sound = step.step == RowStep::kDatetime2 ? read_datetime2(in_, step.digits, value)
                                                        : read_old_datetime(in_, value);
    put_datetime(slot(step), value);
    in_ += step.width;
    return sound;
  }

  bool put_time(const RowColumn& step, int64_t value) {
    store(slot(step), value);
    in_ += step.width;
    return true;
  }
  bool time2(const RowColumn& step) {
    int64_t value = 0;
    return read_time2(in_, step.digits, value) && put_time(step, value);
  }
  bool old_time(const RowColumn& step) {
    int64_t value = 0;
    return read_old_time(in_, value) && put_time(step, value);
  }

  // The length before a value; false when it does not fit.
  bool length(const RowColumn& step, size_t& out) {
    size_t value = 0;
    if (left() >= sizeof(uint32_t)) [[likely]] {
      value = load<uint32_t>(in_) & (0xffffffffu >> (32 - 8 * step.width));
    } else {
      for (unsigned i = step.width; i-- > 0;) value = value << 8 | in_[i];
    }
    in_ += step.width;
    out = value;
    return value <= left() && value <= step.limit;
  }

  // The commoner ones of the values that are a length and bytes.
  bool variable(const RowColumn& step) {
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
      in_ += count;
    }
    close(step);
    return true;
  }

  // Short values are copied in blocks that may read and write some bytes too many, where there are
  // such bytes: cheaper than a call for a handful of bytes.
  void copy(size_t count) {
    constexpr size_t kShort = 64;
    out_.ensure(count + kBlock);
    if (count <= kShort && left() >= kShort + kBlock) [[likely]] {
      for (size_t done = 0; done < count; done += kBlock) {
        std::memcpy(out_.at + done, in_ + done, kBlock);
      }
    } else {
      std::memcpy(out_.at, in_, count);
    }
    out_.at += count;
    in_ += count;
  }

  // Whether the value is nothing but ASCII, and was copied.
  bool copy_ascii_only(Bytes value) {
    constexpr uint64_t kHighBits = 0x8080808080808080;
    constexpr size_t kWord = sizeof(uint64_t);
    const uint8_t* const from = value.data();
    uint64_t bits = 0;
    if (value.size() >= kWord) {
      for (size_t i = 0; i + kWord <= value.size(); i += kWord) {
        const auto word = load<uint64_t>(from + i);
        bits |= word;
        store(out_.at + i, word);
      }
      const auto last = load<uint64_t>(from + value.size() - kWord);
      bits |= last;
      store(out_.at + value.size() - kWord, last);
    } else {
      for (size_t i = 0; i < value.size(); ++i) {
        bits |= from[i];
        out_.at[i] = from[i];
      }
    }
    if ((bits & kHighBits) != 0) return false;
    out_.at += value.size();
    return true;
  }

  // Text of another character set. What is no text there is kept as it is.
  void convert(const Charset* charset, Bytes value) {
    out_.ensure(value.size() * Charset::kExpansion + kBlock);
    if (charset != nullptr && charset->has_ascii() && copy_ascii_only(value)) [[likely]]
      return;
    uint8_t* const end = charset == nullptr ? nullptr : charset->write_utf8(value, out_.at);
    if (end != nullptr) {
      out_.at = end;
      return;
    }
    if (!value.empty()) std::memcpy(out_.at, value.data(), value.size());
    out_.at += value.size();
  }

  bool padded(const RowColumn& step) {
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

  bool uuid(const RowColumn& step) {
    size_t count = 0;
    if (!length(step, count)) return false;
    std::memset(slot(step), 0, step.limit);
    std::memcpy(slot(step), in_, count);
    in_ += count;
    return true;
  }

  bool inet(const RowColumn& step) {
    size_t count = 0;
    if (!length(step, count)) return false;
    std::array<uint8_t, 16> address{};
    std::memcpy(address.data(), in_, count);
    in_ += count;
    out_.ensure(kInetTextMax);
    out_.at = step.limit == 4 ? write_inet4(address.data(), out_.at)
                              : write_inet6(address.data(), out_.at);
    close(step);
    return true;
  }

  // MariaDB's compressed columns: a byte (0: as it is; 8 in the upper half: deflate, then whether
  // without zlib's frame, and how many bytes the length has), the length, big-endian, and the data.
  // Source: MariaDB field_comp.cc.
  bool unpack(const RowColumn& step) {
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

  const ImagePlan* plan_ = nullptr;
  RowOutput out_;
  const uint8_t* in_;
  const uint8_t* end_;
  size_t step_ = 0;
};

Status damaged_row(const ImagePlan& plan, size_t step) {
  const TableSchema& table = plan.schema->table();
  std::string what = "a row of " + table.full_name() + " is damaged";
  if (step < plan.steps.size())
    what += " at column '" + table.columns[plan.steps[step].column].name + "'";
  return fail(ErrorKind::kCorrupt, std::move(what));
}

}  // namespace

Status transcode_image(const ImagePlan& plan, Cursor& rows, ByteBuffer& out) {
  Transcoder transcoder(rows.rest(), out);
  if (!transcoder.image(plan)) return damaged_row(plan, transcoder.failed_at());
  transcoder.output().commit();
  rows.skip(static_cast<size_t>(transcoder.input() - rows.position()));
  return {};
}

RowsTaken transcode_rows(const ImagePlan& first, const ImagePlan* second, Bytes& rows,
                         size_t until_bytes, ByteBuffer& out) {
  RowsTaken taken;
  Transcoder transcoder(rows, out);
  while (transcoder.left() > 0) {
    taken.sound =
        transcoder.sized_image(first) && (second == nullptr || transcoder.sized_image(*second));
    if (!taken.sound) break;
    transcoder.output().commit();
    ++taken.rows;
    if (transcoder.output().size() >= until_bytes) break;
  }
  rows = rows.last(transcoder.left());
  return taken;
}

}  // namespace tailwater::mysql
