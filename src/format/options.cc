#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

#include "base/text.h"
#include "format/formatter.h"

namespace tailwater::format {
namespace {

using Debezium = DebeziumOptions;

// An option and how its text is taken: false when the value is none of `values`.
template <typename Options>
struct Option {
  std::string_view name;
  std::string_view values;
  bool (*set)(Options& options, std::string_view value);
};

bool parse_bool(bool& target, std::string_view value) {
  if (value != "true" && value != "false") return false;
  target = value == "true";
  return true;
}

template <typename Options, bool Options::*member>
bool set_bool(Options& options, std::string_view value) {
  return parse_bool(options.*member, value);
}

template <typename Options, std::string Options::*member>
bool set_text(Options& options, std::string_view value) {
  options.*member = value;
  return true;
}

// The place of `value` among comma-separated `values`, which are in the order of the enum.
template <auto member>
bool set_choice(Debezium& options, std::string_view value, std::string_view values) {
  const auto all = split(values, ',');
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](std::string_view one) { return trim(one) == value; });
  if (found == all.end()) return false;
  using Choice = std::remove_reference_t<decltype(options.*member)>;
  options.*member = static_cast<Choice>(found - all.begin());
  return true;
}

constexpr std::string_view kBools = "true, false";
constexpr std::string_view kDecimals = "precise, double, string";
constexpr std::string_view kUnsigned = "long, precise";
constexpr std::string_view kTimes =
    "adaptive_time_microseconds, connect, microseconds, nanoseconds, isostring";
constexpr std::string_view kBinaries = "bytes, base64, base64-url-safe, hex";

bool set_decimals(Debezium& o, std::string_view v) {
  return set_choice<&Debezium::decimal_handling_mode>(o, v, kDecimals);
}
bool set_unsigned(Debezium& o, std::string_view v) {
  return set_choice<&Debezium::bigint_unsigned_handling_mode>(o, v, kUnsigned);
}
bool set_times(Debezium& o, std::string_view v) {
  return set_choice<&Debezium::time_precision_mode>(o, v, kTimes);
}
bool set_binaries(Debezium& o, std::string_view v) {
  return set_choice<&Debezium::binary_handling_mode>(o, v, kBinaries);
}
bool set_skipped(Debezium& options, std::string_view value) {
  for (const std::string_view part : split(value, ',')) {
    const std::string_view op = trim(part);
    if (op != "none" &&
        (op.size() != 1 || std::string_view("cudtr").find(op) == std::string_view::npos)) {
      return false;
    }
  }
  options.skipped_operations = value == "none" ? "" : value;
  return true;
}

constexpr std::array kDebezium = {
    Option<Debezium>{"topic_prefix", "any text", set_text<Debezium, &Debezium::topic_prefix>},
    Option<Debezium>{"schemas_enable", kBools, set_bool<Debezium, &Debezium::schemas_enable>},
    Option<Debezium>{"decimal_handling_mode", kDecimals, set_decimals},
    Option<Debezium>{"bigint_unsigned_handling_mode", kUnsigned, set_unsigned},
    Option<Debezium>{"time_precision_mode", kTimes, set_times},
    Option<Debezium>{"binary_handling_mode", kBinaries, set_binaries},
    Option<Debezium>{"unavailable_value_placeholder", "any text",
                     set_text<Debezium, &Debezium::unavailable_value_placeholder>},
    Option<Debezium>{"enable_time_adjuster", kBools,
                     set_bool<Debezium, &Debezium::enable_time_adjuster>},
    Option<Debezium>{"provide_transaction_metadata", kBools,
                     set_bool<Debezium, &Debezium::provide_transaction_metadata>},
    Option<Debezium>{"include_schema_changes", kBools,
                     set_bool<Debezium, &Debezium::include_schema_changes>},
    Option<Debezium>{"skipped_operations", "none, or some of c, u, d, t, r", set_skipped},
    Option<Debezium>{"tombstones_on_delete", kBools,
                     set_bool<Debezium, &Debezium::tombstones_on_delete>},
    Option<Debezium>{"with_key", kBools, set_bool<Debezium, &Debezium::with_key>},
};

