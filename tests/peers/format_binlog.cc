// Decodes a binlog file into a changelog and prints its changes in one format, for the comparison
// with recordings of the original.
//   format_binlog FILE FORMAT EXCLUDE [NAME=VALUE…]
// EXCLUDE is a regular expression of "database.table"; NAME=VALUE are options of the format.
#include <cstdio>
#include <filesystem>
#include <iostream>

#include <unistd.h>

#include "base/file.h"
#include "changelog/reader.h"
#include "changelog/writer.h"
#include "format/formatter.h"
#include "source/mysql/binlog_file_source.h"

namespace tailwater {
namespace {

Status capture(const std::string& path, const std::string& exclude, const std::string& folder,
               SourceKind kind) {
  FileSystem& files = FileSystem::posix();
  TW_ASSIGN(auto writer, changelog::Writer::open(files, folder, {}, {kind, "", "recorded"}));
  TW_ASSIGN(Selection selection, Selection::compile({}, {exclude}));
  mysql::BinlogFileOptions options;
  options.paths = {path};
  options.rules.tables = selection;
  TW_ASSIGN(auto source, mysql::BinlogFileSource::make(options, files, *writer));
  TW_TRY(source->run({}));
  TW_TRY(writer->flush());
  return writer->close();
}

Status print(const std::string& folder, format::Formatter& formatter) {
  TW_ASSIGN(auto reader, changelog::Reader::open(FileSystem::posix(), folder, {}));
  std::string out;
  for (;;) {
    TW_ASSIGN(const auto entry, reader->next());
    if (!entry.has_value()) break;
    if (entry->kind == TailEntry::Kind::kChange) {
      TW_TRY(formatter.append(*entry->transaction, *entry->change, out));
    } else if (entry->kind == TailEntry::Kind::kCommit) {
      TW_TRY(formatter.end_transaction(*entry->transaction, out));
    }
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  return {};
}

Status run(const std::vector<std::string>& arguments, const std::string& folder) {
  TW_ASSIGN(const SourceKind kind,
            mysql::BinlogFileSource::kind_of(FileSystem::posix(), arguments[0]));
  format::FormatOptions options;
  for (size_t i = 3; i < arguments.size(); ++i) {
    const size_t equals = arguments[i].find('=');
    TW_TRY(format::set_option(options, arguments[1], arguments[i].substr(0, equals),
                              arguments[i].substr(equals + 1)));
  }
  TW_ASSIGN(auto formatter, format::make_formatter(arguments[1], options, kind));
  TW_TRY(capture(arguments[0], arguments[2], folder, kind));
  return print(folder, *formatter);
}

}  // namespace
}  // namespace tailwater

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 3) {
    std::cerr << "usage: format_binlog FILE FORMAT EXCLUDE [NAME=VALUE…]\n";
    return 2;
  }
  const auto folder =
      std::filesystem::temp_directory_path() / ("format_binlog." + std::to_string(getpid()));
  const auto status = tailwater::run(arguments, folder);
  std::filesystem::remove_all(folder);
  if (status.has_value()) return 0;
  std::cerr << "format_binlog: " << status.error().describe() << "\n";
  return 1;
}
