#include "sim_files.h"

#include <algorithm>

namespace tailwater::testing {

class SimFile final : public File {
 public:
  SimFile(SimFiles& files, SimFiles::NodePtr node)
      : files_(files), node_(std::move(node)), life_(files.life_) {}
  SimFile(const SimFile&) = delete;
  SimFile& operator=(const SimFile&) = delete;
  ~SimFile() override {
    const std::lock_guard lock(files_.mutex_);
    if (node_->locked_by == this) node_->locked_by = nullptr;
  }

  Result<size_t> read_at(uint64_t offset, std::span<uint8_t> into) override {
    const std::lock_guard lock(files_.mutex_);
    TW_TRY(alive());
    const auto& bytes = node_->live;
    if (offset >= bytes.size()) return 0;
    const size_t count = std::min(into.size(), bytes.size() - static_cast<size_t>(offset));
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(offset), count, into.begin());
    return count;
  }

  Status write_at(uint64_t offset, std::span<const Bytes> pieces) override {
    const std::lock_guard lock(files_.mutex_);
    TW_TRY(alive());
    const Status up = files_.count_call();
    if (!up.has_value() && files_.down_ == SimFiles::Down::kNo) return up;
    size_t end = static_cast<size_t>(offset);
    for (const Bytes& piece : pieces) {
      if (!is_aligned(end) || !is_aligned(piece.size()) ||
          !is_aligned(reinterpret_cast<uintptr_t>(piece.data())))
        return fail(ErrorKind::kBug, "a direct write that is not aligned (simulated)");
      end += piece.size();
    }
    if (end > node_->live.size()) {
      if (files_.used_bytes() + end - node_->live.size() > files_.capacity_) {
        return fail(ErrorKind::kFull, "no space left (simulated)");
      }
      files_.resize_node(*node_, end);
    }
    size_t at = static_cast<size_t>(offset);
    for (const Bytes& piece : pieces) {
      std::copy(piece.begin(), piece.end(), node_->live.begin() + static_cast<ptrdiff_t>(at));
      at += piece.size();
    }
    files_.note_write(*node_, static_cast<size_t>(offset), end);
    return up;  // when the power went, the write may be on the disk or not
  }

  Status sync() override {
    const std::lock_guard lock(files_.mutex_);
    TW_TRY(alive());
    const Status up = files_.count_call();
    if (!up.has_value()) {
      // Whoever hears of a failed sync knows nothing of the bytes: some are lost for good.
      if (files_.down_ == SimFiles::Down::kNo) files_.lose_unsynced(*node_);
      return up;
    }
    return files_.sync_node(*node_);
  }

  Status resize(uint64_t bytes) override {
    const std::lock_guard lock(files_.mutex_);
    TW_TRY(alive());
    const Status up = files_.count_call();
    if (!up.has_value() && files_.down_ == SimFiles::Down::kNo) return up;
    files_.resize_node(*node_, static_cast<size_t>(bytes));
    return up;
  }

  Status allocate(uint64_t bytes) override {
    const std::lock_guard lock(files_.mutex_);
    TW_TRY(alive());
    TW_TRY(files_.count_call());
    if (bytes <= node_->live.size()) return {};
    if (files_.used_bytes() + bytes - node_->live.size() > files_.capacity_) {
      return fail(ErrorKind::kFull, "no space left (simulated)");
    }
    files_.resize_node(*node_, static_cast<size_t>(bytes));
    return {};
  }

  Result<uint64_t> size() override {
    const std::lock_guard lock(files_.mutex_);
    TW_TRY(alive());
    return node_->live.size();
  }

  uint32_t bypass_cache() override {
    alignment_ = kDirectAlignment;
    return alignment_;
  }

  Status lock() override {
    const std::lock_guard lock(files_.mutex_);
    TW_TRY(alive());
    if (node_->locked_by != nullptr && node_->locked_by != this) {
      return fail(ErrorKind::kBusy, "locked (simulated)");
    }
    node_->locked_by = this;
    return {};
  }

 private:
  static constexpr uint32_t kDirectAlignment = 4096;

  [[nodiscard]] bool is_aligned(uint64_t number) const { return number % alignment_ == 0; }
  Status alive() const {
    if (life_ != files_.life_) return fail(ErrorKind::kIo, "a file of an earlier life (simulated)");
    return files_.check_up();
  }

  SimFiles& files_;
  SimFiles::NodePtr node_;
  uint64_t life_;
  uint32_t alignment_ = 1;
};

