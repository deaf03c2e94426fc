#include "pipeline/config.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"

namespace tailwater::pipeline {
namespace {

const std::vector<std::string> kCompressions = {"none", "lz4", "zstd"};
const std::vector<std::string> kSyncPolicies = {"commit", "interval", "none"};
const std::vector<std::string> kOnStatement = {"stop", "record"};
const std::vector<std::string> kOnErrant = {"stop", "accept"};
const std::vector<std::string> kOnFull = {"pause_source", "detach_sink"};
constexpr uint64_t kSegmentBytesMin = 1 << 20;
constexpr uint64_t kFrameBytesMin = 4 << 10;
constexpr uint64_t kFrameBytesMax = 64 << 20;

// A name is part of paths, variables and messages.
Status check_name(std::string_view group, std::string_view name) {
  const bool good = !name.empty() && name.size() <= 64 &&
                    std::all_of(name.begin(), name.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '_' || c == '-';
                    });
  if (good) return {};
  return fail(ErrorKind::kUserFix, fmt::format("{}.{}: that name cannot be used", group, name),
              "use letters, digits, '_' and '-', at most 64 of them");
}

// The log settings of one source: its own keys over the common ones.
class LogKeys {
 public:
  LogKeys(Settings& settings, std::string source)
      : settings_(settings), source_(std::move(source)) {}

  // Every key is looked up under both names, so that both are known; the source's own wins.
  template <typename T, typename Get>
  Status read(const char* name, T& target, Get get) {
    TW_ASSIGN(target, get(fmt::format("log.{}", name), target));
    TW_ASSIGN(target, get(fmt::format("source.{}.log.{}", source_, name), target));
    return {};
  }
  Status size(const char* name, uint64_t& target) {
    return read(name, target, [&](const std::string& key, uint64_t fallback) {
      return settings_.size_bytes(key, fallback);
    });
  }
  Status duration(const char* name, int64_t& target) {
    return read(name, target, [&](const std::string& key, int64_t fallback) {
      return settings_.duration_us(key, fallback);
    });
  }
  template <typename E>
  Status choice(const char* name, E& target, const std::vector<std::string>& choices) {
    auto index = static_cast<size_t>(target);
    TW_TRY(read(name, index, [&](const std::string& key, size_t fallback) {
      return settings_.choice(key, fallback, choices);
    }));
    target = static_cast<E>(index);
    return {};
  }

 private:
  Settings& settings_;
  std::string source_;
};

Status read_log(Settings& settings, const std::string& source, changelog::WriterOptions& log) {
  LogKeys keys(settings, source);
  TW_TRY(keys.size("segment_bytes", log.segment_bytes));
  TW_TRY(keys.size("frame_bytes", log.frame_bytes));
  TW_TRY(keys.choice("compression", log.compression, kCompressions));
  TW_TRY(keys.choice("sync", log.sync, kSyncPolicies));
  TW_TRY(keys.duration("sync_interval", log.sync_interval_us));
  TW_TRY(keys.duration("group", log.group_us));
  TW_TRY(keys.size("direct_write_bytes", log.direct_write_bytes));
  TW_TRY(keys.duration("retention_age", log.retention_age_us));
  TW_TRY(keys.size("retention_bytes", log.retention_bytes));
  TW_TRY(keys.size("max_bytes", log.log_max_bytes));
  TW_TRY(keys.choice("on_full", log.on_full, kOnFull));
  if (log.segment_bytes < kSegmentBytesMin) {
    return fail(ErrorKind::kUserFix, "log.segment_bytes is less than 1MB");
  }
  if (log.frame_bytes < kFrameBytesMin || log.frame_bytes > kFrameBytesMax) {
    return fail(ErrorKind::kUserFix, "log.frame_bytes is not between 4KB and 64MB");
  }
  if (log.log_max_bytes != 0 && log.log_max_bytes < 2 * log.segment_bytes) {
    return fail(ErrorKind::kUserFix, "log.max_bytes is less than two segments",
                "raise log.max_bytes or lower log.segment_bytes");
  }
  return {};
}

// One key of a source; its variable may also be without the source's name (TAILWATER_URL).
class SourceKeys {
 public:
  SourceKeys(Settings& settings, const std::string& name)
      : settings_(settings), prefix_("source." + name + ".") {}

