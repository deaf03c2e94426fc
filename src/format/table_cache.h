// TableCache: what a formatter worked out of each schema, found again by the schema's number.
#pragma once

#include <memory>
#include <unordered_map>

#include "model/schema.h"

namespace tailwater::format {

/// `Plan` is made from a `const Schema&` that the cache copies and keeps, so a plan may point into
/// it.
template <typename Plan>
class TableCache {
 public:
  /// The plan of a schema; `make(const Schema&)` makes a missing one. Valid until the next call.
  template <typename Make>
  Plan& find(const Schema& schema, Make make) {
    const bool numbered = schema.id() != SchemaId::kNone;
    if (last_ != nullptr && numbered && last_->schema.id() == schema.id()) [[likely]]
      return *last_->plan;
    if (!numbered) return unnumbered(schema, make);
    if (entries_.size() >= kEntriesMax) entries_.clear();
    std::unique_ptr<Entry>& entry = entries_[schema.id()];
    if (entry == nullptr) entry = make_entry(schema, make);
    last_ = entry.get();
    return *last_->plan;
  }

 private:
  static constexpr size_t kEntriesMax = 10000;
  struct Entry {
    explicit Entry(const Schema& original) : schema(original.id(), original.table()) {}
    Schema schema;
    std::unique_ptr<Plan> plan;
  };

  template <typename Make>
  static std::unique_ptr<Entry> make_entry(const Schema& schema, Make make) {
    auto entry = std::make_unique<Entry>(schema);
    entry->plan = std::make_unique<Plan>(make(entry->schema));
    return entry;
  }
  // Schemas outside any changelog have no number: told apart by what they say.
  template <typename Make>
  Plan& unnumbered(const Schema& schema, Make make) {
    last_ = nullptr;
    if (unnumbered_ == nullptr || !(unnumbered_->schema.table() == schema.table())) {
      unnumbered_ = make_entry(schema, make);
    }
    return *unnumbered_->plan;
  }

  std::unordered_map<SchemaId, std::unique_ptr<Entry>> entries_;
  std::unique_ptr<Entry> unnumbered_;
  Entry* last_ = nullptr;
};

}  // namespace tailwater::format
