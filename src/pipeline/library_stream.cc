// The library's stream (include/tailwater/stream.h), over a StreamSession.
#include <stop_token>

#include <tailwater/stream.h>

#include "db/mysql/connection.h"
#include "pipeline/source_factory.h"
#include "pipeline/stream_session.h"
#include "source/mysql/start.h"

namespace tailwater {
namespace {

constexpr const char* kSourceName = "stream";
constexpr int64_t kWaitUs = 100'000;  // the end of the source wakes nobody: it is looked for

pipeline::SourceConfig config_of(const StreamOptions& options) {
  pipeline::SourceConfig config;
  config.name = kSourceName;
  config.url = options.url;
  config.from = options.from;
  config.until = options.until;
  config.table_include = options.table_include;
  config.table_exclude = options.table_exclude;
  config.columns = {.column_include = options.column_include,
                    .column_exclude = options.column_exclude,
                    .mask_hash = options.mask_hash,
                    .mask_truncate = options.mask_truncate,
                    .mask_constant = options.mask_constant,
                    .mask_salt = options.mask_salt,
                    .key_columns = options.key_columns};
  config.mask_salt_file = options.mask_salt_file;
  config.skip_operations = options.skip_operations;
  config.password_file = options.password_file;
  config.tls = options.tls;
  config.tls_ca = options.tls_ca;
  return config;
}

}  // namespace

struct Stream::State {
  std::unique_ptr<pipeline::StreamSession> session;
  std::string name;  ///< the reader's
  std::stop_source stop;
  Status result;
  Offset whole = {};  ///< everything before it was given out, transactions whole
};

Stream::Stream(std::unique_ptr<State> state) : state_(std::move(state)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Result<Stream> Stream::open(const StreamOptions& options) {
  auto state = std::make_unique<State>();
  TW_ASSIGN(state->session, pipeline::StreamSession::open(config_of(options), options.data_dir,
                                                          options.reader_name));
  state->name = options.reader_name;
  state->whole = state->session->reader().offset();
  return Stream(std::move(state));
}

Stream::Iterator Stream::begin() {
  Iterator first(this);
  ++first;
  return first;
}

Stream::Iterator& Stream::Iterator::operator++() {
  if (stream_ != nullptr && !stream_->advance(change_)) stream_ = nullptr;
  return *this;
}

bool Stream::advance(Change& change) {
  const std::stop_token stop = state_->stop.get_token();
  changelog::Reader& reader = state_->session->reader();
  while (!stop.stop_requested()) {
    const bool ended = state_->session->ended();  // before the read: nothing comes after it
    auto entry = reader.next();
    if (!entry.has_value()) {
      state_->result = fail(std::move(entry).error());
      return false;
    }
    if (!entry->has_value()) {
      if (ended) {
        state_->result = state_->session->source().result();
        return false;
      }
      if (Status waited = reader.wait(stop, kWaitUs); !waited.has_value()) {
        state_->result = std::move(waited);
        return false;
      }
      continue;
    }
    const TailEntry& given = **entry;
    if (given.kind == TailEntry::Kind::kCommit) state_->whole = reader.offset();
    const std::string_view audience = given.transaction->audience;
    if (!audience.empty() && audience != state_->name) continue;
    if (given.kind != TailEntry::Kind::kChange) continue;
    if (given.change->last) state_->whole = given.change->offset + 1;
    change = Change(given.transaction, given.change);
    return true;
  }
  return false;
}

void Stream::stop() {
  state_->stop.request_stop();
}

Status Stream::result() const {
  return state_->result;
}

Status Stream::acknowledge() {
  return state_->session->release(state_->whole);
}

Status validate_position(const StreamOptions& options, const std::string& position) {
  const pipeline::SourceConfig config = config_of(options);
  TW_ASSIGN(const mysql::Bound bound, mysql::parse_bound(position));
  TW_ASSIGN(mysql::Connection connection, pipeline::connect_first(config));
  TW_ASSIGN(const mysql::ServerInfo info, mysql::read_server_info(connection));
  return mysql::check_position(connection, info, bound);
}

}  // namespace tailwater
