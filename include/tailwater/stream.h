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
#include <tailwater/event.h>
#include <tailwater/options.h>
#include <tailwater/result.h>

namespace tailwater {

/// A stream of changes. Movable, but not while a thread uses it. One thread at a time reads it (the
/// range, `result`, `next_position`, `acknowledge`); `start` and `stop` may be called by any.
///
/// Back-pressure: the source is read only as far ahead as the changelog may grow. Errors end the
/// range and are then in `result`.
class Stream {
 public:
  /// Connects, and starts to capture: what is committed after it returned comes, also from `now`.
  /// Errors: kUserFix (options, password, grants, settings of the
  /// server), kRetry (the server cannot be reached), kResync (the position is gone or of another
  /// server), kBusy (`data_dir` is in use), kIo (no room for the changelog).
  static Result<Stream> open(const StreamOptions& options);

  /// Reads the rows of tables as they are. The range gives for each table, in the order given, a
  /// kReadStart, its rows as kRead, and a kReadEnd, then ends by itself. Changes that are made
  /// meanwhile come between, also of rows that are read later: who writes each row over what it had
  /// under its key has, at the end, the tables as they were at `next_position`, where a stream then
  /// goes on without gap or double.
  ///
  /// `tables` are named as in StreamOptions::tables, which, like `table_include`, `from`, `until`
  /// and `data_dir`, is not used here. Errors as those of `open`; kUserFix for a table that is not
  /// there.
  static Result<Stream> load(const StreamOptions& options, const std::vector<std::string>& tables);

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

  /// Waits for the next change. The range ends at `until`, after `stop`, or with an error; after
  /// `start` a new one goes on where it ended. An iterator's changes are gone when it moves on.
  Iterator begin();
  [[nodiscard]] Iterator end() { return Iterator(nullptr); }

  /// Captures again after `stop` or an error, from where it was: nothing is lost or comes twice. No
  /// effect while it captures, and at its end. Waits for the end of the connection before. kBusy
  /// when called from `on_event`.
  Status start();
  /// Makes the range end soon, whatever it waits for, and ends the capture. Does not wait. No
  /// effect twice.
  void stop();
  /// Why the range ended: no error for `until`, `stop`, and the end of a load.
  [[nodiscard]] Status result() const;

  /// Where a stream goes on after all whole transactions that the range gave, for
  /// StreamOptions::from: one line of text to be stored as it is. On the same server, and where it
  /// holds GTIDs on another one of the same replication too. Made when asked for. Errors: kRetry
  /// for a load that is not at its end; kNotFound when nothing is known yet.
  [[nodiscard]] Result<std::string> next_position() const;

  /// With `data_dir`: everything up to and including the last change given out is dealt with; the
  /// next stream goes on after it. Counts whole transactions only. Without: frees space. A load
  /// does so by itself. Errors: kIo, kFull.
  Status acknowledge();

 private:
  struct State;
  explicit Stream(std::unique_ptr<State> state);
  static Result<Stream> open(const StreamOptions& options, const std::vector<std::string>* load);
  bool advance(Change& change);

  std::unique_ptr<State> state_;
};

/// Whether a stream could start at `position` on this server, without starting one. `position` is
/// what StreamOptions::from takes; of `options` only what leads to the server counts. Errors:
/// kResync, with the remedy, when the position is purged, foreign or no place where a transaction
/// starts; kUserFix, kRetry as those of Stream::open.
Status validate_position(const StreamOptions& options, const std::string& position);

}  // namespace tailwater
