// Config: what `run` (and, with one source, `stream`) is told to do. docs/configuration.md lists
// every key with its default.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <tailwater/event.h>

#include "base/result.h"
#include "changelog/options.h"
#include "db/mysql/endpoint.h"
#include "format/formatter.h"
#include "pipeline/settings.h"
#include "transform/column_selection.h"

namespace tailwater::pipeline {

struct SourceConfig {
  std::string name;
  std::string url;
  std::string user;  ///< over the URL's
  std::string password_file;
  std::string password_command;
  std::string tls;  ///< disabled|preferred|required|verify_ca|verify_identity
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  std::string from = "now";  ///< only when the changelog is empty
  std::string until;
  std::vector<std::string> table_include;
  std::vector<std::string> table_exclude;
  ColumnRules columns;  ///< mask_salt: the salt itself, or empty where mask_salt_file has it
  std::string mask_salt_file;
  std::vector<std::string> skip_operations;
  std::string schema_file;
  std::string snapshot = "never";  ///< initial|only|never|when_needed
  uint32_t snapshot_threads = 2;
  uint64_t snapshot_chunk_bytes = 4 << 20;
  /// Statements whose rows the binlog lacks: false stops at them, true records them undecoded.
  bool record_statements = false;
  uint32_t replica_server_id = 0;  ///< 0: choose one
  int64_t connect_timeout_us = 10'000'000;
  int64_t heartbeat_interval_us = 5'000'000;
  int64_t deadline_us = 30'000'000;  ///< without data and heartbeat the connection is given up
  int64_t retry_min_us = 500'000;
  int64_t retry_max_us = 60'000'000;
  bool accept_errant = false;  ///< go on at a server with errant transactions
  int64_t failover_timeout_us = 60'000'000;
  /// Not keys, but the library's: where to connect now, which tables `snapshot = only` reads in
  /// which order, and whom to tell what happens, on the source's thread.
  mysql::EndpointRefresh refresh;
  std::vector<std::string> snapshot_order;
  std::function<void(const StreamEvent&)> on_event;
  bool watch_end = false;  ///< not a key: `run` asks the server how far behind it is, for `status`
  changelog::WriterOptions log;
};

struct SinkConfig {
  std::string name;
  std::string type;    ///< "console"
  std::string source;  ///< the source whose changes it takes
  std::string format = "debezium";
  format::FormatOptions format_options;
  std::vector<std::string> table_include;
  std::vector<std::string> table_exclude;
};

struct Config {
  std::string data_dir = "tailwater-data";
  std::string log_level = "info";
  std::vector<SourceConfig> sources;
  std::vector<SinkConfig> sinks;
};

/// Reads the keys of one source ("source.NAME.…") and the log settings that apply to it.
Result<SourceConfig> read_source(Settings& settings, const std::string& name);
/// Reads the keys of one sink ("sink.NAME.…").
Result<SinkConfig> read_sink(Settings& settings, const std::string& name);
/// Reads everything and refuses keys that nobody knows.
Result<Config> read_config(Settings& settings);

/// Every key with its meaning, for docs and `run --help`.
struct KeyHelp {
  std::string_view key;
  std::string_view fallback;
  std::string_view meaning;
};
const std::vector<KeyHelp>& all_keys();

}  // namespace tailwater::pipeline
