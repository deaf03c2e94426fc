#include "source/mysql/binlog/payload.h"

#include <algorithm>

#include <zstd.h>

#include "base/cursor.h"
#include "source/mysql/binlog/length_encoded.h"

namespace tailwater::mysql {
namespace {

// A field's type, its length, its value; type 0 ends them.
enum class Field : uint64_t { kEnd = 0, kSize = 1, kCompression = 2, kUnpackedSize = 3 };

constexpr size_t kStepBytes = 128 << 10;            // how much is unpacked at a time, at most
constexpr size_t kEventBytesMax = size_t{1} << 30;  // max_allowed_packet's own limit
constexpr size_t kKeptBytes = 8 << 20;

tl::unexpected<Error> damaged_payload(std::string_view what) {
  return damaged(EventType::kTransactionPayload, what);
}

}  // namespace

Result<TransactionPayload> parse_transaction_payload(const Event& event) {
  TransactionPayload out;
  Cursor cursor(event.body);
  uint64_t size = 0;
  bool has_size = false;
  while (true) {
    const auto field = static_cast<Field>(length_encoded(cursor));
    if (!cursor.ok()) return damaged_payload("cut short");
    if (field == Field::kEnd) break;
    Cursor value(as_bytes(length_encoded_text(cursor)));
    if (field == Field::kSize) {
      size = length_encoded(value);
      has_size = true;
    } else if (field == Field::kCompression) {
      const uint64_t compression = length_encoded(value);
      if (compression != 0 && compression != 255) {
        return fail(ErrorKind::kUnsupported,
                    "a transaction is compressed in a way not known here (" +
                        std::to_string(compression) + ")");
      }
      out.compression = static_cast<TransactionPayload::Compression>(compression);
    } else if (field == Field::kUnpackedSize) {
      out.unpacked_bytes = length_encoded(value);
    }
    if (!cursor.ok() || !value.ok()) return damaged_payload("cut short");
  }
  if (has_size && size != cursor.remaining()) return damaged_payload("its size is wrong");
  out.payload = cursor.rest();
  return out;
}

struct PayloadReader::Stream {
  Stream() : zstd(ZSTD_createDStream()) {}
  ~Stream() { ZSTD_freeDStream(zstd); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  ZSTD_DStream* zstd;
  Bytes packed;  // what is not unpacked yet
  bool plain = false;
  bool ended = true;  // the zstd frame is complete
  ByteBuffer buffer;  // unpacked bytes; those before `at` have been given
  size_t at = 0;

  [[nodiscard]] size_t available() const { return buffer.size() - at; }
};

PayloadReader::PayloadReader() : stream_(std::make_unique<Stream>()) {}
PayloadReader::~PayloadReader() = default;

Status PayloadReader::start(const TransactionPayload& payload) {
  Stream& stream = *stream_;
  stream.packed = payload.payload;
  stream.plain = payload.compression == TransactionPayload::Compression::kNone;
  stream.ended = payload.payload.empty();
  stream.buffer.shrink(kKeptBytes);
  stream.at = 0;
  if (stream.zstd == nullptr) return fail(ErrorKind::kFull, "no memory to unpack a transaction");
  if (ZSTD_isError(ZSTD_initDStream(stream.zstd)) != 0) {
    return fail(ErrorKind::kBug, "zstd cannot be started");
  }
  return {};
}

// Unpacks until `wanted_bytes` are there, or all.
Status PayloadReader::fill(size_t wanted_bytes) {
  Stream& stream = *stream_;
  if (stream.available() >= wanted_bytes) return {};
  // What has been given goes; the rest moves to the front.
  const size_t rest = stream.available();
  if (rest != 0) std::memmove(stream.buffer.data(), stream.buffer.data() + stream.at, rest);
  stream.buffer.truncate(rest);
  stream.at = 0;
  while (stream.available() < wanted_bytes && !stream.ended) {
    // Not more than a step ahead of what came, so that a lie about a length costs no memory.
    const size_t start = stream.buffer.size();
    uint8_t* to = stream.buffer.extend(kStepBytes);
    if (stream.plain) {
      const size_t count = std::min(kStepBytes, stream.packed.size());
      if (count != 0) std::memcpy(to, stream.packed.data(), count);
      stream.packed = stream.packed.subspan(count);
      stream.buffer.truncate(start + count);
      stream.ended = stream.packed.empty();
      continue;
    }
    ZSTD_outBuffer out{to, kStepBytes, 0};
    ZSTD_inBuffer in{stream.packed.data(), stream.packed.size(), 0};
    const size_t left = ZSTD_decompressStream(stream.zstd, &out, &in);
    if (ZSTD_isError(left) != 0) return damaged_payload(ZSTD_getErrorName(left));
    stream.packed = stream.packed.subspan(in.pos);
    stream.buffer.truncate(start + out.pos);
    stream.ended = left == 0 && stream.packed.empty();
    if (!stream.ended && in.pos == 0 && out.pos == 0) return damaged_payload("cut short");
  }
  return {};
}

Result<std::optional<Event>> PayloadReader::next() {
  Stream& stream = *stream_;
  TW_TRY(fill(kEventHeaderBytes));
  if (stream.available() == 0) return std::nullopt;
  TW_ASSIGN(const EventHeader header, parse_event_header(stream.buffer.view(stream.at)));
  if (header.length > kEventBytesMax) return damaged_payload("an inner event is too long");
  TW_TRY(fill(header.length));
  if (stream.available() < header.length) return damaged_payload("cut short");
  const Bytes whole = stream.buffer.view(stream.at).first(header.length);
  stream.at += header.length;
  TW_ASSIGN(const Event event, open_event(whole, Checksum::kNone));
  return event;
}

}  // namespace tailwater::mysql
