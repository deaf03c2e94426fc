// Format options as flags: NAME=VALUE.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "format/formatter.h"

namespace tailwater::pipeline {

/// The options of `format` from texts like "decimal.handling.mode=string". kUserFix names what is
/// wrong, an unknown format too.
inline Result<format::FormatOptions> parse_format_flags(const std::string& format,
                                                        const std::vector<std::string>& texts) {
  format::FormatOptions options;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      return fail(ErrorKind::kUserFix, "a format option is NAME=VALUE, not '" + text + "'");
    }
    TW_TRY(format::set_option(options, format, text.substr(0, equals), text.substr(equals + 1)));
  }
  if (auto formatter = format::make_formatter(format, options, SourceKind::kMysql);
      !formatter.has_value()) {
    return fail(std::move(formatter).error());
  }
  return options;
}

}  // namespace tailwater::pipeline