  Status text(const char* name, std::string& target) {
    TW_ASSIGN(target, settings_.text(prefix_ + name, target, variables(name)));
    return {};
  }
  Status list(const char* name, std::vector<std::string>& target) {
    TW_ASSIGN(target, settings_.list(prefix_ + name, variables(name)));
    return {};
  }
  Status duration(const char* name, int64_t& target) {
    TW_ASSIGN(target, settings_.duration_us(prefix_ + name, target, variables(name)));
    return {};
  }
  Status size(const char* name, uint64_t& target) {
    TW_ASSIGN(target, settings_.size_bytes(prefix_ + name, target, variables(name)));
    return {};
  }
  Status choice(const char* name, bool& target, const std::vector<std::string>& choices) {
    TW_ASSIGN(const size_t index,
              settings_.choice(prefix_ + name, target ? 1 : 0, choices, variables(name)));
    target = index != 0;
    return {};
  }
  Status number(const char* name, uint32_t& target) {
    TW_ASSIGN(const uint64_t value, settings_.number(prefix_ + name, target, variables(name)));
    if (value > std::numeric_limits<uint32_t>::max()) {
      return fail(ErrorKind::kUserFix,
                  fmt::format("{}{} is larger than 4294967295", prefix_, name));
    }
    target = static_cast<uint32_t>(value);
    return {};
  }

 private:
  static std::vector<std::string> variables(const char* name) {
    std::string variable = "TAILWATER_";
    for (const char* c = name; *c != 0; ++c) {
      variable += static_cast<char>(std::toupper(static_cast<unsigned char>(*c)));
    }
    return {variable};
  }

  Settings& settings_;
  std::string prefix_;
};

// What of each table is kept.
Status read_columns(SourceKeys& keys, SourceConfig& source) {
  ColumnRules& rules = source.columns;
  TW_TRY(keys.list("column_include", rules.column_include));
  TW_TRY(keys.list("column_exclude", rules.column_exclude));
  TW_TRY(keys.list("mask_hash", rules.mask_hash));
  TW_TRY(keys.list("mask_truncate", rules.mask_truncate));
  TW_TRY(keys.list("mask_constant", rules.mask_constant));
  TW_TRY(keys.text("mask_salt", rules.mask_salt));
  TW_TRY(keys.text("mask_salt_file", source.mask_salt_file));
  TW_TRY(keys.list("key_columns", rules.key_columns));
  TW_TRY(keys.list("skip_operations", source.skip_operations));
  return {};
}

Status read_format_options(Settings& settings, const std::string& prefix,
                           format::FormatOptions& options) {
  for (const std::string& name : format::list_formats()) {
    const std::string group = prefix + name + ".";
    for (const std::string& key : settings.keys_under(group)) {
      TW_ASSIGN(const std::string value, settings.text(key, ""));
      auto set = format::set_option(options, name, key.substr(group.size()), value);
      if (!set.has_value()) return fail(std::move(set).error().in(key));
    }
  }
  return {};
}

}  // namespace

Result<SourceConfig> read_source(Settings& settings, const std::string& name) {
  TW_TRY(check_name("source", name));
  SourceConfig source;
  source.name = name;
  SourceKeys keys(settings, name);
  TW_TRY(keys.text("url", source.url));
  TW_TRY(keys.text("user", source.user));
  TW_TRY(keys.text("password_file", source.password_file));
  TW_TRY(keys.text("password_command", source.password_command));
  TW_TRY(keys.text("tls", source.tls));
  TW_TRY(keys.text("tls_ca", source.tls_ca));
  TW_TRY(keys.text("tls_cert", source.tls_cert));
  TW_TRY(keys.text("tls_key", source.tls_key));
  TW_TRY(keys.text("from", source.from));
  TW_TRY(keys.text("until", source.until));
  TW_TRY(keys.list("table_include", source.table_include));
  TW_TRY(keys.list("table_exclude", source.table_exclude));
  TW_TRY(read_columns(keys, source));
  TW_TRY(keys.text("schema_file", source.schema_file));
  TW_TRY(keys.text("snapshot", source.snapshot));
  TW_TRY(keys.number("snapshot_threads", source.snapshot_threads));
  TW_TRY(keys.size("snapshot_chunk_bytes", source.snapshot_chunk_bytes));
  TW_TRY(keys.choice("on_statement", source.record_statements, kOnStatement));
  TW_TRY(keys.number("replica_server_id", source.replica_server_id));
  TW_TRY(keys.duration("connect_timeout", source.connect_timeout_us));
  TW_TRY(keys.duration("heartbeat_interval", source.heartbeat_interval_us));
  TW_TRY(keys.duration("deadline", source.deadline_us));
  TW_TRY(keys.duration("retry_min", source.retry_min_us));
  TW_TRY(keys.duration("retry_max", source.retry_max_us));
  TW_TRY(keys.choice("on_errant", source.accept_errant, kOnErrant));
  TW_TRY(keys.duration("failover_timeout", source.failover_timeout_us));
  TW_TRY(read_log(settings, name, source.log));
  if (source.url.empty()) {
    return fail(ErrorKind::kUserFix, fmt::format("source.{}.url is not set", name),
                "for example url = \"mysql://user@host:3306\"");
  }
  if (source.heartbeat_interval_us <= 0 || source.deadline_us < 2 * source.heartbeat_interval_us) {
    return fail(ErrorKind::kUserFix,
                fmt::format("source.{}.deadline is less than two heartbeat_intervals", name),
                "a server that is only idle would be taken for dead; raise the deadline");
  }
  return source;
}

