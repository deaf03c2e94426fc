#include "pipeline/source_factory.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "changelog/reader.h"
#include "db/mysql/connection.h"
#include "db/mysql/endpoint.h"
#include "source/mysql/binlog_file_source.h"
#include "source/mysql/bound.h"
#include "source/mysql/mysql_source.h"
#include "transform/capture_rules.h"

namespace tailwater::pipeline {
namespace {

constexpr std::string_view kBinlogScheme = "binlog:";

bool is_binlog(const std::string& url) {
  return url.starts_with(kBinlogScheme);
}

std::vector<std::string> binlog_paths(const std::string& url) {
  std::vector<std::string> paths;
  for (const std::string_view path :
       split(std::string_view(url).substr(kBinlogScheme.size()), ',')) {
    if (!trim(path).empty()) paths.emplace_back(trim(path));
  }
  return paths;
}

Status check_scheme(const std::string& url) {
  const std::string scheme = url.substr(0, url.find(':'));
  if (scheme == "mysql" || scheme == "mariadb" || is_binlog(url)) return {};
  return fail(ErrorKind::kUserFix,
              fmt::format("'{}' is not the URL of a source", mysql::redact_url(url)),
              "write mysql://user@host:port, mariadb://user@host:port, or binlog:FILE");
}

Status complete(mysql::Endpoint& endpoint, const SourceConfig& config) {
  const auto over = [](std::string& target, const std::string& value) {
    if (!value.empty()) target = value;
  };
  over(endpoint.user, config.user);
  over(endpoint.password_file, config.password_file);
  over(endpoint.password_command, config.password_command);
  over(endpoint.tls_ca, config.tls_ca);
  over(endpoint.tls_cert, config.tls_cert);
  over(endpoint.tls_key, config.tls_key);
  if (!config.tls.empty()) {
    TW_ASSIGN(endpoint.tls, mysql::parse_tls_mode(config.tls));
  }
  endpoint.connect_timeout_us = config.connect_timeout_us;
  endpoint.refresh = config.refresh;
  return mysql::complete_endpoint(endpoint, mysql::Surroundings::of_process());
}

// A database in the URL selects its tables, as a user of mysql://host/shop means it.
Result<Selection> make_selection(const SourceConfig& config, const std::string& database) {
  std::vector<std::string> include = config.table_include;
  if (include.empty() && !database.empty()) {
    std::string quoted;
    for (const char c : database) {
      if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) quoted += '\\';
      quoted += c;
    }
    include.push_back(quoted + "\\..*");
  }
  return Selection::compile(include, config.table_exclude);
}

Result<mysql::SnapshotMode> parse_snapshot_mode(const SourceConfig& config) {
  using mysql::SnapshotMode;
  constexpr std::array<std::pair<std::string_view, SnapshotMode>, 4> kModes = {
      {{"never", SnapshotMode::kNever},
       {"initial", SnapshotMode::kInitial},
       {"only", SnapshotMode::kOnly},
       {"when_needed", SnapshotMode::kWhenNeeded}}};
  for (const auto& [name, mode] : kModes) {
    if (name != config.snapshot) continue;
    if (mode == SnapshotMode::kNever || config.until.empty()) return mode;
    return fail(ErrorKind::kUserFix,
                "a snapshot and an end of the stream (until) do not go together",
                "snapshot = only ends by itself, when the tables are read");
  }
  return fail(ErrorKind::kUserFix, fmt::format("snapshot: there is no mode '{}'", config.snapshot),
              "initial, only, never or when_needed");
}

// The salt without the line end that editors put behind it.
Result<ColumnSelection> make_columns(const SourceConfig& config) {
  constexpr size_t kSaltBytesMax = 65536;
  ColumnRules rules = config.columns;
  if (!config.mask_salt_file.empty()) {
    if (!rules.mask_salt.empty()) {
      return fail(ErrorKind::kUserFix, "mask_salt and mask_salt_file are both set", "keep one");
    }
    auto read = read_file(FileSystem::posix(), config.mask_salt_file, kSaltBytesMax);
    if (!read.has_value()) {
      return fail(ErrorKind::kUserFix, "cannot read mask_salt_file: " + read.error().message,
                  "the file holds the salt, as one line");
    }
    rules.mask_salt = *std::move(read);
    while (rules.mask_salt.ends_with('\n') || rules.mask_salt.ends_with('\r')) {
      rules.mask_salt.pop_back();
    }
  }
  return ColumnSelection::compile(rules);
}

// `database`: of the URL.
Result<CaptureRules> make_rules(const SourceConfig& config, const std::string& database) {
  CaptureRules rules;
  TW_ASSIGN(rules.tables, make_selection(config, database));
  TW_ASSIGN(rules.columns, make_columns(config));
  TW_ASSIGN(rules.skipped, SkippedOperations::parse(config.skip_operations));
  return rules;
}

Result<std::optional<mysql::Bound>> parse_until(const SourceConfig& config) {
  if (config.until.empty()) return std::optional<mysql::Bound>{};
  auto bound = mysql::parse_bound(config.until);
  if (!bound.has_value()) return fail(std::move(bound).error().in("until"));
  return std::optional(*bound);
}

class Errors {
 public:
  template <typename T>
  void add(const Result<T>& result, std::string_view setting) {
    if (!result.has_value()) errors_.push_back(Error(result.error()).in(setting));
  }
  void add(std::string message, std::string hint) {
    errors_.push_back({ErrorKind::kUserFix, std::move(message), {}, std::move(hint)});
  }
  // Each expression by itself, so that one does not hide the next.
  void add_expressions(const std::vector<std::string>& expressions, std::string_view setting) {
    for (const std::string& expression : expressions) {
      add(Selection::compile({expression}, {}), setting);
    }
  }
  [[nodiscard]] std::vector<Error> take() { return std::move(errors_); }

