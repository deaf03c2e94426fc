// JsonPath: the path of a JSON diff, to one place of a document.
// Source: MySQL sql-common/json_path.cc. What the server writes there is exact: no wildcards.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace tailwater::mysql {

/// One step of a path: a member of an object, or an element of an array.
struct JsonLeg {
  bool is_member = false;
  std::string_view name = {};  ///< of the member, without escapes
  uint32_t index = 0;          ///< of the element
  bool from_end = false;       ///< the index counts from the last element back
};

struct JsonPath {
  static constexpr size_t kLegsMax = 100;  ///< as deep as a document may be
  std::vector<JsonLeg> legs;
};

/// Reads "$.name[3].\"other name\"". Names borrow from `text` or are kept in `names`. False when it
/// is no such path, has wildcards, or is longer than documents are deep.
bool parse_json_path(std::string_view text, JsonPath& path, std::deque<std::string>& names);

}  // namespace tailwater::mysql