namespace {

class SimPage final : public SharedPage {
 public:
  explicit SimPage(std::shared_ptr<std::vector<uint8_t>> bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::span<uint8_t> memory() override { return *bytes_; }

 private:
  std::shared_ptr<std::vector<uint8_t>> bytes_;
};

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

}  // namespace

void SimFiles::cut_power_after(uint64_t calls) {
  const std::lock_guard lock(mutex_);
  down_at_ = calls == 0 ? 0 : calls_ + calls;
  down_kind_ = Down::kCut;
}

void SimFiles::kill_after(uint64_t calls) {
  const std::lock_guard lock(mutex_);
  down_at_ = calls == 0 ? 0 : calls_ + calls;
  down_kind_ = Down::kKill;
}

void SimFiles::fail_after(uint64_t calls, ErrorKind kind) {
  const std::lock_guard lock(mutex_);
  fail_at_ = calls_ + calls;
  fail_kind_ = kind;
}

bool SimFiles::is_down() const {
  const std::lock_guard lock(mutex_);
  return down_ != Down::kNo;
}

uint64_t SimFiles::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::vector<uint8_t>* SimFiles::contents(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : &found->second->live;
}

Status SimFiles::check_up() const {
  if (down_ != Down::kNo) return fail(ErrorKind::kIo, "the power is out (simulated)");
  return {};
}

Status SimFiles::count_call() {
  TW_TRY(check_up());
  ++calls_;
  if (calls_ == fail_at_) return fail(fail_kind_, "a call failed (simulated)");
  if (calls_ == down_at_) {
    down_ = down_kind_;
    return check_up();
  }
  if (chance(10)) {
    for (auto& [path, node] : names_) {
      if (node->page) node->older_page = *node->page;
    }
  }
  return {};
}

void SimFiles::note_write(Node& node, size_t from, size_t to) {
  for (size_t sector = from / kSector; sector * kSector < to; ++sector) {
    const size_t start = sector * kSector;
    const size_t end = std::min(start + kSector, node.live.size());
    if (start >= end) break;
    node.unsynced[sector].emplace_back(node.live.begin() + static_cast<ptrdiff_t>(start),
                                       node.live.begin() + static_cast<ptrdiff_t>(end));
  }
}

void SimFiles::resize_node(Node& node, size_t bytes) {
  const size_t before = node.live.size();
  node.live.resize(bytes);
  node.unsynced_sizes.push_back(bytes);
  if (bytes >= before) return;
  // What was cut off reads as zeros should the file grow again; until the cut is durable it may
  // not.
  for (size_t sector = bytes / kSector; sector * kSector < before; ++sector) {
    const size_t start = sector * kSector;
    Sector image(std::min(kSector, before - start), 0);
    if (start < bytes)
      std::copy(node.live.begin() + static_cast<ptrdiff_t>(start), node.live.end(), image.begin());
    node.unsynced[sector].push_back(std::move(image));
  }
}

Status SimFiles::sync_node(Node& node) {
  if (ignore_syncs_) return {};
  node.durable = node.live;
  node.unsynced.clear();
  node.unsynced_sizes.clear();
  return {};
}

// Decides what the disk holds of a file; what is alive stays as it is.
void SimFiles::lose_unsynced(Node& node) {
  size_t size = node.durable.size();
  if (!node.unsynced_sizes.empty()) {
    const size_t pick = random_() % (node.unsynced_sizes.size() + 1);
    if (pick > 0) size = node.unsynced_sizes[pick - 1];
  }
  size_t room = size;
  for (const auto& [sector, versions] : node.unsynced) {
    room = std::max(room, sector * kSector + versions.back().size());
  }
  node.durable.resize(room);
  const unsigned kept =
      static_cast<unsigned>(random_() % 101);  // sometimes nearly all, sometimes nearly nothing
  for (const auto& [sector, versions] : node.unsynced) {
    if (!chance(kept)) continue;
    const Sector& image = versions[random_() % versions.size()];
    const size_t count = std::min(image.size(), node.durable.size() - sector * kSector);
    std::copy_n(image.begin(), count,
                node.durable.begin() + static_cast<ptrdiff_t>(sector * kSector));
  }
  node.durable.resize(size);
  node.unsynced.clear();
  node.unsynced_sizes.clear();
}

void SimFiles::lose_names() {
  const unsigned kept = static_cast<unsigned>(random_() % 101);
  for (const NameChange& change : name_changes_) {
    if (!chance(kept)) continue;
    if (!change.from.empty()) durable_names_.erase(change.from);
    if (!change.to.empty()) durable_names_[change.to] = change.node;
  }
  name_changes_.clear();
}

void SimFiles::restart() {
  const std::lock_guard lock(mutex_);
  ++life_;
  const bool killed = down_ == Down::kKill;
  down_ = Down::kNo;
  down_at_ = 0;
  for (auto& [path, node] : names_) node->locked_by = nullptr;
  if (killed) return;
  ++boot_;
  lose_names();
  names_ = durable_names_;
  for (auto& [path, node] : names_) {
    node->locked_by = nullptr;
    if (node->page) {
      // A mapped page reaches the disk when it likes.
      std::vector<uint8_t> bytes = chance(50) ? *node->page : node->older_page;
      bytes.resize(node->page->size());
      node->page.reset();
      node->live = node->durable = std::move(bytes);
      node->unsynced.clear();
      node->unsynced_sizes.clear();
      continue;
    }
    lose_unsynced(*node);
    node->live = node->durable;
  }
}

uint64_t SimFiles::used_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [path, node] : names_) bytes += node->live.size();
  return bytes;
}

