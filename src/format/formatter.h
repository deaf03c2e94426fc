// Formatters: changes as the JSON text that other tools print. docs/formats.md is the reference:
// all formats, every option, and every intended difference from the originals.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/change.h"
#include "model/position.h"

namespace tailwater::format {

/// Options of the Debezium format. Names, values and defaults are Debezium's own.
struct DebeziumOptions {
  enum class Decimals { kPrecise, kDouble, kString };
  enum class Unsigned { kLong, kPrecise };
  enum class Times { kAdaptiveTimeMicroseconds, kConnect, kMicroseconds, kNanoseconds, kIsostring };
  enum class Binaries { kBytes, kBase64, kBase64UrlSafe, kHex };

  std::string topic_prefix = "tailwater";  ///< `source.name`, and the start of every schema's name
  bool schemas_enable = false;  ///< {"schema": …, "payload": …} around every document
  Decimals decimal_handling_mode = Decimals::kPrecise;
  Unsigned bigint_unsigned_handling_mode = Unsigned::kLong;
  Times time_precision_mode = Times::kAdaptiveTimeMicroseconds;
  Binaries binary_handling_mode = Binaries::kBytes;
  std::string unavailable_value_placeholder = "__debezium_unavailable_value";
  bool enable_time_adjuster = true;  ///< years 0–69 become 2000–2069, 70–99 become 1970–1999
  /// Adds the `transaction` block to every document, and BEGIN and END documents.
  bool provide_transaction_metadata = false;
  bool include_schema_changes = false;   ///< a document for each statement that changes a schema
  std::string skipped_operations = "t";  ///< of c, u, d, t; comma-separated; "none" skips none
  bool tombstones_on_delete = true;      ///< only seen together with `with_key`
  /// {"key": …, "headers": …, "value": …}: key and value as one document, headers where there are
  /// some.
  bool with_key = false;
};

/// Options of the Maxwell format. Names and defaults are Maxwell's own.
struct MaxwellOptions {
  bool output_binlog_position = false;
  bool output_gtid_position = false;
  bool output_commit_info = true;  ///< xid and commit
  bool output_xoffset = false;
  bool output_nulls = true;
  bool output_server_id = false;
  bool output_thread_id = false;
  bool output_schema_id = false;  ///< our own number of the schema
  bool output_primary_keys = false;
  bool output_primary_key_columns = false;
  bool output_null_zerodates = false;
  bool output_ddl = false;
};

/// Options of the dumpa format; ours, as the original is a library.
struct DumpaOptions {
  bool with_database = false;  ///< "database.table" instead of "table"
};

/// Options of plainview's first format; ours.
struct PlainviewOptions {
  bool json_nulls = false;  ///< NULL as null, else as the text "null", as the original has it
};

/// Options of the canal format.
struct CanalOptions {
  bool gtid = true;               ///< the member `gtid`, as canal has it since 1.1.7
  bool filter_query_ddl = false;  ///< no messages for statements that change a schema; canal's name
};

struct FormatOptions {
  DebeziumOptions debezium = {};
  MaxwellOptions maxwell = {};
  DumpaOptions dumpa = {};
  PlainviewOptions plainview = {};
  CanalOptions canal = {};
  /// Clock of the processing times (Debezium's outer ts_ms, canal's ts). Must outlive the
  /// formatter.
  const Clock* clock = &Clock::system();
};

/// Writes changes as text. Keeps what it has worked out of each schema, so one formatter serves one
/// changelog. Not thread-safe: one per thread.
class Formatter {
 public:
  virtual ~Formatter() = default;
  /// Appends the JSON documents of one change, each followed by `\n`; none where the format has
  /// none for it. Changes must come in log order, transactions whole. `out` is always valid UTF-8.
  /// On an error (kUserFix: a value that the chosen options cannot show) `out` is as it was.
  ///
  /// A format that makes one document of several rows (plainview, canal) keeps them until it knows
  /// that no more belong to it, at the latest until the transaction's last change.
  virtual Status append(const TransactionInfo& transaction, const ChangeView& change,
                        std::string& out) = 0;

  /// The transaction is over: appends what was kept until now. To be called behind the last change
  /// of each transaction by all who do not pass on every change; else the change that is marked
  /// `last` may never come, and what was kept would stay.
  virtual Status end_transaction(const TransactionInfo& transaction, std::string& out);
};

/// The names of all formats, the default first.
std::vector<std::string> list_formats();
/// The same for help texts: "debezium (default), maxwell or …".
std::string describe_formats();

/// A formatter by its name. kUserFix with the nearest name when there is none of that name.
Result<std::unique_ptr<Formatter>> make_formatter(std::string_view name,
                                                  const FormatOptions& options, SourceKind source);

/// Sets one option by its original name, dots or underscores: ("decimal.handling.mode", "string").
/// kUserFix, naming the nearest option or the values allowed, when it does not fit.
Status set_option(FormatOptions& options, std::string_view format, std::string_view name,
                  std::string_view value);

/// Says in a log line that a change cannot be shown in a format: a statement that was not decoded.
void warn_not_shown(const TransactionInfo& transaction, const ChangeView& change);

}  // namespace tailwater::format
