#include "format/wkt.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/cursor.h"

namespace tailwater::format {
namespace {

constexpr int kDepthMax = 32;
constexpr uint32_t kPolygon = 3;
constexpr uint32_t kCollection = 7;
constexpr std::array<std::string_view, 8> kNames = {"",
                                                    "POINT ",
                                                    "LINESTRING ",
                                                    "POLYGON ",
                                                    "MULTIPOINT ",
                                                    "MULTILINESTRING ",
                                                    "MULTIPOLYGON ",
                                                    "GEOMETRYCOLLECTION "};
// What the parts of a MULTI… are.
constexpr std::array<uint32_t, 8> kParts = {0, 0, 0, 0, 1, 2, 3, 0};

// One geometry after the other out of WKB bytes (OGC 06-103r4, 8.2).
class WktWriter {
 public:
  WktWriter(TextBuffer& out, Bytes wkb) : out_(out), in_(wkb) {}

  bool write() { return geometry(0, true, 0) && in_.ok() && in_.at_end(); }

 private:
  uint32_t count() { return little_ ? in_.le<uint32_t>() : static_cast<uint32_t>(in_.be_uint(4)); }

  void number() {
    const uint64_t bits = little_ ? in_.le<uint64_t>() : in_.be_uint(8);
    const auto value = std::bit_cast<double>(bits);
    constexpr size_t kFixedMax = 360;  // 1.8E308 in full, or 5E-324
    char* at = out_.room(kFixedMax);
    if (!std::isfinite(value))
      return out_.put(std::isnan(value) ? "NaN" : value > 0 ? "Inf" : "-Inf");
    out_.advance(std::to_chars(at, at + kFixedMax, value, std::chars_format::fixed).ptr);
  }
  void point() {
    number();
    out_.put(' ');
    number();
  }
  // `count` things in parentheses; EMPTY when there are none.
  template <typename Item>
  bool list(Item item) {
    const uint32_t items = count();
    if (!in_.ok()) return false;
    if (items == 0) {
      out_.put("EMPTY");
      return true;
    }
    for (uint32_t i = 0; i < items; ++i) {
      out_.put(i == 0 ? "(" : ", ");
      if (!item() || !in_.ok()) return false;
    }
    out_.put(')');
    return true;
  }
  bool points() {
    return list([this] {
      point();
      return true;
    });
  }

  bool body(uint32_t type, int depth) {
    if (type == 1) {
      out_.put('(');
      point();
      out_.put(')');
      return in_.ok();
    }
    if (type < kPolygon) return points();
    if (type == kPolygon) return list([this] { return points(); });
    const uint32_t part = kParts[type];
    return list([this, part, depth] { return geometry(part, part == 0, depth + 1); });
  }

  // `expected`: the type it must have, 0 for any.
  bool geometry(uint32_t expected, bool named, int depth) {
    if (depth > kDepthMax) return false;
    little_ = in_.u8() == 1;
    const uint32_t type = count();
    if (!in_.ok() || type == 0 || type > kCollection) return false;
    if (expected != 0 && type != expected) return false;
    if (named) out_.put(kNames[type]);
    return body(type, depth);
  }

  TextBuffer& out_;
  Cursor in_;
  bool little_ = true;
};

}  // namespace

bool put_wkt(TextBuffer& out, Bytes wkb) {
  const size_t before = out.size();
  if (WktWriter(out, wkb).write()) return true;
  out.truncate(before);
  return false;
}

}  // namespace tailwater::format
