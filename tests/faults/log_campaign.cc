#include "log_campaign.h"

#include "changelog/cursor.h"
#include "changelog/log_fixture.h"
#include "changelog/segment.h"

namespace tailwater::testing {

using changelog::Writer;
using changelog::WriterOptions;

namespace {
constexpr const char* kFolder = "disk/log";
}

LogCampaign::LogCampaign(const CampaignOptions& options)
    : options_(options), random_(options.seed), files_(options.seed * 7919 + 1) {
  if (options.ignore_syncs) files_.ignore_syncs();
  (void)files_.make_folder("disk");
}

bool LogCampaign::broken(std::string what) {
  if (broken_.empty()) broken_ = "seed " + std::to_string(options_.seed) + ": " + std::move(what);
  return false;
}

std::optional<std::string> LogCampaign::run() {
  for (int i = 0; i < options_.lives; ++i) {
    if (!live()) return broken_;
  }
  files_.restart();
  if (check_recovered()) (void)check_contents("at the end");
  if (writer_) {
    if (const auto status = writer_->close(); !status)
      (void)broken("close: " + status.error().describe());
  }
  if (!broken_.empty()) return broken_;
  return std::nullopt;
}

WriterOptions LogCampaign::random_options() {
  WriterOptions options;
  options.segment_bytes = 8192 + pick(16384);
  options.frame_bytes = 256 + pick(2048);
  options.compression = static_cast<changelog::Compression>(pick(3));
  options.sync = options_.sync;
  options.sync_interval_us = 500;
  options.group_us = pick(2) == 0 ? 0 : 1000;
  if (pick(2) == 0) options.direct_write_bytes = 1 + pick(8192);
  if (pick(3) == 0) options.retention_bytes = 20000;
  return options;
}

// One life: recover, check, work until the power goes (or the process dies, or a call fails).
bool LogCampaign::live() {
  const uint64_t way = pick(8);
  const uint64_t calls = 1 + pick(way == 0 ? 15 : 250);
  if (options_.inject_errors && way % 2 == 0) {
    files_.fail_after(calls, way % 4 == 0 ? ErrorKind::kIo : ErrorKind::kFull);
  } else if (way == 1) {
    files_.kill_after(calls);
  } else {
    files_.cut_power_after(calls);
  }
  if (check_recovered() && check_contents("after recovery")) {
    // A failing call may be one whose error does not matter: then the life ends by itself.
    for (int steps = 0; steps < 400 && !files_.is_down(); ++steps) {
      const Status status = work();
      note_promises();
      if (status.has_value()) continue;
      if (!files_.is_down() && !options_.inject_errors)
        return broken("the writer failed: " + status.error().describe());
      break;
    }
  }
  if (!broken_.empty()) return false;
  tail_.reset();
  writer_.reset();
  ++cuts_;
  files_.restart();
  return true;
}

// Opens the log. False ends the life: the machine went down, or a promise is broken.
bool LogCampaign::check_recovered() {
  auto writer = Writer::open(files_, kFolder, random_options(), changelog::shop_identity());
  if (!writer.has_value()) {
    if (files_.is_down()) return false;
    if (options_.inject_errors && writer.error().message.find("simulated") != std::string::npos)
      return false;
    return broken("recovery refused: " + writer.error().describe());
  }
  writer_ = std::move(*writer);
  writer_->set_position_encoder([this](ByteBuffer& out) {
    encode_position({SourceKind::kMysql, "server-1", {"bin.1", pos_}, ""}, out);
  });
  const auto cursor = changelog::load_cursor(files_, kFolder, "sink");
  if (!cursor.has_value()) return files_.is_down() ? false : broken(cursor.error().describe());
  if (cursor_ && !*cursor) return broken("the cursor is gone");
  if (cursor_ && raw((*cursor)->next) < *cursor_) return broken("the cursor went back");
  const auto checked = cursor_;
  cursor_.reset();
  if (*cursor) {
    // After a kill the cursor's name may not be durable yet.
    if (!changelog::sync_cursors(files_, kFolder)) return false;
    cursor_ = raw((*cursor)->next);
    const auto bases = changelog::list_segments(files_, kFolder);
    if (!bases.has_value()) return false;
    if (bases->front() > *cursor_) {
      if (cursor_ == checked)
        return broken("retention passed the cursor at " + std::to_string(*cursor_));
      // It was stored too late, and the power went before that was seen.
      cursor_.reset();
      if (!changelog::remove_cursor(files_, kFolder, "sink")) return false;
    }
  }
  const uint64_t next = raw(writer_->next_offset());
  if (next < promised_) {
    return broken("offset " + std::to_string(promised_) + " was durable, the log ends at " +
                  std::to_string(next));
  }
  pos_ = writer_->last_position() ? writer_->last_position()->binlog.pos : 0;
  while (!history_.empty() && history_.back().end_pos > pos_) history_.pop_back();
  if (!check_spools()) return false;
  const uint64_t expected =
      history_.empty() ? 0 : history_.back().first_offset + history_.back().changes;
  if (next != expected) {
    return broken("after position " + std::to_string(pos_) + " offset " + std::to_string(expected) +
                  " must follow, not " + std::to_string(next));
  }
  promised_ = options_.sync == changelog::SyncPolicy::kNone ? 0 : next;
  return true;
}

// Reads the log and compares it with the source, line by line.
bool LogCampaign::check_contents(const std::string& when) {
  auto lines = changelog::read_all(files_, kFolder);
  if (!lines.has_value()) {
    if (files_.is_down()) return false;
    return broken("reading " + when + ": " + lines.error().describe());
  }
  std::erase_if(*lines, [](const std::string& line) { return line.starts_with("position"); });
  std::vector<std::string> expected;
  size_t first = history_.size();
  if (!lines->empty()) {
    for (first = 0; first < history_.size() && history_[first].lines[0] != (*lines)[0];) ++first;
  }
  if (cursor_ && first < history_.size() && history_[first].first_offset > *cursor_) {
    return broken("retention passed the cursor at " + std::to_string(*cursor_));
  }
  for (size_t i = first; i < history_.size(); ++i) {
    expected.insert(expected.end(), history_[i].lines.begin(), history_[i].lines.end());
  }
  if (lines->empty() && !history_.empty()) {
    // Only when retention left nothing but positions.
    const uint64_t end = history_.back().first_offset + history_.back().changes;
    const auto bases = changelog::list_segments(files_, kFolder);
    if (!bases.has_value()) return false;
    if (bases->front() < end || (cursor_ && *cursor_ < end))
      return broken("the log is empty " + when);
    return true;
  }
  if (*lines == expected) return true;
  std::string message = "contents differ " + when + ": " + std::to_string(lines->size()) +
                        " lines, not " + std::to_string(expected.size());
  for (size_t i = 0; i < std::min(lines->size(), expected.size()); ++i) {
    if ((*lines)[i] == expected[i]) continue;
    message +=
        "; line " + std::to_string(i) + " is '" + (*lines)[i] + "', not '" + expected[i] + "'";
    break;
  }
  return broken(message);
}

void LogCampaign::note_promises() {
  if (options_.sync == changelog::SyncPolicy::kNone) return;
  promised_ = std::max(promised_, raw(writer_->status().next_visible));
}

Status LogCampaign::work() {
  switch (pick(options_.sync == changelog::SyncPolicy::kNone ? 12 : 14)) {
    case 0: {
      pos_ += 5;
      prepared_at_[pos_] = prepared_;
      return writer_->advance("bin.1", pos_, clock_ts_);
    }
    case 1:
      return writer_->flush();
    case 2:
      return tail();
    case 3: {
      if (promised_ == 0 || pick(4) != 0) return writer_->seal();
      const uint64_t next = promised_ - pick(std::min<uint64_t>(promised_, 200));
      if (cursor_ && next < *cursor_) return {};
      TW_TRY(changelog::store_cursor(files_, kFolder, {"sink", Offset{next}, false, 1}));
      // Retention may have been here before the cursor: then it holds nothing.
      TW_ASSIGN(const auto bases, changelog::list_segments(files_, kFolder));
      if (bases.front() > next) {
        cursor_.reset();
        return changelog::remove_cursor(files_, kFolder, "sink");
      }
      cursor_ = next;
      return {};
    }
    case 12:
    case 13:
      return spool_step();
    default:
      TW_TRY(one_transaction());
      return pick(3) == 0 ? writer_->seal() : Status();
  }
}

// A live reader: what it has seen is promised.
Status LogCampaign::tail() {
  if (!tail_) {
    TW_ASSIGN(tail_, changelog::Reader::open(files_, kFolder,
                                             {.start = {changelog::StartAt::Kind::kLatest}}));
  }
  const auto lines = changelog::read_all(*tail_);
  if (!lines.has_value() && lines.error().kind == ErrorKind::kResync) {
    tail_.reset();  // retention was faster: it may be, for a reader without a pin
    return {};
  }
  TW_TRY(lines);
  if (options_.sync != changelog::SyncPolicy::kNone)
    promised_ = std::max(promised_, raw(tail_->offset()));
  return {};
}

Status LogCampaign::some_changes(Transaction& transaction, uint64_t& ordinal, uint64_t start) {
  if (pick(10) == 0) {
    TW_TRY(writer_->add_statement({Op::kSchemaChange, start + 1, 2, ordinal, 0}, "shop", "ALTER"));
    transaction.lines.push_back("schema_change " +
                                std::to_string(transaction.first_offset + transaction.changes++) +
                                " #" + std::to_string(ordinal++) + ".0 ALTER");
    return {};
  }
  const auto op = static_cast<Op>(1 + pick(3));
  const TableSchema table = changelog::shop_table("t" + std::to_string(pick(6)));
  const std::string note(pick(60), static_cast<char>('a' + pick(26)));
  TW_ASSIGN(const SchemaPtr schema, writer_->intern(table));
  TW_TRY(writer_->start_rows({op, start + 1, 2000, ordinal, 0}, schema));
  const uint64_t count = pick(12) == 0 ? 20 + pick(200) : pick(5);
  for (uint64_t i = 0; i < count; ++i, ++ordinal) {
    std::string line = std::string(to_string(op)) + " " +
                       std::to_string(transaction.first_offset + transaction.changes++) + " #" +
                       std::to_string(ordinal) + "." + std::to_string(i) + " " + table.table;
    for (int image = 0; image < (op == Op::kUpdate ? 2 : 1); ++image) {
      const auto id = static_cast<int64_t>(pick(1000));
      writer_->begin_image();
      RowWriter row(schema->layout(), writer_->image_buffer());
      row.set_fixed<int64_t>(0, id);
      row.set_text(1, note);
      writer_->end_image();
      line += " " + std::to_string(id) + ":" + note;
    }
    transaction.lines.push_back(line);
    TW_TRY(writer_->end_change());
  }
  return writer_->end_rows();
}

Status LogCampaign::one_transaction() {
  Transaction transaction;
  const uint64_t start = pos_ + 10;
  transaction.first_offset = raw(writer_->next_offset());
  transaction.end_pos = start + 90;
  TW_TRY(writer_->begin({.gtid = "g" + std::to_string(start),
                         .file = "bin.1",
                         .start_pos = start,
                         .thread_id = 1,
                         .server_id = 1,
                         .ts_us = clock_ts_}));
  uint64_t ordinal = 0;
  const uint64_t runs = pick(5);
  for (uint64_t i = 0; i < runs; ++i) {
    if (pick(4) == 0) {
      // A savepoint that is rolled back.
      TW_ASSIGN(const uint64_t mark, writer_->mark());
      const Transaction before = transaction;
      const uint64_t ordinal_before = ordinal;
      TW_TRY(some_changes(transaction, ordinal, start));
      if (pick(2) == 0) {
        TW_TRY(writer_->rewind(mark));
        transaction = before;
        ordinal = ordinal_before;
      }
    }
    TW_TRY(some_changes(transaction, ordinal, start));
  }
  if (pick(8) == 0) return writer_->abort();
  clock_ts_ += 1000;
  transaction.lines.insert(
      transaction.lines.begin(),
      "begin " + std::to_string(transaction.first_offset) + " g" + std::to_string(start) +
          " bin.1 " + std::to_string(start) + "-" + std::to_string(transaction.end_pos) +
          " n=" + std::to_string(transaction.changes) + " ts=" + std::to_string(clock_ts_));
  if (transaction.changes > 0) transaction.lines.back() += " last";
  transaction.lines.push_back("commit " + std::to_string(transaction.first_offset));
  pos_ = transaction.end_pos;
  prepared_at_[pos_] = prepared_;
  history_.push_back(transaction);
  return writer_->commit({.end_pos = pos_, .id = 0, .thread_id = 0, .commit_ts_us = clock_ts_});
}

}  // namespace tailwater::testing
