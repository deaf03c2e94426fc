// EventMaker: whole binlog events of MariaDB, made by hand, for the tests of this room.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/text.h"
#include "source/mysql/binlog/event.h"

namespace tailwater::mysql {

/// Events one after the other, as a server would write them to a file, or (`places` = false) as one
/// that tells no places sends them.
class EventMaker {
 public:
  static constexpr uint64_t kTable = 1;

  explicit EventMaker(bool places) : places_(places) {}

  std::string event(EventType type, std::string_view body, uint16_t flags = 0) {
    ByteBuffer out;
    const size_t length = kEventHeaderBytes + body.size();
    pos_ += length;
    out.put<uint32_t>(1'700'000'000);
    out.put<uint8_t>(static_cast<uint8_t>(type));
    out.put<uint32_t>(1);
    out.put<uint32_t>(static_cast<uint32_t>(length));
    out.put<uint32_t>(places_ ? static_cast<uint32_t>(pos_) : 0);
    out.put<uint16_t>(flags);
    out.append(body);
    return std::string(as_text(out.view()));
  }
  std::string format() {
    constexpr size_t kVersionBytes = 50;
    constexpr size_t kTypes = 172;
    std::string version = "12.3.1-MariaDB";
    version.resize(kVersionBytes);
    ByteBuffer body;
    body.put<uint16_t>(4);
    body.append(version);
    body.put<uint32_t>(0);
    body.put<uint8_t>(kEventHeaderBytes);
    body.append_zeros(kTypes + 1 + kChecksumBytes);  // and no checksums
    return event(EventType::kFormatDescription, as_text(body.view()));
  }
  std::string rotate(std::string_view file) {
    ByteBuffer body;
    body.put<uint64_t>(4);
    body.append(file);
    std::string made = event(EventType::kRotate, as_text(body.view()), kFlagArtificial);
    store<uint32_t>(reinterpret_cast<uint8_t*>(made.data()) + 13, 0);
    pos_ -= made.size();
    return made;
  }
  std::string gtid(uint64_t sequence) {
    ByteBuffer body;
    body.put<uint64_t>(sequence);
    body.put<uint32_t>(0);
    body.append_zeros(7);
    return event(EventType::kMariadbGtid, as_text(body.view()));
  }
  /// A statement in no transaction, without status variables and default database.
  std::string statement(uint64_t sequence, std::string_view text) {
    ByteBuffer start;
    start.put<uint64_t>(sequence);
    start.put<uint32_t>(0);
    start.put<uint8_t>(1);  // no commit follows
    start.append_zeros(6);
    std::string made = event(EventType::kMariadbGtid, as_text(start.view()));
    ByteBuffer body;
    body.append_zeros(14);
    body.append(text);
    return made + event(EventType::kQuery, as_text(body.view()));
  }
  /// d.t (id INT).
  std::string table_map() {
    ByteBuffer body;
    put_table(body);
    body.append(std::string_view("\1d\0\1t\0\1\3\0\0", 10));
    return event(EventType::kTableMap, as_text(body.view()));
  }
  std::string insert(uint32_t first, uint32_t count) {
    ByteBuffer body;
    put_table(body);
    body.append(std::string_view("\1\1", 2));
    for (uint32_t i = 0; i < count; ++i) {
      body.put<uint8_t>(0);
      body.put<uint32_t>(first + i);
    }
    return event(EventType::kWriteRowsV1, as_text(body.view()));
  }
  std::string commit(uint64_t xid) {
    ByteBuffer body;
    body.put<uint64_t>(xid);
    return event(EventType::kXid, as_text(body.view()));
  }
  /// A fragment of a rows event; the first (1) says how large that is.
  std::string fragment(uint32_t number, uint32_t total, std::string_view content,
                       uint64_t event_bytes) {
    ByteBuffer body;
    body.put<uint32_t>(number);
    body.put<uint32_t>(total);
    body.put<uint8_t>(number == 1 ? 1 : 0);
    if (number == 1) body.put<uint64_t>(event_bytes);
    body.append(content);
    return event(EventType::kMariadbPartialRowData, as_text(body.view()));
  }
  [[nodiscard]] uint64_t pos() const { return pos_; }

 private:
  static void put_table(ByteBuffer& body) {
    body.put<uint32_t>(kTable);
    body.put<uint16_t>(0);
    body.put<uint16_t>(1);
  }

  bool places_;
  uint64_t pos_ = 4;
};

}  // namespace tailwater::mysql
