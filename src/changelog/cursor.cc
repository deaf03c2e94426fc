#include "changelog/cursor.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/text.h"

namespace tailwater::changelog {
namespace {

constexpr std::string_view kFirstLine = "tailwater cursor 1\n";
constexpr size_t kNameMax = 100;
constexpr size_t kCursorBytesMax = 4096;
constexpr size_t kPinBytes = 32;
constexpr std::string_view kLockName = ".lock";

std::string cursors_of(const std::string& folder) {
  return join_path(folder, "cursors");
}
std::string pins_of(const std::string& folder) {
  return join_path(folder, "pins");
}

bool is_name(std::string_view name) {
  const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  return letters && !name.empty() && name.size() <= kNameMax && name[0] != '.' &&
         !name.ends_with(".new");
}

Status check_name(std::string_view name) {
  if (is_name(name)) return {};
  return fail(ErrorKind::kUserFix, fmt::format("'{}' is no name for a cursor", name),
              "use letters, digits, '.', '_' and '-', at most 100, not starting with '.'");
}

std::string text_of(const SinkCursor& cursor) {
  std::string text = fmt::format("{}offset {}\ndetached {}\nupdated_us {}\n", kFirstLine,
                                 raw(cursor.next), cursor.detached ? 1 : 0, cursor.updated_us);
  return text + fmt::format("crc32c {:08x}\n", crc32c(as_bytes(text)));
}

// The number of a line "word number".
std::optional<uint64_t> number_of(std::string_view line, std::string_view word) {
  if (!line.starts_with(word) || line.size() < word.size() + 2) return std::nullopt;
  const auto number = parse_number(line.substr(word.size() + 1));
  if (!number.has_value()) return std::nullopt;
  return *number;
}

std::optional<SinkCursor> parse(const std::string& name, const std::string& text) {
  const auto lines = split(text, '\n');
  if (lines.size() != 6 || !text.starts_with(kFirstLine)) return std::nullopt;
  SinkCursor cursor;
  cursor.name = name;
  const auto offset = number_of(lines[1], "offset");
  const auto detached = number_of(lines[2], "detached");
  const auto updated = number_of(lines[3], "updated_us");
  if (!offset || !detached || !updated) return std::nullopt;
  cursor.next = Offset{*offset};
  cursor.detached = *detached != 0;
  cursor.updated_us = static_cast<int64_t>(*updated);
  if (text_of(cursor) != text) return std::nullopt;  // the checksum too
  return cursor;
}

Status write_cursor(FileSystem& files, const std::string& folder, const SinkCursor& cursor) {
  return replace_file(files, join_path(cursors_of(folder), cursor.name), text_of(cursor));
}

}  // namespace

Result<std::unique_ptr<File>> lock_cursors(FileSystem& files, const std::string& folder) {
  constexpr int kAttempts = 5000;
  TW_ASSIGN(const bool there, files.exists(cursors_of(folder)));
  if (!there) {
    TW_TRY(files.make_folder(cursors_of(folder)));
    TW_TRY(files.sync_directory(folder));
  }
  TW_ASSIGN(auto lock, files.open(join_path(cursors_of(folder), kLockName), OpenMode::kCreate));
  for (int attempt = 0;; ++attempt) {
    auto status = lock->lock();
    if (status.has_value()) return lock;
    if (status.error().kind != ErrorKind::kBusy || attempt == kAttempts) {
      return fail(std::move(status).error());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Result<std::optional<SinkCursor>> load_cursor(FileSystem& files, const std::string& folder,
                                              const std::string& name) {
  TW_TRY(check_name(name));
  const std::string path = join_path(cursors_of(folder), name);
  auto text = read_file(files, path, kCursorBytesMax);
  if (!text.has_value() && text.error().kind == ErrorKind::kNotFound) return std::nullopt;
  if (!text.has_value()) return fail(std::move(text).error());
  auto cursor = parse(name, *text);
  if (!cursor) {
    return fail(Error{ErrorKind::kCorrupt, "the cursor '" + name + "' is damaged", path,
                      "remove the file and bootstrap the sink again"});
  }
  return cursor;
}

Status store_cursor(FileSystem& files, const std::string& folder, const SinkCursor& cursor) {
  TW_TRY(check_name(cursor.name));
  TW_ASSIGN(const auto lock, lock_cursors(files, folder));
  TW_ASSIGN(const auto before, load_cursor(files, folder, cursor.name));
  SinkCursor stored = cursor;
  stored.detached = before ? before->detached : cursor.detached;
  return write_cursor(files, folder, stored);
}

Status set_cursor_detached(FileSystem& files, const std::string& folder, const std::string& name,
                           bool detached) {
  TW_ASSIGN(const auto lock, lock_cursors(files, folder));
  return set_cursor_detached_locked(files, folder, name, detached);
}

Status set_cursor_detached_locked(FileSystem& files, const std::string& folder,
                                  const std::string& name, bool detached) {
  TW_ASSIGN(const auto cursor, load_cursor(files, folder, name));
  if (!cursor) return fail(ErrorKind::kNotFound, "there is no cursor '" + name + "'");
  SinkCursor stored = *cursor;
  stored.detached = detached;
  return write_cursor(files, folder, stored);
}

Result<std::vector<SinkCursor>> list_cursors(FileSystem& files, const std::string& folder) {
  std::vector<SinkCursor> cursors;
  auto names = files.list(cursors_of(folder));
  if (!names.has_value() && names.error().kind == ErrorKind::kNotFound) return cursors;
  TW_ASSIGN(const auto listed, std::move(names));
  for (const std::string& name : listed) {
    if (!is_name(name)) continue;
    TW_ASSIGN(auto cursor, load_cursor(files, folder, name));
    if (cursor) cursors.push_back(std::move(*cursor));
  }
  return cursors;
}

Status sync_cursors(FileSystem& files, const std::string& folder) {
  return files.sync_directory(cursors_of(folder));
}

Status remove_cursor(FileSystem& files, const std::string& folder, const std::string& name) {
  TW_TRY(check_name(name));
  TW_ASSIGN(const auto lock, lock_cursors(files, folder));
  auto status = files.remove(join_path(cursors_of(folder), name));
  if (!status.has_value() && status.error().kind == ErrorKind::kNotFound) return {};
  TW_TRY(std::move(status));
  return files.sync_directory(cursors_of(folder));
}

Result<std::unique_ptr<Pin>> Pin::take(FileSystem& files, const std::string& folder, Offset next) {
  static std::atomic<uint64_t> count = 0;
  TW_TRY(files.make_folder(pins_of(folder)));
  TW_ASSIGN(const auto lock, lock_cursors(files, folder));
  for (;;) {
    const std::string path = join_path(pins_of(folder), fmt::format("{}-{}", ::getpid(), ++count));
    auto file = files.open(path, OpenMode::kCreateNew);
    if (!file.has_value()) {
      TW_ASSIGN(const bool stale, files.exists(path));  // of a dead process with our number
      if (stale) continue;
      return fail(std::move(file).error());
    }
    std::unique_ptr<Pin> pin(new Pin(files, path));
    pin->file_ = std::move(*file);
    const auto locked = pin->file_->lock();
    // Retention may have come between the two and taken the pin for a dead process's.
    TW_ASSIGN(const bool there, files.exists(path));
    if (!locked.has_value() || !there) continue;
    TW_TRY(pin->move(next));
    return pin;
  }
}

Pin::~Pin() {
  (void)files_.remove(path_);
}

Status Pin::move(Offset next) {
  std::string text =
      fmt::format("{:020} {:08x}\n", raw(next), crc32c(as_bytes(fmt::format("{:020}", raw(next)))));
  text.resize(kPinBytes, '\n');
  return file_->write_at(0, as_bytes(text));
}

Result<std::optional<Offset>> lowest_pin(FileSystem& files, const std::string& folder) {
  std::optional<Offset> lowest;
  auto names = files.list(pins_of(folder));
  if (!names.has_value() && names.error().kind == ErrorKind::kNotFound) return lowest;
  TW_ASSIGN(const auto listed, std::move(names));
  for (const std::string& name : listed) {
    const std::string path = join_path(pins_of(folder), name);
    auto file = files.open(path, OpenMode::kWrite);
    if (!file.has_value()) continue;  // gone meanwhile
    if ((*file)->lock().has_value()) {
      (void)files.remove(path);
      continue;
    }
    const auto text = read_file(files, path, kCursorBytesMax);
    uint64_t offset = 0;  // a pin that is just being written holds everything
    if (text.has_value() && text->size() == kPinBytes &&
        text->substr(21, 8) == fmt::format("{:08x}", crc32c(as_bytes(text->substr(0, 20))))) {
      offset = parse_number(std::string_view(*text).substr(0, 20)).value_or(0);
    }
    lowest = Offset{std::min(lowest ? raw(*lowest) : UINT64_MAX, offset)};
  }
  return lowest;
}

}  // namespace tailwater::changelog
