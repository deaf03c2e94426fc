// warm_cache: answers for the rows of some tables from memory, as they are on the server now.
//
//   warm_cache URL TABLE,TABLE... PASSWORD_FILE CACHE_FILE
//
// A table is database.table. The cache is loaded once, then kept warm by the stream of changes, and
// stored in CACHE_FILE with its position, where the next run goes on. Each line on stdin is a
// question: "get TABLE KEY" is answered with the row, or "none"; "count" with how many rows there
// are; "quit" ends. Exit code 0 done, 1 failed, 2 usage.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <thread>

#include "warmer.h"

namespace {

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
  return names;
}

void answer_questions(const Cache& cache) {
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::istringstream words(line);
    std::string verb;
    std::string table;
    std::string key;
    words >> verb >> table;
    std::getline(words >> std::ws, key);
    if (verb == "get") {
      std::cout << cache.get(table, key).value_or("none") << std::endl;
    } else if (verb == "count") {
      std::cout << cache.size() << std::endl;
    } else {
      std::cout << "get TABLE KEY, count, or quit" << std::endl;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: warm_cache URL TABLE,TABLE... PASSWORD_FILE CACHE_FILE\n";
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  tailwater::StreamOptions options{.url = argv[1], .password_file = argv[3]};
  options.on_event = [](const tailwater::StreamEvent& event) {
    std::cerr << to_string(event.kind) << ' '
              << (event.error ? event.error->describe() : event.server) << '\n';
  };
  const std::vector<std::string> tables = split_names(argv[2]);
  options.tables = tables;
  const auto errors = options.validate();
  for (const tailwater::Error& error : errors) std::cerr << error.describe() << '\n';
  if (!errors.empty()) return 2;

  Cache cache;
  Warmer warmer(cache, options, tables, argv[4]);
  std::thread worker([&] {
    const tailwater::Status ended = warmer.run();
    if (ended) return;
    // Whoever asks is told by the end: a cache that is not warm any more gives no answers.
    std::cerr << "warm_cache: " << ended.error().describe() << '\n';
    std::_Exit(1);
  });
  answer_questions(cache);
  warmer.stop();
  worker.join();
  return 0;
}
