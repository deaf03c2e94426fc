#include "cache.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include <unistd.h>

namespace {

using tailwater::Change;
using tailwater::ErrorKind;
using tailwater::Field;
using tailwater::Row;

constexpr const char* kLastLine = "end";  // a file without it was cut

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '\t' || c == '\n') out += '\\';
    out += c == '\t' ? 't' : c == '\n' ? 'n' : c;
  }
  return out;
}

std::string text_of(const Row& row) {
  std::string text;
  for (size_t i = 0; i < row.size(); ++i) {
    const Field field = row[i];
    if (i > 0) text += '\t';
    text += escape(std::string(field.name())) + "=";
    text += field.is_null() ? "\\N" : escape(field.text());
  }
  return text;
}

// The key's parts as they are in `row`, with commas between.
std::string key_of(const Change& change, const Row& row) {
  std::string key;
  for (size_t part = 0; part < change.key_size(); ++part) {
    const auto field = row.find(change.key(part).name());
    key += (part == 0 ? "" : ",") + (field ? escape(field->text()) : std::string());
  }
  return key;
}

tailwater::Status failed(const std::string& what, const std::string& path) {
  return tailwater::fail(ErrorKind::kIo, "cannot " + what + " " + path);
}

// All of the text is on the disk when it returns.
bool write_durably(const std::string& path, const std::string& text) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"),
                                                             &std::fclose);
  return file != nullptr && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() &&
         std::fflush(file.get()) == 0 && fsync(fileno(file.get())) == 0;
}

}  // namespace

void Cache::apply(const Change& change) {
  if (change.key_size() == 0) return;
  const std::string name = std::string(change.database()) + "." + std::string(change.table());
  const std::lock_guard lock(mutex_);
  auto& table = tables_[name];
  // The key may have changed too: the old row goes, whatever its key was.
  if (const Row before = change.before()) table.erase(key_of(change, before));
  if (const Row after = change.after()) table[key_of(change, after)] = text_of(after);
}

std::optional<std::string> Cache::get(const std::string& table, const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto rows = tables_.find(table);
  if (rows == tables_.end()) return std::nullopt;
  const auto row = rows->second.find(key);
  if (row == rows->second.end()) return std::nullopt;
  return row->second;
}

size_t Cache::size() const {
  const std::lock_guard lock(mutex_);
  size_t rows = 0;
  for (const auto& [name, table] : tables_) rows += table.size();
  return rows;
}

void Cache::clear() {
  const std::lock_guard lock(mutex_);
  tables_.clear();
}

tailwater::Status Cache::save(const std::string& path, const std::string& position) const {
  std::ostringstream text;
  text << position << '\n';
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, table] : tables_) {
      for (const auto& [key, row] : table) {
        text << escape(name) << '\n' << key << '\n' << row << '\n';
      }
    }
  }
  text << kLastLine << '\n';
  const std::string fresh = path + ".new";
  if (!write_durably(fresh, text.str())) return failed("write", fresh);
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return failed("replace", path);
  return {};
}

std::optional<std::string> Cache::restore(const std::string& path) {
  std::ifstream file(path);
  std::string position;
  if (!std::getline(file, position)) return std::nullopt;
  decltype(tables_) tables;
  for (std::string name; std::getline(file, name);) {
    if (name == kLastLine) {
      const std::lock_guard lock(mutex_);
      tables_ = std::move(tables);
      return position;
    }
    std::string key;
    std::string row;
    if (!std::getline(file, key) || !std::getline(file, row)) return std::nullopt;
    tables[name][key] = row;
  }
  return std::nullopt;
}
