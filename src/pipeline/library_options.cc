#include "pipeline/library_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "changelog/cursor.h"
#include "pipeline/source_factory.h"

namespace tailwater {
namespace pipeline {
namespace {

constexpr const char* kSourceName = "stream";
constexpr int64_t kMillisecondUs = 1000;

// The longest time without a sign of the server; it is asked for heartbeats a bit more often.
constexpr int64_t kSignsUsMin = 100'000;

// "database.table" of a name, which may lack the database.
std::string full_name(const StreamOptions& options, const std::string& table) {
  if (table.find('.') != std::string::npos) return table;
  const auto endpoint = mysql::parse_endpoint(options.url);
  return (endpoint.has_value() ? endpoint->database : std::string()) + "." + table;
}

std::string quote_expression(std::string_view name) {
  std::string quoted;
  for (const char c : name) {
    if (std::string_view("\\^$.|?*+()[]{}/").find(c) != std::string_view::npos) quoted += '\\';
    quoted += c;
  }
  return quoted;
}

bool is_name(const std::string& name) {
  const size_t dot = name.find('.');
  return dot != std::string::npos && dot > 0 && dot + 1 < name.size();
}

bool is_cursor_name(const std::string& name) {
  constexpr size_t kNameMax = 100;
  return !name.empty() && name.size() <= kNameMax && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
         });
}

void add(std::vector<Error>& errors, std::string message, std::string hint) {
  errors.push_back({ErrorKind::kUserFix, std::move(message), {}, std::move(hint)});
}

void check_tables(const StreamOptions& options, const std::vector<std::string>& tables,
                  std::vector<Error>& errors) {
  for (const std::string& table : tables) {
    if (is_name(full_name(options, table))) continue;
    add(errors, fmt::format("tables: '{}' names no table", table),
        "write database.table, or name the database in the URL");
  }
}

}  // namespace

SourceConfig source_of(const StreamOptions& options, const std::vector<std::string>* load) {
  SourceConfig config;
  config.name = kSourceName;
  config.url = options.url;
  config.table_exclude = options.table_exclude;
  if (load == nullptr) {
    config.from = options.from;
    config.until = options.until;
    config.table_include = options.table_include;
  } else {
    config.snapshot = "only";
  }
  for (const std::string& table : load == nullptr ? options.tables : *load) {
    const std::string name = full_name(options, table);
    config.table_include.push_back(quote_expression(name));
    const auto& order = config.snapshot_order;
    const bool fresh = std::find(order.begin(), order.end(), name) == order.end();
    if (load != nullptr && fresh) config.snapshot_order.push_back(name);
  }
  config.columns = {.column_include = options.column_include,
                    .column_exclude = options.column_exclude,
                    .mask_hash = options.mask_hash,
                    .mask_truncate = options.mask_truncate,
                    .mask_constant = options.mask_constant,
                    .mask_salt = options.mask_salt,
                    .key_columns = options.key_columns};
  config.mask_salt_file = options.mask_salt_file;
  config.skip_operations = options.skip_operations;
  config.password_file = options.password_file;
  config.tls = options.tls;
  config.tls_ca = options.tls_ca;
  config.refresh = options.locate;
  config.on_event = options.on_event;
  if (options.heartbeat_interval_ms > 0) {
    const int64_t signs_us = std::max(kSignsUsMin, options.heartbeat_interval_ms * kMillisecondUs);
    config.heartbeat_interval_us = std::min(config.heartbeat_interval_us, signs_us);
  }
  return config;
}

std::vector<Error> option_errors(const StreamOptions& options,
                                 const std::vector<std::string>* load) {
  std::vector<Error> errors = find_errors(source_of(options, load));
  check_tables(options, load == nullptr ? options.tables : *load, errors);
  if (load == nullptr && !options.tables.empty() && !options.table_include.empty()) {
    add(errors, "tables and table_include are both set", "keep one");
  }
  if (load != nullptr && load->empty()) {
    add(errors, "a load needs the names of tables", "name at least one");
  }
  if (load != nullptr && options.url.starts_with("binlog:")) {
    add(errors, "binlog files have no tables to load", "name a server in the URL");
  }
  if (options.heartbeat_interval_ms < 0) {
    add(errors, "heartbeat_interval_ms is negative", "0 gives no heartbeats");
  }
  if (!is_cursor_name(options.reader_name)) {
    add(errors, fmt::format("reader_name '{}' is no name", options.reader_name),
        "letters, digits, '.', '_' and '-', at most 100");
  }
  return errors;
}

Status check_options(const StreamOptions& options, const std::vector<std::string>* load) {
  const std::vector<Error> errors = option_errors(options, load);
  if (errors.empty()) return {};
  if (errors.size() == 1) return fail(errors[0]);
  std::string message = fmt::format("{} options are wrong", errors.size());
  for (const Error& error : errors) message += "; " + error.describe();
  return fail(ErrorKind::kUserFix, std::move(message),
              "StreamOptions::validate gives them one by one");
}

}  // namespace pipeline

std::vector<Error> StreamOptions::validate() const {
  return pipeline::option_errors(*this, nullptr);
}

}  // namespace tailwater
