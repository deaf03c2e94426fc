// Stream: the changes of a MySQL or MariaDB server as a range.
//
//   auto stream = tailwater::Stream::open({.url = "mysql://user@host/shop"});
//   if (!stream) return complain(stream.error());
//   for (const auto& change : *stream) index(change);
//   if (auto ended = stream->result(); !ended) return complain(ended.error());
//
// Link with tailwater::tailwater (find_package) or `pkg-config --libs tailwater`.
#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <tailwater/change.h>
#include <tailwater/result.h>

namespace tailwater {

struct StreamOptions {
  /// mysql://user@host:port/database, mariadb://…, or binlog:FILE. A database selects its tables.
  std::string url;
  /// Where to start: now, earliest, FILE:POS, gtid:SET, or a time (2024-05-06T07:08:09Z). Only when
  /// `data_dir` holds nothing yet.
  std::string from = "now";
  /// Where to end: now, FILE:POS, gtid:SET, a time; empty: never.
  std::string until = {};
  /// Regular expressions on database.table; empty: all.
  std::vector<std::string> table_include = {};
  std::vector<std::string> table_exclude = {};
  /// Regular expressions on database.table.column; empty: all. What is left out or masked never
  /// reaches the changelog (docs/configuration.md, "Columns").
  std::vector<std::string> column_include = {};
  std::vector<std::string> column_exclude = {};
  /// Regular expressions on database.table.column: HMAC-SHA-256 in hex instead of the value, under
  /// the key `mask_salt`, or the one in the file `mask_salt_file`.
  std::vector<std::string> mask_hash = {};
  std::string mask_salt = {};
  std::string mask_salt_file = {};
  /// "EXPRESSION:N": the first N characters; "EXPRESSION:TEXT": the text instead of the value.
  std::vector<std::string> mask_truncate = {};
  std::vector<std::string> mask_constant = {};
  /// "database.table:column,column": the key of a table that has none, or another than its own.
  std::vector<std::string> key_columns = {};
  /// Some of insert, update, delete, truncate, ddl: changes that are not kept.
  std::vector<std::string> skip_operations = {};
  /// The password, if it is neither in the URL nor in the places that docs/connections.md lists.
  std::string password_file = {};
  /// disabled, preferred, required, verify_ca, verify_identity.
  std::string tls = {};
  std::string tls_ca = {};
  /// Keep the changelog here: the stream goes on after the last `acknowledge` the next time. Empty:
  /// a temporary one, which waits for the reader when it holds 256 MB.
  std::string data_dir = {};
  /// With `data_dir`: the name of this reader's cursor.
  std::string reader_name = "reader";
};

/// A stream of changes. Movable. One thread reads it; `stop` may be called by any.
///
/// Back-pressure: the source is read only as far ahead as the changelog may grow. Errors end the
/// range and are then in `result`.
class Stream {
 public:
  /// Connects, and starts to capture. Errors: kUserFix (URL, password, grants, settings of the
  /// server), kRetry (the server cannot be reached), kResync (the position is gone or of another
  /// server), kBusy (`data_dir` is in use).
  static Result<Stream> open(const StreamOptions& options);

  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  /// Ends the capture and waits for it.
  ~Stream();

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Change;
    using difference_type = std::ptrdiff_t;
    using pointer = const Change*;
    using reference = const Change&;

    const Change& operator*() const { return change_; }
    const Change* operator->() const { return &change_; }
    Iterator& operator++();
    void operator++(int) { ++*this; }
    bool operator==(const Iterator& other) const { return stream_ == other.stream_; }

   private:
    friend class Stream;
    explicit Iterator(Stream* stream) : stream_(stream) {}
    Stream* stream_;  // null at the end
    Change change_{nullptr, nullptr};
  };

  /// Waits for the first change. The range ends at `until`, after `stop`, or with an error. Call it
  /// once: an iterator's changes are gone when it moves on.
  Iterator begin();
  [[nodiscard]] Iterator end() { return Iterator(nullptr); }

  /// Makes the range end soon, whatever it waits for. Thread-safe.
  void stop();
  /// Why the range ended: no error for `until` and `stop`.
  [[nodiscard]] Status result() const;

  /// With `data_dir`: everything up to and including the last change given out is dealt with; the
  /// next stream goes on after it. Counts whole transactions only. Without: frees space.
  Status acknowledge();

 private:
  struct State;
  explicit Stream(std::unique_ptr<State> state);
  bool advance(Change& change);

  std::unique_ptr<State> state_;
};

/// Whether a stream could start at `position` on this server, without starting one: kResync with
/// the remedy when the position is purged, foreign or no place where a transaction starts.
Status validate_position(const StreamOptions& options, const std::string& position);

}  // namespace tailwater
