#include "cli/command.h"

#include <fmt/format.h>
#include <unistd.h>

namespace tailwater::cli {

int exit_code(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kUserFix:
      return kExitUsage;
    case ErrorKind::kResync:
      return kExitRefused;
    case ErrorKind::kStopped:
      return kExitInterrupted;
    default:
      return kExitFailed;
  }
}

int report(const Error& error) {
  fmt::print(stderr, "tailwater: {}\n", error.describe());
  return exit_code(error);
}

bool is_terminal(int fd) {
  return ::isatty(fd) == 1;
}

void SourceFlags::add(CLI::App& command, const std::string& key, const std::string& flag,
                      const std::string& help) {
  const size_t index = values.size();
  values.emplace_back(key, std::vector<std::string>{});
  command
      .add_option_function<std::vector<std::string>>(
          flag,
          [this, index](const std::vector<std::string>& texts) { values[index].second = texts; },
          help)
      ->allow_extra_args(false)
      ->type_name("");
}

void SourceFlags::add_connection(CLI::App& command) {
  add(command, "user", "--user", "user, over the URL's");
  add(command, "password_file", "--password-file", "a file that holds the password");
  add(command, "password_command", "--password-command", "a command that prints the password");
  add(command, "tls", "--tls",
      "disabled, preferred, required, verify_ca or verify_identity (default preferred)");
  add(command, "tls_ca", "--tls-ca", "PEM file of the CAs to trust");
  add(command, "tls_cert", "--tls-cert", "PEM file of our certificate");
  add(command, "tls_key", "--tls-key", "PEM file of its key");
  add(command, "connect_timeout", "--connect-timeout",
      "how long a connection may take (default 10s)");
}

void SourceFlags::add_tables(CLI::App& command) {
  add(command, "table_include", "--table-include",
      "regular expression on database.table; may be repeated");
  add(command, "table_exclude", "--table-exclude",
      "regular expression on database.table; may be repeated");
}

void SourceFlags::add_check(CLI::App& command) {
  add_connection(command);
  add_tables(command);
  add(command, "snapshot", "--snapshot",
      "check for a snapshot too: initial, only or when_needed (default never)");
  add(command, "replica_server_id", "--replica-server-id",
      "our server id at the source (default: a free one)");
}

void SourceFlags::add_columns(CLI::App& command) {
  add(command, "column_include", "--column-include",
      "regular expression on database.table.column; may be repeated");
  add(command, "column_exclude", "--column-exclude",
      "regular expression on database.table.column; may be repeated");
  add(command, "mask_hash", "--mask-hash",
      "regular expression on database.table.column: a keyed hash instead of the value");
  add(command, "mask_salt_file", "--mask-salt-file", "a file that holds the key of the hash");
  add(command, "mask_truncate", "--mask-truncate",
      "EXPRESSION:N, the first N characters only; may be repeated");
  add(command, "mask_constant", "--mask-constant",
      "EXPRESSION:TEXT, the text instead of the value; may be repeated");
  add(command, "key_columns", "--key-columns",
      "database.table:column,column, the key of that table; may be repeated");
  add(command, "skip_operations", "--skip-operations",
      "some of insert, update, delete, truncate, ddl");
}

void SourceFlags::add_selection(CLI::App& command) {
  add(command, "from", "--from",
      "now (default), earliest, FILE:POS, gtid:SET, or a time (2024-05-06T07:08:09Z)");
  add(command, "until", "--until",
      "now, FILE:POS, gtid:SET, or a time; without it the stream does not end");
  add(command, "snapshot", "--snapshot",
      "initial: the tables' rows first; only: those, then end; when_needed; never (default)");
  add(command, "snapshot_threads", "--snapshot-threads",
      "how many connections read tables at once (default 2)");
  add_tables(command);
  add_columns(command);
  add(command, "schema_file", "--schema",
      "column names for binlogs without them (docs/schema_file.md), or another log's schemas");
  add(command, "on_statement", "--on-statement",
      "stop (default) at a change that is in the binlog as a statement, or record it undecoded");
  add(command, "on_errant", "--on-errant",
      "stop (default) at a server with transactions beside the history that was read, or accept "
      "it");
  add(command, "replica_server_id", "--replica-server-id",
      "our server id at the source (default: a free one)");
  add(command, "heartbeat_interval", "--heartbeat-interval",
      "how often an idle server must speak (default 5s)");
  add(command, "deadline", "--deadline",
      "without data and heartbeat the connection is given up (default 30s)");
  add(command, "failover_timeout", "--failover-timeout",
      "how long servers that may still come are waited for (default 1m)");
}

void SourceFlags::apply(pipeline::Settings& settings, const std::string& source) const {
  for (const auto& [key, texts] : values) {
    const std::string full_key = fmt::format("source.{}.{}", source, key);
    for (const std::string& text : texts) settings.set_flag(full_key, text);
  }
}

}  // namespace tailwater::cli
