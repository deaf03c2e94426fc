#include "source/mysql/binlog/gtid_set.h"

#include <algorithm>
#include <limits>

#include "base/cursor.h"
#include "base/text.h"
#include "source/mysql/binlog/serialization.h"

namespace tailwater::mysql {
namespace {

// A GTID number is at most 2^63 - 2 (GNO_END - 1).
constexpr uint64_t kNumberEnd = std::numeric_limits<int64_t>::max();
constexpr size_t kTagBytesMax = 32;
constexpr uint8_t kTaggedFormat = 1;

tl::unexpected<Error> wrong(std::string_view text) {
  return fail(ErrorKind::kUserFix, "'" + std::string(text) + "' is not a GTID set",
              "write uuid:1-100, with commas between servers, as SELECT @@gtid_executed prints it");
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > kTagBytesMax || (text[0] >= '0' && text[0] <= '9'))
    return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<MysqlGtidSet::Interval> parse_interval(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = parse_number(trim(text.substr(0, dash)));
  if (!first) return wrong(text);
  uint64_t last = *first;
  if (dash != std::string_view::npos) {
    const auto second = parse_number(trim(text.substr(dash + 1)));
    if (!second) return wrong(text);
    last = *second;
  }
  if (*first == 0 || last >= kNumberEnd) return wrong(text);
  return MysqlGtidSet::Interval{*first, last + 1};  // "5-3" is empty, as in the server
}

// "uuid:1-3:7:tag:1-2"
Status parse_server(std::string_view text, MysqlGtidSet& set) {
  const auto parts = split(text, ':');
  const auto uuid = parse_uuid(trim(parts[0]));
  if (!uuid || parts.size() < 2) return wrong(text);
  Tsid tsid{*uuid, {}};
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string_view part = trim(parts[i]);
    if (is_tag(part)) {
      tsid.tag = to_lower(part);
      continue;
    }
    TW_ASSIGN(const MysqlGtidSet::Interval interval, parse_interval(part));
    set.add(tsid, interval.start, interval.end);
  }
  return {};
}

void append_intervals(std::string& text, const MysqlGtidSet::Intervals& intervals) {
  for (const auto& [start, end] : intervals) {
    text += ':';
    append_number(text, start);
    if (end - start == 1) continue;
    text += '-';
    append_number(text, end - 1);
  }
}

}  // namespace

Result<MysqlGtidSet> MysqlGtidSet::parse(std::string_view text) {
  MysqlGtidSet set;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view server = trim(part);
    if (!server.empty()) TW_TRY(parse_server(server, set));
  }
  return set;
}

Result<MysqlGtidSet> MysqlGtidSet::decode(Bytes bytes) {
  const auto damaged_set = [] { return fail(ErrorKind::kCorrupt, "a GTID set is damaged"); };
  Cursor cursor(bytes);
  MysqlGtidSet set;
  auto servers = cursor.le<uint64_t>();
  const auto format = static_cast<uint8_t>(servers >> 56);
  if (format == kTaggedFormat) servers = servers >> 8 & 0xffffffffffff;
  if (format > kTaggedFormat) {
    return fail(ErrorKind::kUnsupported,
                "GTID set format " + std::to_string(format) + " is not known");
  }
  for (uint64_t i = 0; i < servers && cursor.ok(); ++i) {
    Tsid tsid;
    const Bytes uuid = cursor.take(tsid.uuid.size());
    if (!cursor.ok()) break;
    std::ranges::copy(uuid, tsid.uuid.begin());
    if (format == kTaggedFormat) {
      const uint64_t length = serialized_uint(cursor);
      if (length > kTagBytesMax) return damaged_set();
      tsid.tag = cursor.text(length);
    }
    const auto intervals = cursor.le<uint64_t>();
    for (uint64_t j = 0; j < intervals && cursor.ok(); ++j) {
      const auto start = cursor.le<uint64_t>();
      const auto end = cursor.le<uint64_t>();
      if (!cursor.ok()) break;
      if (start == 0 || end <= start || end > kNumberEnd) return damaged_set();
      set.add(tsid, start, end);
    }
  }
  if (!cursor.ok() || !cursor.at_end()) return damaged_set();
  return set;
}

