// Index: which documents hold a word.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

/// An inverted index in memory. Words are runs of letters and digits; ASCII letters count without
/// their case. For one thread.
class Index {
 public:
  /// Puts a document in, or what it says now in place of what it said before.
  void put(const std::string& document, std::string_view text);
  /// Takes a document out. Nothing happens when it is not there.
  void remove(const std::string& document);
  /// The documents that hold every word of `query`, in order.
  [[nodiscard]] std::set<std::string> search(std::string_view query) const;
  [[nodiscard]] size_t document_count() const { return words_of_.size(); }
  [[nodiscard]] size_t word_count() const { return documents_of_.size(); }

 private:
  std::map<std::string, std::set<std::string>> documents_of_;  // by word
  std::map<std::string, std::set<std::string>> words_of_;      // by document
};
