// KeyedHash: HMAC-SHA-256 of many short values under one key. Source: RFC 2104, FIPS 180-4.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"

namespace tailwater {

/// The states of both hashes after the key are kept, so a short value costs two blocks and no
/// allocation. Immutable: may be used from several threads; copies share the states.
class KeyedHash {
 public:
  static constexpr size_t kBytes = 32;

  explicit KeyedHash(std::string_view key);
  [[nodiscard]] std::array<uint8_t, kBytes> of(Bytes value) const;

 private:
  struct States;
  std::shared_ptr<const States> states_;
};

}  // namespace tailwater