 private:
  std::vector<Error> errors_;
};

// One rule at a time, with a salt, as that there is none is told once.
void check_columns(const SourceConfig& config, Errors& errors) {
  const auto each = [&](std::vector<std::string> ColumnRules::*member, std::string_view setting) {
    for (const std::string& rule : config.columns.*member) {
      ColumnRules one;
      one.mask_salt = "salt";
      (one.*member) = {rule};
      errors.add(ColumnSelection::compile(one), setting);
    }
  };
  each(&ColumnRules::column_include, "column_include");
  each(&ColumnRules::column_exclude, "column_exclude");
  each(&ColumnRules::mask_hash, "mask_hash");
  each(&ColumnRules::mask_truncate, "mask_truncate");
  each(&ColumnRules::mask_constant, "mask_constant");
  ColumnRules keys;
  keys.key_columns = config.columns.key_columns;
  errors.add(ColumnSelection::compile(keys), "key_columns");
  SourceConfig salt;
  salt.columns.mask_salt = config.columns.mask_salt;
  salt.mask_salt_file = config.mask_salt_file;
  errors.add(make_columns(salt), "mask_salt");
  const bool no_salt = config.columns.mask_salt.empty() && config.mask_salt_file.empty();
  if (!config.columns.mask_hash.empty() && no_salt) {
    errors.add("mask_hash has no salt", "set mask_salt_file, or mask_salt");
  }
}

}  // namespace

std::vector<Error> find_errors(const SourceConfig& config) {
  Errors errors;
  const Status scheme = check_scheme(config.url);
  errors.add(scheme, "url");
  if (scheme.has_value() && is_binlog(config.url)) {
    if (binlog_paths(config.url).empty()) errors.add("url: binlog: needs the path of a file", "");
  } else if (scheme.has_value()) {
    errors.add(mysql::parse_endpoints(config.url), "url");
  }
  errors.add(mysql::parse_bound(config.from), "from");
  if (!config.until.empty()) {
    const auto until = mysql::parse_bound(config.until);
    errors.add(until, "until");
    if (until.has_value() && until->kind == mysql::Bound::Kind::kEarliest) {
      errors.add("until: a stream cannot end at 'earliest'", "write now, or a place");
    }
  }
  if (!config.tls.empty()) errors.add(mysql::parse_tls_mode(config.tls), "tls");
  errors.add_expressions(config.table_include, "table_include");
  errors.add_expressions(config.table_exclude, "table_exclude");
  for (const std::string& word : config.skip_operations) {
    errors.add(SkippedOperations::parse({word}), "skip_operations");
  }
  check_columns(config, errors);
  return errors.take();
}

Result<std::vector<mysql::Endpoint>> endpoints_of(const SourceConfig& config) {
  TW_TRY(check_scheme(config.url));
  if (is_binlog(config.url)) {
    return fail(ErrorKind::kUserFix, "binlog files have no server to connect to");
  }
  TW_ASSIGN(auto endpoints, mysql::parse_endpoints(config.url));
  for (mysql::Endpoint& endpoint : endpoints) TW_TRY(complete(endpoint, config));
  return endpoints;
}