using Maxwell = MaxwellOptions;
template <bool Maxwell::*member>
constexpr Option<Maxwell> maxwell_option(std::string_view name) {
  return {name, kBools, set_bool<Maxwell, member>};
}
constexpr std::array kMaxwell = {
    maxwell_option<&Maxwell::output_binlog_position>("output_binlog_position"),
    maxwell_option<&Maxwell::output_gtid_position>("output_gtid_position"),
    maxwell_option<&Maxwell::output_commit_info>("output_commit_info"),
    maxwell_option<&Maxwell::output_xoffset>("output_xoffset"),
    maxwell_option<&Maxwell::output_nulls>("output_nulls"),
    maxwell_option<&Maxwell::output_server_id>("output_server_id"),
    maxwell_option<&Maxwell::output_thread_id>("output_thread_id"),
    maxwell_option<&Maxwell::output_schema_id>("output_schema_id"),
    maxwell_option<&Maxwell::output_primary_keys>("output_primary_keys"),
    maxwell_option<&Maxwell::output_primary_key_columns>("output_primary_key_columns"),
    maxwell_option<&Maxwell::output_null_zerodates>("output_null_zerodates"),
    maxwell_option<&Maxwell::output_ddl>("output_ddl"),
};

constexpr std::array kDumpa = {
    Option<DumpaOptions>{"with_database", kBools,
                         set_bool<DumpaOptions, &DumpaOptions::with_database>},
};
constexpr std::array kPlainview = {
    Option<PlainviewOptions>{"json_nulls", kBools,
                             set_bool<PlainviewOptions, &PlainviewOptions::json_nulls>},
};
constexpr std::array kCanal = {
    Option<CanalOptions>{"gtid", kBools, set_bool<CanalOptions, &CanalOptions::gtid>},
    Option<CanalOptions>{"filter_query_ddl", kBools,
                         set_bool<CanalOptions, &CanalOptions::filter_query_ddl>},
};

template <typename Options, size_t N>
Status set_in(const std::array<Option<Options>, N>& table, Options& options,
              std::string_view format, std::string_view name, std::string_view value) {
  std::string wanted(name);
  std::replace(wanted.begin(), wanted.end(), '.', '_');
  std::vector<std::string> names;
  for (const Option<Options>& option : table) {
    names.emplace_back(option.name);
    if (option.name != wanted) continue;
    if (option.set(options, value)) return {};
    return fail(ErrorKind::kUserFix,
                fmt::format("'{}' is no value of {} option '{}'", value, format, name),
                fmt::format("it takes {}", option.values));
  }
  const std::string near = nearest(wanted, names);
  return fail(ErrorKind::kUserFix, fmt::format("format {} has no option '{}'", format, name),
              near.empty() ? fmt::format("its options are {}", fmt::join(names, ", "))
                           : fmt::format("did you mean '{}'?", near));
}

}  // namespace

Status set_option(FormatOptions& options, std::string_view format, std::string_view name,
                  std::string_view value) {
  if (format == "debezium") return set_in(kDebezium, options.debezium, format, name, value);
  if (format == "maxwell") return set_in(kMaxwell, options.maxwell, format, name, value);
  if (format == "dumpa") return set_in(kDumpa, options.dumpa, format, name, value);
  if (format == "plainview") return set_in(kPlainview, options.plainview, format, name, value);
  if (format == "canal") return set_in(kCanal, options.canal, format, name, value);
  if (format == "plainview-named") {
    return fail(ErrorKind::kUserFix, fmt::format("format {} has no option '{}'", format, name),
                "it has no options");
  }
  return make_formatter(format, options, SourceKind::kMysql).map([](const auto&) {});
}

}  // namespace tailwater::format