Result<std::unique_ptr<File>> SimFiles::open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  TW_TRY(check_up());
  auto found = names_.find(path);
  const bool create = mode == OpenMode::kCreate || mode == OpenMode::kCreateNew;
  if (found != names_.end()) {
    if (mode == OpenMode::kCreateNew) return fail(ErrorKind::kIo, path + " exists");
    return std::make_unique<SimFile>(*this, found->second);
  }
  if (!create || !folders_.contains(folder_of(path)))
    return fail(ErrorKind::kNotFound, "no file " + path);
  const Status up = count_call();
  if (!up.has_value() && down_ == Down::kNo) return fail(up.error());
  auto node = std::make_shared<Node>();
  names_[path] = node;
  name_changes_.push_back({"", path, node});
  if (!up.has_value()) return fail(up.error());
  return std::make_unique<SimFile>(*this, node);
}

Status SimFiles::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  TW_TRY(check_up());
  if (!names_.contains(path)) return fail(ErrorKind::kNotFound, "no file " + path);
  const Status up = count_call();
  if (!up.has_value() && down_ == Down::kNo) return up;
  names_.erase(path);
  name_changes_.push_back({path, "", nullptr});
  return up;
}

Status SimFiles::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  TW_TRY(check_up());
  if (!names_.contains(from)) return fail(ErrorKind::kNotFound, "no file " + from);
  const Status up = count_call();
  if (!up.has_value() && down_ == Down::kNo) return up;
  NodePtr node = names_[from];
  names_.erase(from);
  names_[to] = node;
  name_changes_.push_back({from, to, node});
  return up;
}

Result<std::vector<std::string>> SimFiles::list(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  TW_TRY(check_up());
  if (!folders_.contains(folder)) return fail(ErrorKind::kNotFound, "no folder " + folder);
  std::vector<std::string> names;
  for (const auto& [path, node] : names_) {
    if (folder_of(path) == folder) names.push_back(path.substr(folder.size() + 1));
  }
  return names;
}

Status SimFiles::make_folder(const std::string& path) {
  const std::lock_guard lock(mutex_);
  TW_TRY(check_up());
  folders_[path] = true;
  return {};
}

Status SimFiles::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  TW_TRY(check_up());
  TW_TRY(count_call());
  if (ignore_syncs_) return {};
  std::vector<NameChange> left;
  for (const NameChange& change : name_changes_) {
    if (folder_of(change.from.empty() ? change.to : change.from) != path) {
      left.push_back(change);
      continue;
    }
    if (!change.from.empty()) durable_names_.erase(change.from);
    if (!change.to.empty()) durable_names_[change.to] = change.node;
  }
  name_changes_ = std::move(left);
  return {};
}

Result<bool> SimFiles::exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  TW_TRY(check_up());
  return names_.contains(path) || folders_.contains(path);
}

Result<std::unique_ptr<SharedPage>> SimFiles::map_shared(const std::string& path, size_t bytes,
                                                         bool writable) {
  const std::lock_guard lock(mutex_);
  TW_TRY(check_up());
  auto found = names_.find(path);
  if (found == names_.end()) {
    if (!writable) return fail(ErrorKind::kNotFound, "no file " + path);
    auto node = std::make_shared<Node>();
    name_changes_.push_back({"", path, node});
    found = names_.emplace(path, node).first;
  }
  Node& node = *found->second;
  if (!node.page) {
    if (!writable && node.live.size() < bytes)
      return fail(ErrorKind::kNotFound, path + " is too short");
    node.live.resize(std::max(node.live.size(), bytes));
    node.page = std::make_shared<std::vector<uint8_t>>(node.live);
    node.older_page = node.live;
  }
  return std::make_unique<SimPage>(node.page);
}

std::string SimFiles::boot_id() {
  const std::lock_guard lock(mutex_);
  return "boot-" + std::to_string(boot_);
}

}  // namespace tailwater::testing
