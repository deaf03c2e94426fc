// Where a changelog is, as users name it.
#pragma once

#include <string>

#include "base/result.h"

namespace tailwater::pipeline {

/// The folder of "log:FOLDER", of a folder, or of a source's name in the data folder. kNotFound
/// when there is none.
Result<std::string> find_log(const std::string& text, const std::string& data_dir);

}  // namespace tailwater::pipeline
