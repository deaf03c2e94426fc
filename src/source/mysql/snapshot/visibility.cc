#include "source/mysql/snapshot/visibility.h"

#include "source/mysql/capture.h"

namespace tailwater::mysql {

bool Visibility::lacks(const NextTransaction& next) const {
  if (gtids && next.gtid != nullptr) return !gtids->contains(*next.gtid);
  return compare_binlog({std::string(next.file), next.pos}, end) >= 0;
}

bool Visibility::reached_by(const Executed& executed) const {
  if (gtids && gtids->is_subset_of(executed.mysql_gtids())) return true;
  return compare_binlog(executed.binlog(), end) >= 0;
}

}  // namespace tailwater::mysql
