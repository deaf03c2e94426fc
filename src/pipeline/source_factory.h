// From a source's configuration to the source itself. The only place that knows all source rooms.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "changelog/writer.h"
#include "db/mysql/connection.h"
#include "db/mysql/endpoint.h"
#include "model/source.h"
#include "pipeline/config.h"
#include "transform/selection.h"

namespace tailwater::pipeline {

/// Which servers the configuration leads to, as whom; at least one, in the order in which they are
/// tried. kUserFix when it leads to none.
Result<std::vector<mysql::Endpoint>> endpoints_of(const SourceConfig& config);

/// A connection to the first of them that answers; else the first one's error.
Result<mysql::Connection> connect_first(const SourceConfig& config);

/// Which tables the configuration selects.
Result<Selection> selection_of(const SourceConfig& config);

/// All that is wrong in the configuration as far as it can be told without a connection.
std::vector<Error> find_errors(const SourceConfig& config);

/// What kind of source the configuration leads to: read from the changelog in `folder` when there
/// is one, from the URL, or asked of the server. kUserFix for a URL of no known kind, and when the
/// changelog there is of another kind than the URL says.
Result<SourceKind> find_source_kind(const SourceConfig& config, const std::string& folder);

/// The source, writing to `writer`, which must outlive it, and whose folder is `folder`.
Result<std::unique_ptr<Source>> make_source(const SourceConfig& config, SourceKind kind,
                                            const std::string& folder, changelog::Writer& writer);

}  // namespace tailwater::pipeline
