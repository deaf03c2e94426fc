// TableReader: reads parts of tables, chunk by chunk, each in a view of its own, and hands the rows
// to the junction. A snapshot has several, each with a thread and a connection of its own.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/backoff.h"
#include "db/mysql/catalog.h"
#include "source/mysql/snapshot/junction.h"
#include "source/mysql/snapshot/progress.h"
#include "source/mysql/snapshot/read_view.h"
#include "source/mysql/snapshot/result_row.h"
#include "transform/column_selection.h"
#include "transform/row_masker.h"

namespace tailwater::mysql {

struct ReaderOptions {
  Endpoint endpoint;
  ServerInfo info;
  size_t chunk_bytes = 4 << 20;  ///< of rows; about so many are read in one view
  ColumnSelection columns = {};
};

/// Used by one thread.
class TableReader {
 public:
  /// Borrows both.
  TableReader(ReaderOptions options, Progress& progress, Junction& junction);

  /// Reads until nothing is left for anybody. Passing trouble is retried inside; kStopped when
  /// `stop` asks. What comes back else needs the user.
  Status run(const std::stop_token& stop);
  /// The trouble that is being retried, or "". From any thread.
  [[nodiscard]] std::string trouble() const;

 private:
  /// A table as it is now.
  struct Definition {
    size_t index = SIZE_MAX;                    ///< in the job's list
    std::string create;                         ///< what SHOW CREATE TABLE said
    std::shared_ptr<const TableSchema> table;   ///< all columns, as they are at the server
    std::shared_ptr<const TableSchema> schema;  ///< what goes into the changelog
    std::vector<uint32_t> kept;                 ///< which columns of `table` that are
    std::optional<RowMasker> masker;
    std::vector<uint32_t> key;             ///< that it is read in order of; empty: none
    std::vector<std::string> key_columns;  ///< quoted
    std::string force_index;
    std::string select_list;
    uint64_t chunk_rows = 1;
    std::optional<ResultRow> row;
  };
  enum class Outcome : uint8_t {
    kMore,
    kExhausted,
    kChanged,  ///< the table is not as it was when it was looked at
  };

  Status read_task(ReadTask task, const std::stop_token& stop);
  Status read_part(ReadTask& task, const std::stop_token& stop);
  Result<Outcome> read_chunk(ReadTask& task, const std::stop_token& stop);
  Result<Outcome> read_rows(const ReadTask& task, const ReadChunkPtr& chunk,
                            const std::stop_token& stop);
  Status fill_chunk(const ReadChunkPtr& chunk, uint64_t limit, const std::stop_token& stop);
  Status connect();
  Result<bool> define(size_t table);
  Status choose_columns(Definition& made) const;
  Status append_row(Bytes row, ByteBuffer& images);
  Result<std::optional<std::string>> show_create(const TableName& name);
  void choose_key(const CatalogTable& table);
  [[nodiscard]] bool is_hidden(uint32_t column) const;
  Result<std::optional<KeyBound>> key_at(const KeyRange& range, uint64_t offset, bool last,
                                         const std::stop_token& stop);
  Status split(ReadTask& task, const std::stop_token& stop);
  Result<std::optional<KeyBound>> split_point(const ReadTask& task, const std::stop_token& stop);
  [[nodiscard]] std::string rows_statement(const ReadTask& task, uint64_t limit) const;
  Status wait_for_work(const std::stop_token& stop);
  void note_trouble(std::string text);
  void adapt(const ReadChunk& chunk, uint64_t bytes);

  ReaderOptions options_;
  Progress& progress_;
  Junction& junction_;
  ViewOpener views_;
  Backoff backoff_;
  std::optional<Session> session_;
  std::optional<Connection> catalog_;
  Definition definition_;
  ByteBuffer unmasked_;
  ReadChunkPtr before_;  ///< the chunk before, which may still wait at the junction
  mutable std::mutex trouble_mutex_;
  std::string trouble_;
};

}  // namespace tailwater::mysql
