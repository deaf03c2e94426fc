// The fast way through row images.
#include "source/mysql/binlog/ascii_copy.h"
#include "source/mysql/binlog/json_binary.h"
#include "source/mysql/binlog/row_transcoder.h"

namespace tailwater::mysql {
namespace {

static_assert(kSmallDecimalReads <= kReadBeyondBytes && kCopyBlockBytes <= kReadBeyondBytes);

inline bool put_small_decimal(const RowColumn& step, const uint8_t* in, uint8_t* slot) {
  int64_t value = 0;
  const bool sound = small_decimal_at(in, shape_of(step), value);
  store(slot, value);
  return sound;
}

inline bool put_datetime2(const RowColumn& step, uint64_t word, uint8_t* slot) {
  Datetime value;
  const bool sound = datetime2_of(word, step.digits, value);
  put_datetime(slot, value);
  return sound;
}

}  // namespace

[[gnu::always_inline]] inline void Transcoder::start_row() {
  out_.start_row(plan_->first_bytes);
  start_presence();
}

// Where we read and write; in registers, so this goes to no function that is not inlined.
struct Transcoder::Place {
  const uint8_t* in;
  uint8_t* row;
  uint8_t* at;
  size_t spare;  // what values with a length may still take of the image
  uint32_t fixed_bytes;
};

[[gnu::always_inline]] inline bool Transcoder::swift_variable(const RowColumn& step, Place& place) {
  const size_t count = load<uint32_t>(place.in) & step.length_mask;
  if (count > place.spare || count > step.limit) [[unlikely]]
    return false;
  place.spare -= count;
  place.in += step.width;
  const size_t expansion = step.step == RowStep::kText ? Charset::kExpansion : 1;
  const size_t most = count * expansion + kCopyBlockBytes;
  if (static_cast<size_t>(out_.end() - place.at) < most) [[unlikely]] {
    out_.at = place.at;
    out_.ensure(most);
    place.row = out_.row();
    place.at = out_.at;
  }
  if (step.step == RowStep::kJson) {
    out_.at = place.at;
    if (!write_json(Bytes(place.in, count), out_, kReadBeyondBytes,
                    plan_->shapes[step.column].get()))
      return false;
    place.row = out_.row();
    place.at = out_.at;
  } else if (step.step == RowStep::kBytes) {
    copy_blocks(place.in, place.at, count);
    place.at += count;
  } else if (step.over_ascii && copy_ascii_blocks(place.in, place.at, count)) [[likely]] {
    place.at += count;
  } else {
    out_.at = place.at;
    convert(step.charset, Bytes(place.in, count));
    place.at = out_.at;
  }
  store(place.row + step.slot, static_cast<uint32_t>(place.at - place.row) - place.fixed_bytes);
  place.in += count;
  return true;
}

// The rarer steps, which know the members only.
[[gnu::always_inline]] inline bool Transcoder::swift_rare(const RowColumn& step, Place& place) {
  in_ = place.in;
  out_.at = place.at;
  if (!apply(step)) [[unlikely]]
    return false;
  const size_t taken = static_cast<size_t>(in_ - place.in) - step.width;
  if (taken > place.spare) [[unlikely]]
    return false;
  place.in = in_;
  place.row = out_.row();
  place.at = out_.at;
  place.spare -= taken;
  return true;
}

template <bool kSparse>
bool Transcoder::swift(const uint8_t* nulls) {
  Place place{nulls + plan_->null_bytes, out_.row(), out_.at, left() - plan_->bytes_safe,
              plan_->fixed_bytes};
  size_t bit = 0;
  if constexpr (kSparse) clear_slots();
  for (const RowColumn& step : kSparse ? plan_->steps : plan_->merged) {
    if constexpr (kSparse) {
      if (step.step == RowStep::kMissing || is_null(nulls, bit++)) {
        out_.at = place.at;
        set_absent(step);
        continue;
      }
    }
    uint8_t* const slot = place.row + step.slot;
    switch (step.step) {
      case RowStep::kCopy16:
        std::memcpy(slot, place.in, kMergedBytes);
        break;
      case RowStep::kCopy1:
        *slot = *place.in;
        break;
      case RowStep::kCopy2:
        store(slot, load<uint16_t>(place.in));
        break;
      case RowStep::kCopy4:
        store(slot, load<uint32_t>(place.in));
        break;
      case RowStep::kCopy8:
        store(slot, load<uint64_t>(place.in));
        break;
      case RowStep::kDate:
        store(slot, read_date(place.in).packed);
        break;
      case RowStep::kTimestamp2:
        store(slot, timestamp2_of(word_at(place.in), step.digits));
        break;
      case RowStep::kSmallDecimal:
        if (!put_small_decimal(step, place.in, slot)) [[unlikely]]
          return false;
        break;
      case RowStep::kDatetime2:
        if (!put_datetime2(step, word_at(place.in), slot)) [[unlikely]]
          return false;
        break;
      case RowStep::kBytes:
      case RowStep::kText:
      case RowStep::kJson:
        if (!swift_variable(step, place)) [[unlikely]]
          return false;
        continue;
      default:
        if (!swift_rare(step, place)) [[unlikely]]
          return false;
        continue;
    }
    place.in += step.width;
  }
  in_ = place.in;
  out_.at = place.at;
  return true;
}

[[gnu::always_inline]] inline bool Transcoder::image(const ImagePlan& plan) {
  plan_ = &plan;
  start_row();
  if (left() >= plan.bytes_safe) [[likely]] {
    const uint8_t* const start = in_;
    const bool dense = plan.may_be_dense && (load<uint64_t>(start) & plan.null_mask) == 0;
    if (dense ? swift<false>(start) : swift<true>(start)) [[likely]]
      return true;
    in_ = start;
  }
  return careful();
}

[[gnu::always_inline]] inline bool Transcoder::sized_image(const ImagePlan& plan) {
  out_.ensure(sizeof(uint32_t));
  out_.at += sizeof(uint32_t);
  if (!image(plan)) [[unlikely]]
    return false;
  store(out_.row() - sizeof(uint32_t), static_cast<uint32_t>(out_.written(out_.at)));
  return true;
}

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
