// Where a changelog is, as users name it.
#pragma once

#include <string>

namespace tailwater::pipeline {

/// The folder of "log:FOLDER", of a folder, or of a source's name in the data folder.
std::string find_log(const std::string& text, const std::string& data_dir);

}  // namespace tailwater::pipeline
