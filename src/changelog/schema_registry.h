// SchemaRegistry: the schemas of a changelog and their numbers, as its writer knows them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "changelog/index.h"
#include "changelog/segment.h"
#include "model/schema.h"

namespace tailwater::changelog {

/// The schemas that a segment declares before `end`, in order. `file` is the segment.
Result<std::vector<SchemaPtr>> load_schemas(File& file, const std::vector<IndexEntry>& index,
                                            const SegmentHeader& segment, uint64_t end);
/// The same by name; kNotFound when retention deleted it.
Result<std::vector<SchemaPtr>> load_schemas(FileSystem& files, const std::string& folder,
                                            const SegmentHeader& segment, uint64_t end);

/// Not thread-safe.
class SchemaRegistry {
 public:
  struct Entry {
    SchemaPtr schema;
    uint64_t bits = 0;         ///< its table's bits in a frame's Bloom set
    uint64_t declared_in = 0;  ///< the writer's count of the segment that declares it; 0: none yet
    uint64_t used_in = 0;      ///< the writer's count of the frame that uses it
    uint64_t used_by = 0;      ///< the writer's count of the transaction that uses it
  };

  /// Knows the schemas of the newest segment at once; those of `older` are read when they are
  /// needed.
  static Result<SchemaRegistry> open(FileSystem& files, const std::string& folder,
                                     std::vector<SegmentHeader> older, const SegmentHeader* newest,
                                     uint64_t newest_end, uint32_t next_id);

  /// The schema with a number: its old one, or the next.
  Result<SchemaPtr> intern(const TableSchema& table);
  /// What is known of a schema that `intern` gave; null for a schema of another log.
  Entry* find(const Schema& schema);
  /// Nothing counts as declared any more: after frames were cut.
  void forget_declarations();
  [[nodiscard]] uint32_t next_id() const { return next_id_; }

 private:
  SchemaRegistry(FileSystem& files, std::string folder)
      : files_(&files), folder_(std::move(folder)) {}
  void add(const SchemaPtr& schema);
  Status load_older();

  FileSystem* files_;
  std::string folder_;
  std::vector<SegmentHeader> older_;
  std::map<std::string, uint32_t, std::less<>> ids_;  // by stored form
  std::map<uint32_t, Entry> entries_;
  uint32_t next_id_ = 1;
};

}  // namespace tailwater::changelog
