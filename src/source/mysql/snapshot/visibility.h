// Visibility: which transactions a view of the server's data has in it, told in the terms of the
// binlog. It decides where in the stream the rows of a view belong: after all that they show, and
// before all that they do not.
#pragma once

#include <optional>
#include <string_view>

#include "model/position.h"
#include "source/mysql/binlog/gtid_set.h"
#include "source/mysql/executed.h"

namespace tailwater::mysql {

/// The transaction that a stream would read next.
struct NextTransaction {
  std::string_view file;
  uint64_t pos = 0;  ///< where its first event starts
  const MysqlGtid* gtid = nullptr;
};

struct Visibility {
  /// What is before this place is in the view; with `gtids`: what is behind it is not.
  BinlogPosition end;
  /// MySQL with GTIDs: these are in the view. A commit that is in the binlog, and not yet among
  /// the executed GTIDs, may or may not be.
  std::optional<MysqlGtidSet> gtids = {};

  /// Whether `next` must come after the view's rows.
  [[nodiscard]] bool lacks(const NextTransaction& next) const;
  /// Whether a stream that is so far has read all that the view is known to have.
  [[nodiscard]] bool reached_by(const Executed& executed) const;
};

}  // namespace tailwater::mysql
