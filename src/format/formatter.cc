#include "format/formatter.h"

#include <fmt/format.h>

#include "base/log_line.h"
#include "base/text.h"
#include "format/canal.h"
#include "format/debezium.h"
#include "format/dumpa.h"
#include "format/maxwell.h"
#include "format/plainview.h"

namespace tailwater::format {

std::vector<std::string> list_formats() {
  return {"debezium", "maxwell", "canal", "dumpa", "plainview", "plainview-named"};
}

std::string describe_formats() {
  const std::vector<std::string> names = list_formats();
  return fmt::format("{} (default), {} or {}", names.front(),
                     fmt::join(names.begin() + 1, names.end() - 1, ", "), names.back());
}

Status Formatter::end_transaction(const TransactionInfo& /*transaction*/, std::string& /*out*/) {
  return {};
}

Result<std::unique_ptr<Formatter>> make_formatter(std::string_view name,
                                                  const FormatOptions& options, SourceKind source) {
  if (name == "debezium") return std::make_unique<DebeziumFormatter>(options, source);
  if (name == "maxwell") return std::make_unique<MaxwellFormatter>(options, source);
  if (name == "canal") return std::make_unique<CanalFormatter>(options, source);
  if (name == "dumpa") return std::make_unique<DumpaFormatter>(options);
  if (name == "plainview") return std::make_unique<PlainviewFormatter>(options, false);
  if (name == "plainview-named") return std::make_unique<PlainviewFormatter>(options, true);
  const std::string near = nearest(name, list_formats());
  return fail(ErrorKind::kUserFix, fmt::format("there is no format '{}'", name),
              near.empty() ? fmt::format("the formats are {}", fmt::join(list_formats(), ", "))
                           : fmt::format("did you mean '{}'?", near));
}

void warn_not_shown(const TransactionInfo& transaction, const ChangeView& change) {
  log_lines().warn("the output lacks what a statement changed that was not decoded, at {}:{}: {}",
                   transaction.file, change.source_pos, change.statement.substr(0, 100));
}

}  // namespace tailwater::format
