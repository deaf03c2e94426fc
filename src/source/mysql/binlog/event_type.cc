#include "source/mysql/binlog/event_type.h"

#include <array>

namespace tailwater::mysql {
namespace {

constexpr std::array<std::string_view, 43> kMysqlNames = {"unknown",
                                                          "start_v3",
                                                          "query",
                                                          "stop",
                                                          "rotate",
                                                          "intvar",
                                                          "load",
                                                          "slave",
                                                          "create_file",
                                                          "append_block",
                                                          "exec_load",
                                                          "delete_file",
                                                          "new_load",
                                                          "rand",
                                                          "user_var",
                                                          "format_desc",
                                                          "xid",
                                                          "begin_load_query",
                                                          "execute_load_query",
                                                          "table_map",
                                                          "write_rows_v0",
                                                          "update_rows_v0",
                                                          "delete_rows_v0",
                                                          "write_rows_v1",
                                                          "update_rows_v1",
                                                          "delete_rows_v1",
                                                          "incident",
                                                          "heartbeat",
                                                          "ignorable",
                                                          "rows_query",
                                                          "write_rows",
                                                          "update_rows",
                                                          "delete_rows",
                                                          "gtid",
                                                          "anonymous_gtid",
                                                          "previous_gtids",
                                                          "transaction_context",
                                                          "view_change",
                                                          "xa_prepare",
                                                          "partial_update_rows",
                                                          "transaction_payload",
                                                          "heartbeat_v2",
                                                          "gtid_tagged"};

constexpr uint8_t kMariadbFirst = 160;
constexpr std::array<std::string_view, 13> kMariadbNames = {"annotate_rows",
                                                            "binlog_checkpoint",
                                                            "gtid",
                                                            "gtid_list",
                                                            "start_encryption",
                                                            "query_compressed",
                                                            "write_rows_compressed_v1",
                                                            "update_rows_compressed_v1",
                                                            "delete_rows_compressed_v1",
                                                            "write_rows_compressed",
                                                            "update_rows_compressed",
                                                            "delete_rows_compressed",
                                                            "partial_row_data"};

}  // namespace

std::string_view to_string(EventType type) {
  const auto number = static_cast<uint8_t>(type);
  if (number < kMysqlNames.size()) return kMysqlNames[number];
  if (number >= kMariadbFirst && number < kMariadbFirst + kMariadbNames.size()) {
    return kMariadbNames[number - kMariadbFirst];
  }
  return "unknown";
}

}  // namespace tailwater::mysql