Result<mysql::Connection> connect_first(const SourceConfig& config) {
  TW_ASSIGN(const auto endpoints, endpoints_of(config));
  Result<mysql::Connection> first = mysql::Connection::open(endpoints.front());
  for (size_t i = 1; i < endpoints.size() && !first.has_value(); ++i) {
    auto other = mysql::Connection::open(endpoints[i]);
    if (other.has_value()) return other;
  }
  return first;
}

Result<Selection> selection_of(const SourceConfig& config) {
  TW_ASSIGN(const mysql::Endpoint endpoint, mysql::parse_endpoint(config.url));
  return make_selection(config, endpoint.database);
}

Result<SourceKind> find_source_kind(const SourceConfig& config, const std::string& folder) {
  TW_TRY(check_scheme(config.url));
  // All that can be wrong in the configuration is told before a connection is tried.
  TW_TRY(make_rules(config, "").map([](auto&&) {}));
  TW_TRY(mysql::parse_bound(config.from).map([](auto&&) {}));
  TW_TRY(parse_until(config).map([](auto&&) {}));
  if (is_binlog(config.url)) {
    const auto paths = binlog_paths(config.url);
    if (paths.empty()) return fail(ErrorKind::kUserFix, "binlog: needs the path of a file");
    return mysql::BinlogFileSource::kind_of(FileSystem::posix(), paths.front());
  }
  TW_TRY(endpoints_of(config).map([](auto&&) {}));
  const auto reader = changelog::Reader::open(FileSystem::posix(), folder, {});
  if (reader.has_value()) return (*reader)->identity().kind;
  TW_ASSIGN(const mysql::Connection connection, connect_first(config));
  if (config.url.starts_with("mariadb:") && !connection.is_mariadb()) {
    return fail(ErrorKind::kUserFix, "the server is MySQL, not MariaDB",
                "write mysql:// in the URL");
  }
  return connection.is_mariadb() ? SourceKind::kMariadb : SourceKind::kMysql;
}

Result<std::unique_ptr<Source>> make_source(const SourceConfig& config, SourceKind kind,
                                            const std::string& folder, changelog::Writer& writer) {
  (void)kind;
  const auto on_statement =
      config.record_statements ? mysql::OnStatement::kRecord : mysql::OnStatement::kStop;
  TW_ASSIGN(mysql::Bound from, mysql::parse_bound(config.from));
  TW_ASSIGN(const auto until, parse_until(config));
  if (is_binlog(config.url) && from.kind == mysql::Bound::Kind::kPosition) {
    from = {.kind = mysql::Bound::Kind::kBinlog, .binlog = from.position.binlog};
  }
  TW_ASSIGN(const mysql::SnapshotMode snapshot, parse_snapshot_mode(config));
  if (is_binlog(config.url)) {
    if (snapshot != mysql::SnapshotMode::kNever) {
      return fail(ErrorKind::kUserFix, "binlog files have no tables to take a snapshot of",
                  "snapshot = never");
    }
    TW_ASSIGN(CaptureRules rules, make_rules(config, ""));
    return mysql::BinlogFileSource::make({.paths = binlog_paths(config.url),
                                          .from = from,
                                          .until = until,
                                          .rules = std::move(rules),
                                          .schema_file = config.schema_file,
                                          .on_statement = on_statement,
                                          .history_folder = join_path(folder, "schemas")},
                                         FileSystem::posix(), writer);
  }
  mysql::MysqlSourceOptions options;
  TW_ASSIGN(options.endpoints, endpoints_of(config));
  TW_ASSIGN(options.rules, make_rules(config, options.endpoints.front().database));
  // The database only selects: a missing one must not refuse the login.
  for (mysql::Endpoint& endpoint : options.endpoints) endpoint.database.clear();
  options.from = from;
  options.until = until;
  options.schema_file = config.schema_file;
  options.on_statement = on_statement;
  options.server_id = config.replica_server_id;
  options.heartbeat_us = config.heartbeat_interval_us;
  options.deadline_us = config.deadline_us;
  options.retry_min_us = config.retry_min_us;
  options.retry_max_us = config.retry_max_us;
  options.accept_errant = config.accept_errant;
  options.failover_timeout_us = config.failover_timeout_us;
  options.watch_end = config.watch_end;
  options.snapshot = snapshot;
  options.snapshot_readers = config.snapshot_threads;
  options.snapshot_chunk_bytes = config.snapshot_chunk_bytes;
  options.snapshot_folder = join_path(folder, "snapshots");
  options.history_folder = join_path(folder, "schemas");
  options.snapshot_order = config.snapshot_order;
  options.on_event = config.on_event;
  return mysql::MysqlSource::make(std::move(options), FileSystem::posix(), writer);
}

}  // namespace tailwater::pipeline
