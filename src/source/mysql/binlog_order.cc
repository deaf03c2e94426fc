#include "source/mysql/binlog_order.h"

#include <cctype>

namespace tailwater::mysql {
namespace {

std::string_view file_number(std::string_view file) {
  size_t at = file.size();
  while (at > 0 && std::isdigit(static_cast<unsigned char>(file[at - 1])) != 0) --at;
  std::string_view digits = file.substr(at);
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

}  // namespace

int compare_binlog(const BinlogPosition& left, const BinlogPosition& right) {
  const std::string_view a = file_number(left.file);
  const std::string_view b = file_number(right.file);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  if (const int order = a.compare(b); order != 0) return order;
  if (left.pos == right.pos) return 0;
  return left.pos < right.pos ? -1 : 1;
}

}  // namespace tailwater::mysql
