#include "source/mysql/binlog/rows_fragments.h"

#include "base/cursor.h"

namespace tailwater::mysql {
namespace {

constexpr size_t kKeptBytes = 8 << 20;

tl::unexpected<Error> broken(const std::string& what) {
  return damaged(EventType::kMariadbPartialRowData, what);
}

}  // namespace

void RowsFragments::drop() {
  next_ = 0;
  whole_.shrink(kKeptBytes);
}

Result<RowsFragments::Fragment> RowsFragments::parse(const Event& event) {
  constexpr uint8_t kHasEventBytes = 1;
  Cursor cursor(event.body);
  Fragment fragment;
  fragment.first = cursor.le<uint32_t>();
  fragment.second = cursor.le<uint32_t>();
  const uint8_t flags = cursor.u8();
  if ((flags & kHasEventBytes) != 0) fragment.event_bytes = cursor.le<uint64_t>();
  if (!cursor.ok()) return broken("cut short");
  if ((flags & ~kHasEventBytes) != 0) {
    return fail(ErrorKind::kUnsupported, "a partial_row_data event has flags not known here (" +
                                             std::to_string(flags) + ")");
  }
  fragment.content = cursor.rest();
  return fragment;
}

Status RowsFragments::begin(const Fragment& fragment) {
  number_first_ = fragment.first == 1;
  total_ = number_first_ ? fragment.second : fragment.first;
  if (!number_first_ && fragment.second != 1) {
    return broken("the fragments " + std::to_string(fragment.first) + " and " +
                  std::to_string(fragment.second) + " come without the first one");
  }
  if (total_ == 0) return broken("it is one of none");
  event_bytes_ = fragment.event_bytes;
  if (event_bytes_.value_or(0) > kEventBytesMax) return broken("the whole would be too long");
  whole_.shrink(kKeptBytes);
  next_ = 1;
  return {};
}

Result<std::optional<Event>> RowsFragments::take(const Event& event) {
  TW_ASSIGN(const Fragment fragment, parse(event));
  if (!open()) TW_TRY(begin(fragment));
  const uint32_t number = number_first_ ? fragment.first : fragment.second;
  const uint32_t total = number_first_ ? fragment.second : fragment.first;
  if (number != next_ || total != total_) {
    const std::string wanted = std::to_string(next_) + " of " + std::to_string(total_);
    drop();
    return broken("fragment " + std::to_string(number) + " of " + std::to_string(total) +
                  " comes where " + wanted + " should");
  }
  if (whole_.size() + fragment.content.size() > event_bytes_.value_or(kEventBytesMax)) {
    drop();
    return broken("there is more of it than its first fragment says");
  }
  whole_.append(fragment.content);
  if (next_++ < total_) return std::nullopt;
  next_ = 0;
  TW_ASSIGN(const Event whole, finish());
  return whole;
}

// The whole is an event with a header of its own, and perhaps a checksum.
Result<Event> RowsFragments::finish() {
  const Bytes whole = whole_.view();
  TW_ASSIGN(const EventHeader header, parse_event_header(whole));
  if (!is_rows(header.type)) {
    return broken("its fragments make a " + std::string(to_string(header.type)) + " event");
  }
  if (event_bytes_ && whole.size() + kChecksumBytes < *event_bytes_) {
    return broken("there is less of it than its first fragment says");
  }
  Event event{header, whole, whole.subspan(kEventHeaderBytes)};
  if (checksum_matches(whole)) event.body = event.body.first(event.body.size() - kChecksumBytes);
  return event;
}

}  // namespace tailwater::mysql