void MysqlGtidSet::add(const Tsid& tsid, uint64_t start, uint64_t end) {
  if (start >= end) return;
  Intervals& list = sets_[tsid];
  if (!list.empty() && list.back().end == start) [[likely]] {
    list.back().end = end;
    return;
  }
  // The intervals that touch [start, end) become one.
  const auto first =
      std::ranges::lower_bound(list, start, {}, [](const Interval& each) { return each.end; });
  auto last = first;
  while (last != list.end() && last->start <= end) {
    start = std::min(start, last->start);
    end = std::max(end, last->end);
    ++last;
  }
  list.insert(list.erase(first, last), Interval{start, end});
}

void MysqlGtidSet::add(const MysqlGtidSet& other) {
  for (const auto& [tsid, intervals] : other.sets_) {
    for (const auto& [start, end] : intervals) add(tsid, start, end);
  }
}

bool MysqlGtidSet::contains(const MysqlGtid& gtid) const {
  const auto found = sets_.find(gtid.tsid);
  if (found == sets_.end()) return false;
  const auto at = std::ranges::upper_bound(found->second, gtid.number, {},
                                           [](const Interval& each) { return each.end; });
  return at != found->second.end() && at->start <= gtid.number;
}

bool MysqlGtidSet::is_subset_of(const MysqlGtidSet& other) const {
  for (const auto& [tsid, intervals] : sets_) {
    const auto found = other.sets_.find(tsid);
    if (found == other.sets_.end()) return false;
    auto at = found->second.begin();
    for (const Interval& each : intervals) {
      while (at != found->second.end() && at->end < each.end) ++at;
      if (at == found->second.end() || at->start > each.start) return false;
    }
  }
  return true;
}

MysqlGtidSet MysqlGtidSet::without(const MysqlGtidSet& other) const {
  MysqlGtidSet rest;
  for (const auto& [tsid, intervals] : sets_) {
    const auto found = other.sets_.find(tsid);
    const Intervals none;
    const Intervals& taken = found == other.sets_.end() ? none : found->second;
    auto at = taken.begin();
    for (const auto& [start, end] : intervals) {
      uint64_t from = start;
      while (at != taken.end() && at->end <= from) ++at;
      for (auto cut = at; cut != taken.end() && cut->start < end; ++cut) {
        rest.add(tsid, from, cut->start);
        from = std::max(from, cut->end);
      }
      rest.add(tsid, from, end);
    }
  }
  return rest;
}

uint64_t MysqlGtidSet::count() const {
  uint64_t count = 0;
  for (const auto& [tsid, intervals] : sets_) {
    for (const auto& [start, end] : intervals) count += end - start;
  }
  return count;
}

std::string MysqlGtidSet::describe() const {
  std::string text;
  const Uuid* previous = nullptr;
  for (const auto& [tsid, intervals] : sets_) {
    if (previous == nullptr || *previous != tsid.uuid) {
      if (previous != nullptr) text += ',';
      append_uuid(text, tsid.uuid);
    }
    if (!tsid.tag.empty()) text.append(":").append(tsid.tag);
    append_intervals(text, intervals);
    previous = &tsid.uuid;
  }
  return text;
}

void MysqlGtidSet::encode(ByteBuffer& out) const {
  const bool tagged =
      std::ranges::any_of(sets_, [](const auto& each) { return !each.first.tag.empty(); });
  uint64_t servers = sets_.size();
  if (tagged) servers = uint64_t{kTaggedFormat} << 56 | servers << 8 | kTaggedFormat;
  out.put<uint64_t>(servers);
  for (const auto& [tsid, intervals] : sets_) {
    out.append(Bytes(tsid.uuid));
    if (tagged) {
      out.put<uint8_t>(
          static_cast<uint8_t>(tsid.tag.size() << 1));  // serialized_uint of a small number
      out.append(tsid.tag);
    }
    out.put<uint64_t>(intervals.size());
    for (const auto& [start, end] : intervals) {
      out.put<uint64_t>(start);
      out.put<uint64_t>(end);
    }
  }
}

Result<MariadbGtidList> MariadbGtidList::parse(std::string_view text) {
  MariadbGtidList list;
  if (trim(text).empty()) return list;
  for (const std::string_view part : split(text, ',')) {
    TW_ASSIGN(const MariadbGtid gtid, parse_mariadb_gtid(part));
    if (list.last_.contains(gtid.domain)) {
      return fail(ErrorKind::kUserFix, "'" + std::string(text) + "' names domain " +
                                           std::to_string(gtid.domain) + " twice");
    }
    list.set(gtid);
  }
  return list;
}

std::string MariadbGtidList::describe() const {
  std::string text;
  for (const auto& [domain, gtid] : last_) {
    if (!text.empty()) text += ',';
    text += gtid.describe();
  }
  return text;
}

}  // namespace tailwater::mysql
