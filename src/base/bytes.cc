#include "base/bytes.h"

#include <algorithm>
#include <new>

namespace tailwater {

void ByteBuffer::grow(size_t needed) {
  const size_t capacity = std::max<size_t>({needed, capacity_ + capacity_ / 2, 256});
  auto* data = static_cast<uint8_t*>(std::realloc(data_, capacity));
  if (data == nullptr) throw std::bad_alloc();
  data_ = data;
  capacity_ = capacity;
}

}  // namespace tailwater
