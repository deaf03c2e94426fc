#include "model/row.h"

namespace tailwater {

Status RowView::validate(const Schema& schema) const {
  const auto damaged = [&](size_t column) {
    return fail(ErrorKind::kCorrupt, "column '" + schema.columns()[column].name + "' of a row of " +
                                         schema.table().full_name() + " is damaged");
  };
  if (bytes_.empty()) {
    return fail(ErrorKind::kCorrupt, "a row of " + schema.table().full_name() + " is too short");
  }
  const size_t available = bytes_.size() - layout_->fixed_bytes;
  uint32_t end = 0;
  for (size_t i = 0; i < columns(); ++i) {
    if (presence(i) > Presence::kUnavailable) return damaged(i);
    if (!layout_->slots[i].variable) continue;
    const auto next = load<uint32_t>(bytes_.data() + layout_->slots[i].at);
    if (next < end || next > available) return damaged(i);
    end = next;
  }
  return {};
}

}  // namespace tailwater
