// LogFixture: what the changelog's tests share. Rows of a small table go in, lines of text come
// out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "changelog/reader.h"
#include "changelog/writer.h"

namespace tailwater::changelog {

inline TableSchema shop_table(const std::string& table = "orders") {
  TableSchema schema{.database = "shop", .table = table, .columns = {}};
  schema.columns = {
      {.name = "id",
       .type = {.kind = TypeKind::kInt64},
       .source_type = "bigint",
       .nullable = false},
      {.name = "note", .type = {.kind = TypeKind::kString}, .source_type = "text"},
  };
  schema.key_kind = KeyKind::kPrimary;
  schema.key_columns = {0};
  return schema;
}

inline SourceIdentity shop_identity() {
  return {SourceKind::kMysql, "server-1", "shop"};
}

/// Drives a writer as a source does: the position after a commit is that commit's end_pos.
class Source {
 public:
  explicit Source(Writer& writer) : writer_(&writer) {
    writer.set_position_encoder([this](ByteBuffer& out) {
      encode_position({SourceKind::kMysql, "server-1", {"bin.1", pos_}, ""}, out);
    });
  }

  Status begin() {
    start_ = open_pos_ + 10;
    ordinal_ = 0;
    return writer_->begin({.gtid = "gtid-" + std::to_string(start_),
                           .file = "bin.1",
                           .start_pos = start_,
                           .thread_id = 7,
                           .server_id = 1,
                           .ts_us = 1000});
  }
  Status rows(Op op, const TableSchema& table, int64_t first_id, int count,
              const std::string& note) {
    auto schema = writer_->intern(table);
    if (!schema.has_value()) return fail(schema.error());
    if (auto s = writer_->start_rows({op, start_ + 1, 2000, ordinal_, 0}, *schema); !s) return s;
    for (int i = 0; i < count; ++i, ++ordinal_) {
      for (int image = 0; image < (op == Op::kUpdate ? 2 : 1); ++image) {
        writer_->begin_image();
        RowWriter row((*schema)->layout(), writer_->image_buffer());
        row.set_fixed<int64_t>(0, first_id + i);
        row.set_text(1, image == 0 ? note : note + "'");
        writer_->end_image();
      }
      if (auto s = writer_->end_change(); !s) return s;
    }
    return writer_->end_rows();
  }
  Status commit(int64_t ts_us = 5000) {
    open_pos_ = start_ + 100;
    pos_ = open_pos_;
    return writer_->commit(
        {.end_pos = pos_, .id = pos_ / 10, .thread_id = 0, .commit_ts_us = ts_us});
  }
  Status advance(int64_t ts_us) {
    pos_ = open_pos_ = open_pos_ + 5;
    return writer_->advance("bin.1", pos_, ts_us);
  }
  void resume(uint64_t pos) { pos_ = open_pos_ = pos; }
  [[nodiscard]] uint64_t pos() const { return pos_; }

 private:
  Writer* writer_;
  uint64_t pos_ = 0;
  uint64_t open_pos_ = 0;
  uint64_t start_ = 0;
  uint64_t ordinal_ = 0;
};

/// One line per entry.
inline std::string line_of(const TailEntry& entry) {
  const TransactionInfo& t = *entry.transaction;
  const std::string at = std::to_string(raw(t.first_offset));
  switch (entry.kind) {
    case TailEntry::Kind::kBegin:
      return "begin " + at + " " + std::string(t.gtid) + " " + std::string(t.file) + " " +
             std::to_string(t.start_pos) + "-" + std::to_string(t.end_pos) +
             " n=" + std::to_string(t.changes) + " ts=" + std::to_string(t.commit_ts_us);
    case TailEntry::Kind::kCommit:
      return "commit " + at;
    case TailEntry::Kind::kPosition:
      return "position " + std::to_string(t.end_pos);
    case TailEntry::Kind::kChange:
      break;
  }
  const ChangeView& c = *entry.change;
  std::string line = std::string(to_string(c.op)) + " " + std::to_string(raw(c.offset)) + " #" +
                     std::to_string(c.ordinal) + "." + std::to_string(c.source_row);
  if (c.schema != nullptr) line += " " + c.schema->table().table;
  for (const RowView& row : {c.before, c.after}) {
    if (!row.empty())
      line += " " + std::to_string(row.fixed<int64_t>(0)) + ":" + std::string(row.text(1));
  }
  if (!c.statement.empty()) line += " " + std::string(c.statement);
  return line + (c.last ? " last" : "");
}

inline Result<std::vector<std::string>> read_all(Reader& reader) {
  std::vector<std::string> lines;
  for (;;) {
    auto entry = reader.next();
    if (!entry.has_value()) return fail(entry.error());
    if (!*entry) return lines;
    lines.push_back(line_of(**entry));
  }
}

inline Result<std::vector<std::string>> read_all(FileSystem& files, const std::string& folder,
                                                 const ReaderOptions& options = {}) {
  auto reader = Reader::open(files, folder, options);
  if (!reader.has_value()) return fail(reader.error());
  return read_all(**reader);
}

/// A folder of its own, gone with the test.
class LogFixture : public ::testing::Test {
 protected:
  LogFixture() {
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path().string() + "/tailwater-log-" +
              std::to_string(::getpid()) + "-" + std::to_string(++count);
    std::filesystem::remove_all(folder_);
  }
  ~LogFixture() override { std::filesystem::remove_all(folder_); }

  Result<std::unique_ptr<Writer>> open_writer(const WriterOptions& options = {}) {
    return Writer::open(FileSystem::posix(), folder_, options, shop_identity());
  }

  FileSystem& files_ = FileSystem::posix();
  std::string folder_;
};

#define TW_OK(expression)                                               \
  do {                                                                  \
    auto&& tw_result = (expression);                                    \
    ASSERT_TRUE(tw_result.has_value()) << tw_result.error().describe(); \
  } while (false)

}  // namespace tailwater::changelog
