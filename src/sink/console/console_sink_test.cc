#include "sink/console/console_sink.h"

#include <array>

#include <gtest/gtest.h>
#include <unistd.h>

namespace tailwater::sink {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  [[nodiscard]] int in() const { return ends_[1]; }
  [[nodiscard]] std::string read() const {
    std::array<char, 4096> bytes;
    const ssize_t count = ::read(ends_[0], bytes.data(), bytes.size());
    return {bytes.data(), static_cast<size_t>(count < 0 ? 0 : count)};
  }

 private:
  std::array<int, 2> ends_{};
};

// A filter may have left out the change that is marked as the transaction's last one.
TEST(ConsoleSink, WhatAFormatKeptComesOutWithTheCommit) {
  TableSchema table;
  table.database = "d";
  table.table = "t";
  table.columns = {{"a", {TypeKind::kInt32}, "int"}};
  const Schema schema(SchemaId{1}, table);
  ByteBuffer bytes;
  RowWriter row(schema.layout(), bytes);
  row.set_fixed<int32_t>(0, 5);
  ChangeView change;
  change.schema = &schema;
  change.after = RowView(schema.layout(), bytes.view());
  const TransactionInfo transaction;

  const Pipe pipe;
  ConsoleSink sink(pipe.in(), format::make_formatter("plainview", {}, SourceKind::kMysql).value());
  using Kind = TailEntry::Kind;
  ASSERT_TRUE(sink.take({Kind::kBegin, &transaction, nullptr}).has_value());
  ASSERT_TRUE(sink.take({Kind::kChange, &transaction, &change}).has_value());
  ASSERT_TRUE(sink.take({Kind::kCommit, &transaction, nullptr}).has_value());
  ASSERT_TRUE(sink.flush().has_value());
  EXPECT_EQ(pipe.read(),
            "{\"data\":[[5]],\"tableid\":1,\"timestamp\":0,\"tombstone\":false,"
            "\"database\":\"d\",\"table\":\"t\"}\n");
}

}  // namespace
}  // namespace tailwater::sink
