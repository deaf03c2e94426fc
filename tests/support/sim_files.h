// SimFiles: a file system in memory that forgets what a power cut would. Per sector of 512 bytes,
// any subset of the unsynced writes survives; so does any subset of unsynced names and sizes.
//
// A cut comes at a chosen I/O call: that call and all later ones fail, and `restart` then decides
// by the seed what the disk held. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "base/file.h"

namespace tailwater::testing {

class SimFiles final : public FileSystem {
 public:
  explicit SimFiles(uint64_t seed) : random_(seed) {}

  /// The power goes at the `calls`-th I/O call from now that changes something; 0: never.
  void cut_power_after(uint64_t calls);
  /// The same, but the process dies only: what was written stays.
  void kill_after(uint64_t calls);
  /// That call fails with this error, once; the machine goes on.
  void fail_after(uint64_t calls, ErrorKind kind);
  /// Starts the machine again after a cut or a kill, or cuts the power now.
  void restart();
  /// Sync calls answer "done" and do nothing. For testing the test.
  void ignore_syncs() { ignore_syncs_ = true; }
  /// Writes that would need more fail with kFull.
  void set_capacity(uint64_t bytes) { capacity_ = bytes; }
  [[nodiscard]] bool is_down() const;
  [[nodiscard]] uint64_t calls() const;
  /// The bytes of a file as the living machine sees them; a test may damage them.
  std::vector<uint8_t>* contents(const std::string& path);

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status remove(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Status make_folder(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::unique_ptr<SharedPage>> map_shared(const std::string& path, size_t bytes,
                                                 bool writable) override;
  std::string boot_id() override;

 private:
  friend class SimFile;
  static constexpr size_t kSector = 512;
  using Sector = std::vector<uint8_t>;
  /// What one file holds now, and what of it is on the disk.
  struct Node {
    std::vector<uint8_t> live;
    std::vector<uint8_t> durable;
    std::map<size_t, std::vector<Sector>> unsynced;  // every version since the last sync
    std::vector<size_t> unsynced_sizes;
    std::shared_ptr<std::vector<uint8_t>> page;  // mapped: lives here instead
    std::vector<uint8_t> older_page;
    const void* locked_by = nullptr;
  };
  using NodePtr = std::shared_ptr<Node>;
  /// A change of names that no sync_directory has made durable yet.
  struct NameChange {
    std::string from;  // renamed or removed
    std::string to;    // created or renamed to
    NodePtr node;
  };
  enum class Down { kNo, kCut, kKill };

  Status count_call();
  Status check_up() const;
  void note_write(Node& node, size_t from, size_t to);
  void resize_node(Node& node, size_t bytes);
  Status sync_node(Node& node);
  void lose_unsynced(Node& node);
  void lose_names();
  [[nodiscard]] uint64_t used_bytes() const;
  bool chance(unsigned percent) { return random_() % 100 < percent; }

  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  std::map<std::string, NodePtr> names_;
  std::map<std::string, NodePtr> durable_names_;
  std::vector<NameChange> name_changes_;
  std::map<std::string, bool> folders_;
  uint64_t calls_ = 0;
  uint64_t down_at_ = 0;
  Down down_kind_ = Down::kCut;
  Down down_ = Down::kNo;
  uint64_t fail_at_ = 0;
  ErrorKind fail_kind_ = ErrorKind::kIo;
  uint64_t boot_ = 1;
  uint64_t life_ = 1;  // files opened in an earlier life are dead
  uint64_t capacity_ = UINT64_MAX;
  bool ignore_syncs_ = false;
};

}  // namespace tailwater::testing
