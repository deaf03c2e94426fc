// LogCampaign: a random but seeded life of a changelog on a disk that fails, checked after every
// restart against what was promised. What the source holds is the truth.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "changelog/reader.h"
#include "changelog/writer.h"
#include "support/sim_files.h"

namespace tailwater::testing {

struct CampaignOptions {
  uint64_t seed = 1;
  int lives = 4;              ///< how often the machine goes down
  bool ignore_syncs = false;  ///< lie about durability: the campaign must then find losses
  changelog::SyncPolicy sync = changelog::SyncPolicy::kCommit;
  bool inject_errors = false;  ///< some lives end with a failing call instead of a power cut
};

class LogCampaign {
 public:
  explicit LogCampaign(const CampaignOptions& options);

  /// The first promise that was broken, or nothing.
  std::optional<std::string> run();
  /// How many times the power was cut.
  [[nodiscard]] int cuts() const { return cuts_; }

 private:
  struct Transaction {
    uint64_t end_pos = 0;
    uint64_t first_offset = 0;
    uint64_t changes = 0;
    std::vector<std::string> lines;
  };

  bool live();
  bool check_recovered();
  bool check_contents(const std::string& when);
  Status work();
  Status one_transaction();
  Status some_changes(Transaction& transaction, uint64_t& ordinal, uint64_t start);
  Status tail();
  Status spool_step();
  Status prepare_spool();
  Status commit_spool();
  Status fill_spool(changelog::Spool& spool, std::vector<std::string>& lines);
  bool check_spools();
  void note_promises();
  [[nodiscard]] std::string new_state();
  changelog::WriterOptions random_options();
  uint64_t pick(uint64_t below) { return random_() % below; }
  bool broken(std::string what);

  CampaignOptions options_;
  std::mt19937_64 random_;
  SimFiles files_;
  std::unique_ptr<changelog::Writer> writer_;
  std::unique_ptr<changelog::Reader> tail_;
  std::vector<Transaction> history_;        // all that was committed and not lost since
  uint64_t pos_ = 0;                        // of the last commit or advance
  std::string state_;                       // as of then
  std::map<uint64_t, std::string> states_;  // as of each position that may be the last one
  uint64_t last_state_ = 0;                 // counts
  uint64_t promised_ = 0;           // offsets below were reported durable, or seen by a reader
  std::optional<uint64_t> cursor_;  // offsets from here on must stay
  /// The changes of the transactions that are prepared, by id; now, and at each position.
  using Prepared = std::map<std::string, std::vector<std::string>>;
  Prepared prepared_;
  std::map<uint64_t, Prepared> prepared_at_;
  uint64_t spools_ = 0;
  int cuts_ = 0;
  int64_t clock_ts_ = 1000;
  std::string broken_;
};

}  // namespace tailwater::testing
