// The part of the campaign that is about prepared transactions: after every restart those that were
// prepared at the log's position are there, whole, and no others.
#include "base/cursor.h"
#include "changelog/log_fixture.h"
#include "log_campaign.h"

namespace tailwater::testing {

using changelog::SpoolInfo;

namespace {

Result<std::vector<std::string>> lines_of(changelog::SpoolReader& reader) {
  std::vector<std::string> lines;
  for (;;) {
    TW_ASSIGN(const auto run, reader.next());
    if (!run) return lines;
    Cursor images(run->images);
    for (uint32_t i = 0; i < run->count; ++i) {
      const RowView row(run->schema->layout(), images.take(images.le<uint32_t>()));
      lines.push_back(run->schema->table().table + " " + std::to_string(row.fixed<int64_t>(0)) +
                      ":" + std::string(row.text(1)));
    }
  }
}

}  // namespace

bool LogCampaign::check_spools() {
  prepared_ = prepared_at_[pos_];
  const std::vector<SpoolInfo> found = writer_->prepared();
  if (found.size() != prepared_.size()) {
    return broken("at position " + std::to_string(pos_) + " " + std::to_string(found.size()) +
                  " transactions are prepared, not " + std::to_string(prepared_.size()));
  }
  for (const SpoolInfo& info : found) {
    const auto expected = prepared_.find(info.id);
    if (expected == prepared_.end()) return broken("'" + info.id + "' is prepared for no reason");
    auto reader = writer_->read_spool(*writer_->find_prepared(info.id));
    auto lines = reader.has_value() ? lines_of(*reader) : fail(reader.error());
    if (!lines.has_value()) {
      return files_.is_down() ? false : broken("spool: " + lines.error().describe());
    }
    if (*lines != expected->second)
      return broken("the spool of '" + info.id + "' is not as it was");
  }
  return true;
}

// Not without syncs: then a power cut may take them.
Status LogCampaign::spool_step() {
  if (prepared_.empty() || pick(3) == 0) return prepare_spool();
  if (pick(4) != 0) return commit_spool();
  const std::string id =
      std::next(prepared_.begin(), static_cast<ptrdiff_t>(pick(prepared_.size())))->first;
  writer_->end_prepared(id);
  prepared_.erase(id);
  pos_ += 5;
  prepared_at_[pos_] = prepared_;
  return writer_->advance("bin.1", pos_, clock_ts_);
}

Status LogCampaign::fill_spool(changelog::Spool& spool, std::vector<std::string>& lines) {
  const TableSchema table = changelog::shop_table("t" + std::to_string(pick(6)));
  TW_ASSIGN(const SchemaPtr schema, writer_->intern(table));
  TW_TRY(spool.start_rows({Op::kInsert, 1, 2000, lines.size(), 0}, schema));
  for (uint64_t left = pick(6) == 0 ? 50 + pick(200) : pick(5); left > 0; --left) {
    const auto id = static_cast<int64_t>(pick(1000));
    const std::string note(pick(60), static_cast<char>('a' + pick(26)));
    spool.begin_image();
    RowWriter row(schema->layout(), spool.image_buffer());
    row.set_fixed<int64_t>(0, id);
    row.set_text(1, note);
    spool.end_image();
    TW_TRY(spool.end_change());
    lines.push_back(table.table + " " + std::to_string(id) + ":" + note);
  }
  return spool.end_rows();
}

Status LogCampaign::prepare_spool() {
  TW_ASSIGN(auto spool, writer_->open_spool());
  std::vector<std::string> lines;
  for (uint64_t left = pick(4); left > 0; --left) TW_TRY(fill_spool(*spool, lines));
  if (pick(4) == 0) {
    TW_ASSIGN(const uint64_t mark, spool->mark());
    std::vector<std::string> taken_back = lines;
    TW_TRY(fill_spool(*spool, taken_back));
    TW_TRY(spool->rewind(mark));
  }
  if (pick(6) == 0) return {};  // the source rolled it back
  // Now and then one that the source has forgotten is prepared again.
  const std::string id = "x" + std::to_string(pick(8) == 0 ? pick(spools_ + 1) : spools_++);
  TW_TRY(writer_->prepare(std::move(spool), {.id = id, .prepared_ts_us = clock_ts_}));
  pos_ += 7;
  prepared_[id] = lines;
  prepared_at_[pos_] = prepared_;
  return writer_->advance("bin.1", pos_, clock_ts_);
}

Status LogCampaign::commit_spool() {
  const auto chosen = std::next(prepared_.begin(), static_cast<ptrdiff_t>(pick(prepared_.size())));
  const std::string id = chosen->first;
  Transaction transaction;
  const uint64_t start = pos_ + 10;
  transaction.first_offset = raw(writer_->next_offset());
  transaction.end_pos = start + 90;
  transaction.changes = chosen->second.size();
  TW_TRY(writer_->begin({.gtid = "g" + std::to_string(start),
                         .file = "bin.1",
                         .start_pos = start,
                         .thread_id = 1,
                         .server_id = 1,
                         .ts_us = clock_ts_}));
  TW_ASSIGN(auto reader, writer_->read_spool(*writer_->find_prepared(id)));
  uint64_t ordinal = 0;
  for (;;) {
    TW_ASSIGN(auto run, reader.next());
    if (!run) break;
    run->header.first_ordinal = ordinal;
    run->header.first_source_row = 0;
    TW_TRY(changelog::append_run(*writer_, *run));
    for (uint32_t i = 0; i < run->count; ++i, ++ordinal) {
      transaction.lines.push_back("insert " + std::to_string(transaction.first_offset + ordinal) +
                                  " #" + std::to_string(ordinal) + "." + std::to_string(i) + " " +
                                  chosen->second[ordinal]);
    }
  }
  if (pick(8) == 0) return writer_->abort();
  writer_->end_prepared(id);
  prepared_.erase(chosen);
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
