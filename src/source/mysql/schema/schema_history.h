// SchemaHistory: what a source's tables were at each position of its binlog.
//
// It begins with the tables as they were read from the server, and follows the statements that
// change them. All is kept in a folder beside the changelog, each step durable before the
// transaction that it belongs to can be: so the schema of the changelog's position is known after
// every restart, however far the server has gone on since. docs/schema_history_format.md.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "model/position.h"
#include "source/mysql/ddl/schema_catalog.h"
#include "source/mysql/schema/passed.h"
#include "source/mysql/schema/schema_journal.h"
#include "source/mysql/schema/statement_in_binlog.h"

namespace tailwater::mysql {

/// Tables as a server had them when its binlog ended at `end`, which may be later than where a
/// stream stands: until it has passed that place they may not be what they were.
struct ReadTables {
  SchemaCatalog catalog;
  Position end;
};

/// Not thread-safe.
class SchemaHistory {
 public:
  /// An empty folder name: in memory only. `files` must outlive the history.
  SchemaHistory(FileSystem& files, std::string folder)
      : folder_(std::move(folder)), journal_(files, folder_) {}

  /// Makes the catalog what it was at `position`, and forgets what was stored after it. False, and
  /// nothing changed, when what is stored does not tell. `followed`: the history was kept up to
  /// there, so nothing that is missing has happened; else there must be something stored after it.
  Result<bool> go_to(const Position& position, bool followed);
  /// The same for a history that somebody else keeps; nothing of it is changed. Nothing when it
  /// does not tell.
  static Result<std::optional<SchemaCatalog>> read_at(FileSystem& files, const std::string& folder,
                                                      const Position& position);
  /// What somebody's history ends with; nothing where there is none.
  static Result<std::optional<SchemaCatalog>> read_end(FileSystem& files,
                                                       const std::string& folder);
  /// Begins anew, at this position. `is_true`: the tables were like this there; else they are as
  /// `was_read` says.
  Status begin(const Position& position, ReadTables tables, bool is_true);

  /// Follows a statement. `before` is the position before its transaction.
  Result<std::vector<SchemaChange>> apply(const StatementInBinlog& statement,
                                          const SchemaStatement& parsed, const Position& before);
  /// A table as it was read from the server when its binlog ended at `end`.
  Status put_read_table(const Position& at, const TableName& name, const TrackedTable& table,
                        const Position& end);
  /// Tables as a user says they are, for good.
  Status put_given_tables(const Position& at, const SchemaCatalog& tables, uint32_t file_crc);
  /// The stream stands at this position, and stops: all before it was followed.
  Status note_followed(const Position& position);

  [[nodiscard]] const SchemaCatalog& catalog() const { return catalog_; }
  /// Whether the table is as a server had it at `read_position()`, and no statement has told since
  /// that it is like that here too.
  [[nodiscard]] bool was_read(std::string_view database, std::string_view table) const;
  [[nodiscard]] const Position& read_position() const { return read_end_; }
  /// The stream has passed `read_position()`: what was read is true.
  void confirm_read() { read_.clear(); }
  /// This table is true as it is.
  void confirm_read(std::string_view database, std::string_view table);
  /// The checksum of the last schema file that was taken in; 0: none.
  [[nodiscard]] uint32_t schema_file_crc() const { return schema_file_crc_; }

 private:
  Result<bool> ends_at(const JournalFile& file, const Position& position);
  Status load(const JournalFile& file, size_t count);
  Status replay(const JournalRecord& record);
  void take_tables(const SchemaCatalog& tables, bool read);
  Status put_tables(JournalRecordKind kind, const Position& at, const SchemaCatalog& tables,
                    uint32_t file_crc);
  Status append(JournalRecordKind kind, const ByteBuffer& body);
  Status begin_file(const Position& position);
  Status roll(const Position& position);
  void note_changes(const std::vector<SchemaChange>& changes);
  [[nodiscard]] TableName key_of(std::string_view database, std::string_view table) const;

  std::string folder_;
  SchemaJournal journal_;
  bool writing_ = false;  ///< the journal has a file to add to
  bool read_only_ = false;
  uint64_t catalog_bytes_ = 0;
  SchemaCatalog catalog_;
  std::set<TableName> read_;
  Position read_end_;
  uint32_t schema_file_crc_ = 0;
};

}  // namespace tailwater::mysql
