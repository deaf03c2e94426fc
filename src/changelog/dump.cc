// dump_log: frames and records as lines of text.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "changelog/body.h"
#include "changelog/codec.h"
#include "changelog/frame_input.h"
#include "changelog/recovery.h"
#include "changelog/verify.h"

namespace tailwater::changelog {
namespace {

using LineSink = std::function<bool(std::string_view line)>;

std::string_view to_string(Compression codec) {
  switch (codec) {
    case Compression::kNone:
      return "none";
    case Compression::kLz4:
      return "lz4";
    case Compression::kZstd:
      return "zstd";
  }
  return "unknown";
}

std::string frame_line(const LogPlace& place, const FrameHeader& header) {
  return fmt::format(
      "frame {} {} offset={} changes={} transactions={} bytes={} raw={} codec={} epoch={} "
      "ts_us={}..{} synced={} crc={:08x}",
      place.describe(), to_string(header.kind), header.base_offset, header.changes,
      header.transactions, header.total_bytes(), header.raw_bytes, to_string(header.codec),
      header.epoch, header.first_ts_us, header.last_ts_us, header.synced_bytes, header.crc);
}

Result<std::string> record_line(const RecordView& record) {
  switch (record.type) {
    case RecordType::kSchema: {
      TW_ASSIGN(const SchemaPtr schema, parse_schema(record));
      return fmt::format("  schema {} {} columns={}", static_cast<uint32_t>(schema->id()),
                         schema->table().full_name(), schema->columns().size());
    }
    case RecordType::kBegin: {
      TW_ASSIGN(const BeginRecord begin, parse_begin(record));
      return fmt::format("  begin gtid={} {}:{} server_id={} thread={} ts_us={}{}{}", begin.gtid,
                         begin.file, begin.start_pos, begin.server_id, begin.thread_id, begin.ts_us,
                         begin.audience.empty() ? "" : " audience=", begin.audience);
    }
    case RecordType::kRows: {
      TW_ASSIGN(const RowsRecord rows, parse_rows(record));
      return fmt::format("  rows {} schema={} count={} pos={} ordinal={} row={} bytes={}",
                         tailwater::to_string(record.op), rows.schema_id, rows.count,
                         rows.source_pos, rows.first_ordinal, rows.first_source_row,
                         rows.images.size());
    }
    case RecordType::kStatement: {
      TW_ASSIGN(const StatementRecord statement, parse_statement(record));
      return fmt::format("  statement {} database={} ordinal={} text={}",
                         tailwater::to_string(record.op), statement.database, statement.ordinal,
                         statement.statement);
    }
    case RecordType::kCommit: {
      TW_ASSIGN(const CommitRecord commit, parse_commit(record));
      return fmt::format("  commit end_pos={} id={} ts_us={} changes={}", commit.end_pos, commit.id,
                         commit.commit_ts_us, commit.changes);
    }
    case RecordType::kAdvance: {
      TW_ASSIGN(const AdvanceRecord advance, parse_advance(record));
      return fmt::format("  advance {}:{} ts_us={}", advance.file, advance.end_pos, advance.ts_us);
    }
    case RecordType::kPosition: {
      TW_ASSIGN(const Position position, decode_position(record.payload));
      return fmt::format("  position {}", position.describe());
    }
    case RecordType::kState:
      return fmt::format("  state bytes={}", record.payload.size());
    case RecordType::kSpools: {
      TW_ASSIGN(const auto numbers, parse_spools(record));
      return fmt::format("  spools {}", fmt::join(numbers, " "));
    }
  }
  return fmt::format("  record of type {} bytes={}", static_cast<unsigned>(record.type),
                     record.payload.size());
}

// False: the caller has seen enough.
Result<bool> dump_frame(const FrameWalk::Frame& frame, const LogPlace& place, Codec& codec,
                        ByteBuffer& raw_body, const LineSink& line) {
  if (!line(frame_line(place, frame.header))) return false;
  Bytes body = frame.body;
  if (frame.header.codec != Compression::kNone) {
    TW_TRY(codec.decompress(frame.header.codec, body, frame.header.raw_bytes, raw_body));
    body = raw_body.view();
  }
  for (BodyCursor records(body); !records.at_end();) {
    TW_ASSIGN(const RecordView record, records.next());
    TW_ASSIGN(const std::string text, record_line(record));
    if (!line(text)) return false;
  }
  return true;
}

}  // namespace

Status dump_log(FileSystem& files, const std::string& folder, Offset from, const LineSink& line) {
  TW_ASSIGN(const Recovered recovered, recover(files, folder));
  Codec codec;
  ByteBuffer raw_body;
  for (size_t i = 0; i < recovered.segments.size(); ++i) {
    const SegmentHeader& header = recovered.segments[i].header;
    const bool newest = i + 1 == recovered.segments.size();
    if (!newest && recovered.segments[i + 1].header.base_offset <= raw(from)) continue;
    TW_ASSIGN(const auto file,
              files.open(join_path(folder, segment_name(header.base_offset)), OpenMode::kRead));
    if (!line(fmt::format("segment {} number={} epoch={} created_us={}",
                          segment_name(header.base_offset), header.number, header.epoch,
                          header.created_us))) {
      return {};
    }
    const uint64_t end =
        newest ? recovered.end.position : recovered.segments[i + 1].header.previous_end_bytes;
    FrameWalk frames(*file, frame_seed(header.incarnation), start_of(header),
                     header.mid_transaction(), end);
    for (;;) {
      const LogPlace place = frames.place();
      TW_ASSIGN(const auto frame, frames.next());
      if (!frame) break;
      if (frame->header.base_offset + frame->header.changes < raw(from)) continue;
      TW_ASSIGN(const bool more, dump_frame(*frame, place, codec, raw_body, line));
      if (!more) return {};
    }
    if (frames.place().position < end) return fail(corruption(frames.place(), frames.reason()));
  }
  return {};
}

}  // namespace tailwater::changelog
