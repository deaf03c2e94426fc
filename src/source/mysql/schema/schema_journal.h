// SchemaJournal: the files of a schema history. docs/schema_history_format.md is their description;
// this part knows of records and their checksums, and not of what they mean.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

namespace tailwater::mysql {

/// The numbers are stored: never renumber, only add.
enum class JournalRecordKind : uint8_t {
  kCatalog = 1,     ///< all tables at a position; the first record of every file, and only there
  kStatement = 2,   ///< a statement that changed some
  kTable = 3,       ///< one table, as it was read from a server
  kSchemaFile = 4,  ///< the tables of a user's schema file were taken in
  kFollowed = 5,    ///< up to where there was nothing else
};

struct JournalRecord {
  JournalRecordKind kind = JournalRecordKind::kCatalog;
  Bytes body;
  uint64_t offset = 0;  ///< where it starts in its file
};

/// One file, in memory.
struct JournalFile {
  uint64_t number = 0;
  std::string bytes;
  std::vector<JournalRecord> records;  ///< they borrow from `bytes`
  uint64_t end = 0;                    ///< after the last whole record; a torn one may follow
};

/// Not thread-safe. Every change is durable when its call returns.
class SchemaJournal {
 public:
  SchemaJournal(FileSystem& files, std::string folder)
      : files_(&files), folder_(std::move(folder)) {}

  /// The numbers of the files, ascending; none when there is no folder.
  Result<std::vector<uint64_t>> list() const;
  /// kCorrupt, with file:byte, when a record is damaged that others follow.
  Result<JournalFile> read(uint64_t number) const;

  /// Goes on behind `end` of a file; what follows there, and later files, is removed.
  Status resume(const JournalFile& file, uint64_t end);
  /// Begins the next file with this record, and removes files that are too old to be of use.
  Status begin(Bytes catalog);
  /// Adds to the file that was resumed or begun.
  Status append(JournalRecordKind kind, Bytes body);
  /// Bytes in the file that is written to.
  [[nodiscard]] uint64_t file_bytes() const { return end_; }

 private:
  [[nodiscard]] std::string path_of(uint64_t number) const;
  Status remove_from(uint64_t first);
  Status remove_old();

  FileSystem* files_;
  std::string folder_;
  std::unique_ptr<File> file_;
  uint64_t number_ = 0;
  uint64_t end_ = 0;
};

}  // namespace tailwater::mysql