Result<SinkConfig> read_sink(Settings& settings, const std::string& name) {
  TW_TRY(check_name("sink", name));
  const std::string prefix = "sink." + name + ".";
  SinkConfig sink;
  sink.name = name;
  TW_ASSIGN(sink.type, settings.text(prefix + "type", "console"));
  TW_ASSIGN(sink.source, settings.text(prefix + "source", ""));
  TW_ASSIGN(sink.format, settings.text(prefix + "format", sink.format));
  TW_ASSIGN(sink.table_include, settings.list(prefix + "table_include"));
  TW_ASSIGN(sink.table_exclude, settings.list(prefix + "table_exclude"));
  TW_TRY(read_format_options(settings, prefix, sink.format_options));
  if (sink.type != "console") {
    return fail(ErrorKind::kUserFix,
                fmt::format("{}type: there is no sink type '{}'", prefix, sink.type),
                "the sink types of this version: console");
  }
  return sink;
}

Result<Config> read_config(Settings& settings) {
  Config config;
  TW_ASSIGN(config.data_dir, settings.text("data_dir", config.data_dir));
  const std::vector<std::string> levels = {"debug", "info", "warn", "error", "off"};
  TW_ASSIGN(const size_t level, settings.choice("log_level", 1, levels));
  config.log_level = levels[level];
  for (const std::string& name : settings.names("source")) {
    TW_ASSIGN(SourceConfig source, read_source(settings, name));
    config.sources.push_back(std::move(source));
  }
  for (const std::string& name : settings.names("sink")) {
    TW_ASSIGN(SinkConfig sink, read_sink(settings, name));
    if (sink.source.empty() && config.sources.size() == 1) sink.source = config.sources[0].name;
    const bool known = std::any_of(config.sources.begin(), config.sources.end(),
                                   [&](const SourceConfig& s) { return s.name == sink.source; });
    if (!known) {
      return fail(ErrorKind::kUserFix,
                  fmt::format("sink.{}.source: there is no source '{}'", name, sink.source),
                  "name one of the [source.NAME] sections");
    }
    config.sinks.push_back(std::move(sink));
  }
  TW_TRY(settings.refuse_unknown());
  if (config.sources.empty()) {
    return fail(ErrorKind::kUserFix, "the configuration has no source",
                "add a section [source.NAME] with url = \"mysql://user@host\"");
  }
  return config;
}

