// OpenSSL's newer interface allocates for each digest; the older one works on plain structs.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "transform/keyed_hash.h"

#include <openssl/sha.h>

namespace tailwater {

struct KeyedHash::States {
  SHA256_CTX inner;
  SHA256_CTX outer;
};

namespace {

static_assert(KeyedHash::kBytes == SHA256_DIGEST_LENGTH);
using Block = std::array<uint8_t, SHA256_CBLOCK>;

SHA256_CTX state_after(Block block, uint8_t pad) {
  for (uint8_t& byte : block) byte ^= pad;
  SHA256_CTX state;
  SHA256_Init(&state);
  SHA256_Update(&state, block.data(), block.size());
  return state;
}

}  // namespace

KeyedHash::KeyedHash(std::string_view key) {
  constexpr uint8_t kInnerPad = 0x36;
  constexpr uint8_t kOuterPad = 0x5c;
  Block block{};
  if (key.size() > block.size()) {
    SHA256(as_bytes(key).data(), key.size(), block.data());
  } else if (!key.empty()) {
    std::memcpy(block.data(), key.data(), key.size());
  }
  states_ = std::make_shared<const States>(
      States{state_after(block, kInnerPad), state_after(block, kOuterPad)});
}

std::array<uint8_t, KeyedHash::kBytes> KeyedHash::of(Bytes value) const {
  std::array<uint8_t, kBytes> digest;
  SHA256_CTX state = states_->inner;
  SHA256_Update(&state, value.data(), value.size());
  SHA256_Final(digest.data(), &state);
  state = states_->outer;
  SHA256_Update(&state, digest.data(), digest.size());
  SHA256_Final(digest.data(), &state);
  return digest;
}

}  // namespace tailwater
