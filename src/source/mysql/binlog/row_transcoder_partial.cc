// Images of partial_update_rows events. The layout is in MySQL sql/rpl_record.h: between a before
// image and its after image stand the value options and, if they say that there may be diffs, a bit
// for each JSON column.
#include "source/mysql/binlog/json_diff.h"
#include "source/mysql/binlog/length_encoded.h"
#include "source/mysql/binlog/row_transcoder.h"

namespace tailwater::mysql {
namespace {

constexpr uint64_t kPartialJson = 1;  // the only option

size_t json_columns(const ImagePlan& plan) {
  size_t count = 0;
  for (const RowColumn& step : plan.steps) count += step.json ? 1U : 0U;
  return count;
}

}  // namespace

void Transcoder::set_unavailable(const RowColumn& step) {
  uint8_t& presence = out_.row()[step.column / 4];
  const unsigned shift = step.column % 4 * 2;
  presence = static_cast<uint8_t>((presence & ~(3u << shift)) |
                                  static_cast<unsigned>(Presence::kUnavailable) << shift);
  close(step);
}

bool Transcoder::apply_diffs(const RowColumn& step) {
  size_t count = 0;
  if (left() < step.width || !length(step, count)) return false;
  const Bytes diffs(in_, count);
  in_ += count;
  if (step.column == kNoColumn) return true;
  const auto document = documents_->of(step.column);
  if (!document) {
    set_unavailable(step);
    return true;
  }
  if (!write_json_with_diffs(*document, diffs, out_)) return false;
  close(step);
  return true;
}

bool Transcoder::image_with_documents(const ImagePlan& plan, JsonDocuments& documents) {
  plan_ = &plan;
  documents.start(plan.steps.size());
  documents_ = &documents;
  partial_ = {};
  out_.start_row(plan.first_bytes);
  const bool sound = careful();
  documents_ = nullptr;
  return sound;
}

bool Transcoder::partial_image(const ImagePlan& plan, JsonDocuments& documents) {
  plan_ = &plan;
  step_ = plan.steps.size();
  Cursor cursor(Bytes(in_, left()));
  const uint64_t options = length_encoded(cursor);
  if (!cursor.ok() || (options & ~kPartialJson) != 0) return false;
  const size_t bits = options == 0 ? 0 : (json_columns(plan) + 7) / 8;
  partial_ = PartialBits(cursor.take(bits));
  if (!cursor.ok()) return false;
  in_ = cursor.position();
  documents_ = &documents;
  out_.start_row(plan.first_bytes);
  const bool sound = careful();
  documents_ = nullptr;
  partial_ = {};
  return sound;
}

Status transcode_before_image(const ImagePlan& plan, Cursor& rows, ByteBuffer& out,
                              JsonDocuments& documents) {
  Transcoder transcoder(rows.rest(), out);
  if (!transcoder.image_with_documents(plan, documents)) {
    return damaged_row(plan, transcoder.failed_at());
  }
  transcoder.output().commit();
  rows.skip(static_cast<size_t>(transcoder.input() - rows.position()));
  return {};
}

Status transcode_partial_image(const ImagePlan& plan, Cursor& rows, ByteBuffer& out,
                               JsonDocuments& documents) {
  Transcoder transcoder(rows.rest(), out);
  if (!transcoder.partial_image(plan, documents)) {
    return damaged_row(plan, transcoder.failed_at());
  }
  transcoder.output().commit();
  rows.skip(static_cast<size_t>(transcoder.input() - rows.position()));
  return {};
}

RowsTaken transcode_partial_rows(const ImagePlan& before, const ImagePlan& after, Bytes& rows,
                                 size_t until_bytes, ByteBuffer& out, JsonDocuments& documents) {
  RowsTaken taken;
  Cursor cursor(rows);
  while (!cursor.at_end()) {
    const size_t start = out.size();
    const auto sized = [&](auto&& transcode, const ImagePlan& plan) {
      const size_t at = out.size();
      out.put<uint32_t>(0);
      if (!transcode(plan, cursor, out, documents).has_value()) return false;
      const size_t bytes = out.size() - at - sizeof(uint32_t);
      store(out.data() + at, static_cast<uint32_t>(bytes));
      return true;
    };
    taken.sound = sized(transcode_before_image, before) && sized(transcode_partial_image, after);
    if (!taken.sound) {
      out.truncate(start);
      break;
    }
    ++taken.rows;
    if (out.size() >= until_bytes) break;
  }
  rows = rows.last(cursor.remaining());
  return taken;
}

}  // namespace tailwater::mysql
