// search_index: keeps a search index of the text columns of some tables, from their changes alone.
//
//   search_index URL TABLES PASSWORD_FILE QUERY...
//
// URL is mysql://user@host/database, TABLES a regular expression on database.table. It reads from
// the oldest binlog up to this moment, then prints a line for each query. Exit code 0 done, 1
// failed, 2 usage.
#include <cstdint>
#include <iostream>
#include <string>

#include <tailwater/stream.h>

#include "index.h"

namespace {

using tailwater::Change;
using tailwater::Field;
using tailwater::Operation;
using tailwater::Row;

struct Counts {
  uint64_t changes = 0;
  uint64_t transactions = 0;
};

// "products/7": the table and the key's parts, as they were in `row`.
std::string document_name(const Change& change, const Row& row) {
  std::string name(change.table());
  for (size_t part = 0; part < change.key_size(); ++part) {
    const auto field = row.find(change.key(part).name());
    name += '/';
    if (field) name += field->text();
  }
  return name;
}

// A change is a view: what is kept is copied here.
std::string text_of(const Row& row) {
  std::string text;
  for (size_t i = 0; i < row.size(); ++i) {
    const Field field = row[i];
    if (field.type() != "string" && field.type() != "json" && field.type() != "enum") continue;
    text += field.text();
    text += ' ';
  }
  return text;
}

void take(Index& index, const Change& change) {
  // The key may have changed too: the old document goes, whatever it was called.
  if (const Row before = change.before()) index.remove(document_name(change, before));
  if (const Row after = change.after()) index.put(document_name(change, after), text_of(after));
}

tailwater::Result<Counts> build(Index& index, const tailwater::StreamOptions& options) {
  auto stream = tailwater::Stream::open(options);
  if (!stream) return tailwater::fail(stream.error());
  Counts counts;
  for (const Change& change : *stream) {
    ++counts.changes;
    if (change.key_size() != 0) take(index, change);
    if (!change.last_of_transaction()) continue;
    ++counts.transactions;
    // What was read is dealt with: the stream may forget it.
    if (auto done = stream->acknowledge(); !done) return tailwater::fail(done.error());
  }
  if (auto ended = stream->result(); !ended) return tailwater::fail(ended.error());
  return counts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: search_index URL TABLES PASSWORD_FILE QUERY...\n";
    return 2;
  }
  Index index;
  const auto counts = build(index, {.url = argv[1],
                                    .from = "earliest",
                                    .until = "now",
                                    .table_include = {argv[2]},
                                    .password_file = argv[3]});
  if (!counts) {
    std::cerr << "search_index: " << counts.error().describe() << '\n';
    return 1;
  }
  std::cout << counts->changes << " changes in " << counts->transactions << " transactions; "
            << index.document_count() << " documents, " << index.word_count() << " words\n";
  for (int i = 4; i < argc; ++i) {
    std::cout << argv[i] << ':';
    for (const std::string& document : index.search(argv[i])) std::cout << ' ' << document;
    std::cout << '\n';
  }
  return 0;
}