namespace {

const std::vector<KeyHelp>& source_keys() {
  static const std::vector<KeyHelp> keys = {
      {"data_dir", "tailwater-data", "the folder of changelogs, cursors and the control socket"},
      {"log_level", "info", "debug, info, warn, error or off"},
      {"source.NAME.url", "",
       "mysql://user@host:port (several: host,host) or mariadb://…; binlog:FILE"},
      {"source.NAME.user", "", "over the URL's user"},
      {"source.NAME.password_file", "", "a file that holds the password"},
      {"source.NAME.password_command", "",
       "a command that prints the password; run at each connect"},
      {"source.NAME.tls", "preferred",
       "disabled, preferred, required, verify_ca or verify_identity"},
      {"source.NAME.tls_ca", "", "PEM file of the CAs to trust"},
      {"source.NAME.tls_cert", "", "PEM file of our certificate"},
      {"source.NAME.tls_key", "", "PEM file of its key"},
      {"source.NAME.from", "now",
       "where an empty changelog starts: now, earliest, FILE:POS, gtid:SET, a time"},
      {"source.NAME.until", "", "where to end: now, FILE:POS, gtid:SET, a time; empty: never"},
      {"source.NAME.table_include", "", "regular expressions on database.table; empty: all tables"},
      {"source.NAME.table_exclude", "", "regular expressions on database.table"},
      {"source.NAME.column_include", "",
       "regular expressions on database.table.column; empty: all columns"},
      {"source.NAME.column_exclude", "", "regular expressions on database.table.column"},
      {"source.NAME.mask_hash", "",
       "regular expressions on database.table.column: a keyed hash instead of the value"},
      {"source.NAME.mask_truncate", "", "EXPRESSION:N, the first N characters only"},
      {"source.NAME.mask_constant", "", "EXPRESSION:TEXT, the text instead of the value"},
      {"source.NAME.mask_salt", "", "the key of mask_hash; better in a file"},
      {"source.NAME.mask_salt_file", "", "a file that holds the key of mask_hash"},
      {"source.NAME.key_columns", "", "database.table:column,column, the key of that table"},
      {"source.NAME.skip_operations", "", "some of insert, update, delete, truncate, ddl"},
      {"source.NAME.schema_file", "",
       "column names for binlogs without them (docs/schema_file.md)"},
      {"source.NAME.snapshot", "never",
       "initial: the tables' rows first; only: those, then end; when_needed; never"},
      {"source.NAME.snapshot_threads", "2", "how many connections read tables at once"},
      {"source.NAME.snapshot_chunk_bytes", "4MB", "about so many bytes of rows are read at a time"},
      {"source.NAME.on_statement", "stop",
       "a change that is in the binlog as a statement: stop, or record it undecoded"},
      {"source.NAME.replica_server_id", "0", "our server id at the source; 0: choose a free one"},
      {"source.NAME.connect_timeout", "10s", "how long a connection may take"},
      {"source.NAME.heartbeat_interval", "5s", "how often an idle server must speak"},
      {"source.NAME.deadline", "30s", "without data and heartbeat the connection is given up"},
      {"source.NAME.retry_min", "500ms", "first pause before connecting again"},
      {"source.NAME.retry_max", "1m", "longest pause before connecting again"},
      {"source.NAME.on_errant", "stop",
       "a server that committed transactions beside the history that was read: stop, or accept it"},
      {"source.NAME.failover_timeout", "1m",
       "how long servers that may still come are waited for before one that refuses ends the "
       "source"},
  };
  return keys;
}

const std::vector<KeyHelp>& other_keys() {
  static const std::vector<KeyHelp> keys = {
      {"log.segment_bytes", "128MB", "a segment file is closed at about this size"},
      {"log.frame_bytes", "1MB", "a frame is closed at about this size"},
      {"log.compression", "none", "none, lz4 or zstd"},
      {"log.sync", "commit", "commit, interval or none"},
      {"log.sync_interval", "100ms", "with sync = interval"},
      {"log.group", "1ms", "how long a commit may wait for company"},
      {"log.direct_write_bytes", "128KB", "writes of at least this go around the page cache"},
      {"log.retention_age", "0", "delete closed segments older than this; 0: keep"},
      {"log.retention_bytes", "0", "delete the oldest closed segments above this size; 0: keep"},
      {"log.max_bytes", "0", "on_full applies above this size; 0: no limit"},
      {"log.on_full", "pause_source", "pause_source or detach_sink"},
      {"source.NAME.log.…", "", "the log settings of one source"},
      {"sink.NAME.type", "console", "console"},
      {"sink.NAME.source", "", "the source whose changes it takes; not needed when there is one"},
      {"sink.NAME.format", "debezium",
       "debezium, maxwell, canal, dumpa, plainview or plainview-named"},
      {"sink.NAME.table_include", "", "regular expressions on database.table"},
      {"sink.NAME.table_exclude", "", "regular expressions on database.table"},
      {"sink.NAME.debezium.…", "",
       "options of the format, by their original names (docs/formats.md)"},
      {"sink.NAME.maxwell.…", "",
       "options of the format, by their original names (docs/formats.md)"},
      {"sink.NAME.canal.…", "", "options of the format (docs/formats.md)"},
      {"sink.NAME.dumpa.…", "", "options of the format"},
      {"sink.NAME.plainview.…", "", "options of the format"},
  };
  return keys;
}

}  // namespace

const std::vector<KeyHelp>& all_keys() {
  static const std::vector<KeyHelp> keys = [] {
    std::vector<KeyHelp> all = source_keys();
    all.insert(all.end(), other_keys().begin(), other_keys().end());
    return all;
  }();
  return keys;
}

}  // namespace tailwater::pipeline
