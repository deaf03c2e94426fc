// From the options of the library to the configuration of a source.
#pragma once

#include <string>
#include <vector>

#include <tailwater/options.h>

#include "pipeline/config.h"

namespace tailwater::pipeline {

/// The source that the options describe; with `load`, one that only reads these tables. The options
/// must be good.
SourceConfig source_of(const StreamOptions& options, const std::vector<std::string>* load);

/// All that is wrong in the options.
std::vector<Error> option_errors(const StreamOptions& options,
                                 const std::vector<std::string>* load);

/// All errors of the options as one: nothing when there are none.
Status check_options(const StreamOptions& options, const std::vector<std::string>* load);

}  // namespace tailwater::pipeline
