#include "format/formatter.h"

#include <fmt/format.h>

#include "base/log_line.h"
#include "base/text.h"
#include "format/debezium.h"
#include "format/maxwell.h"

namespace tailwater::format {

std::vector<std::string> list_formats() {
  return {"debezium", "maxwell"};
}

Result<std::unique_ptr<Formatter>> make_formatter(std::string_view name,
                                                  const FormatOptions& options, SourceKind source) {
  if (name == "debezium") return std::make_unique<DebeziumFormatter>(options, source);
  if (name == "maxwell") return std::make_unique<MaxwellFormatter>(options, source);
  const std::string near = nearest(name, list_formats());
  return fail(ErrorKind::kUserFix, fmt::format("there is no format '{}'", name),
              near.empty() ? "the formats are debezium and maxwell"
                           : fmt::format("did you mean '{}'?", near));
}

void warn_not_shown(const TransactionInfo& transaction, const ChangeView& change) {
  log_lines().warn("the output lacks what a statement changed that was not decoded, at {}:{}: {}",
                   transaction.file, change.source_pos, change.statement.substr(0, 100));
}

}  // namespace tailwater::format
