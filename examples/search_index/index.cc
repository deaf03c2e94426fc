#include "index.h"

#include <algorithm>
#include <iterator>

namespace {

// Bytes of UTF-8 letters beyond ASCII count as letters.
bool is_word_byte(unsigned char byte) {
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z');
}

std::set<std::string> split_words(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text) {
    if (is_word_byte(static_cast<unsigned char>(c))) {
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!word.empty()) {
      words.insert(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.insert(std::move(word));
  return words;
}

}  // namespace

void Index::put(const std::string& document, std::string_view text) {
  remove(document);
  std::set<std::string> words = split_words(text);
  for (const std::string& word : words) documents_of_[word].insert(document);
  words_of_[document] = std::move(words);
}

void Index::remove(const std::string& document) {
  const auto found = words_of_.find(document);
  if (found == words_of_.end()) return;
  for (const std::string& word : found->second) {
    const auto entry = documents_of_.find(word);
    entry->second.erase(document);
    if (entry->second.empty()) documents_of_.erase(entry);
  }
  words_of_.erase(found);
}

std::set<std::string> Index::search(std::string_view query) const {
  std::set<std::string> found;
  bool first = true;
  for (const std::string& word : split_words(query)) {
    const auto entry = documents_of_.find(word);
    if (entry == documents_of_.end()) return {};
    if (first) {
      found = entry->second;
    } else {
      std::set<std::string> both;
      std::set_intersection(found.begin(), found.end(), entry->second.begin(), entry->second.end(),
                            std::inserter(both, both.end()));
      found = std::move(both);
    }
    first = false;
  }
  return found;
}
