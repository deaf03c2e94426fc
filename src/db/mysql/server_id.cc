#include "db/mysql/server_id.h"

#include <random>
#include <set>

namespace tailwater::mysql {
namespace {

constexpr uint32_t kUpperHalf = 0x80000000U;
constexpr Version kShowReplicasSince = {8, 0, 22};

// The ids of the server and of its replicas. The list of replicas needs a privilege that we can do
// without.
Result<std::set<uint32_t>> ids_in_use(Connection& connection) {
  std::set<uint32_t> used;
  TW_ASSIGN(Rows own, connection.query("SELECT @@global.server_id"));
  TW_TRY(own.next());
  used.insert(static_cast<uint32_t>(own.number(0)));
  const bool renamed = !connection.is_mariadb() && connection.version() >= kShowReplicasSince;
  auto replicas = connection.query(renamed ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS");
  while (replicas.has_value() && replicas->next().value_or(false)) {
    used.insert(static_cast<uint32_t>(replicas->number(0)));
  }
  return used;
}

}  // namespace

Result<uint32_t> choose_server_id(Connection& connection, const std::function<uint32_t()>& random) {
  TW_ASSIGN(const std::set<uint32_t> used, ids_in_use(connection));
  uint32_t id = random() | kUpperHalf;
  while (used.contains(id)) id = (id + 1) | kUpperHalf;
  return id;
}

Result<uint32_t> choose_server_id(Connection& connection) {
  std::random_device device;
  return choose_server_id(connection, [&] { return static_cast<uint32_t>(device()); });
}

}  // namespace tailwater::mysql
