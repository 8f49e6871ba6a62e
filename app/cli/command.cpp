// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/command.hpp"

#include "cli/exit_code.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace dbengine::app {

std::vector<std::string> option_spec::all_names() const {
  std::vector<std::string> result;
  std::size_t begin = 0;
  while (begin <= names.size()) {
    const auto end = std::min(names.find(',', begin), names.size());
    result.push_back(names.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

std::string option_spec::key() const {
  for (const auto& n : all_names())
    if (n.starts_with("--"))
      return n.substr(2);
  return names;
}

std::optional<std::string> arguments::text(const std::string& key) const {
  const auto& found = all(key);
  if (found.empty())
    return std::nullopt;
  return found.back();
}

std::string arguments::text_or(const std::string& key, std::string_view fallback) const {
  return text(key).value_or(std::string(fallback));
}

std::optional<std::uint64_t> arguments::number(const std::string& key, std::uint64_t least) const {
  const auto given = text(key);
  if (!given)
    return std::nullopt;
  std::uint64_t n = 0;
  const char* last = given->data() + given->size();
  const auto [end, code] = std::from_chars(given->data(), last, n);
  if (code != std::errc() || end != last || n < least)
    throw usage_error("--" + key + ": '" + *given + "' is not an integer of at least " +
                      std::to_string(least));
  return n;
}

const std::vector<std::string>& arguments::all(const std::string& key) const {
  static const std::vector<std::string> none;
  const auto found = values_.find(key);
  return found == values_.end() ? none : found->second;
}

const command* command::find(std::string_view subcommand) const noexcept {
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const command& c) { return c.name == subcommand; });
  return found == commands.end() ? nullptr : &*found;
}

namespace {

// Damerau-Levenshtein distance with adjacent transpositions, which covers typing mistakes.
std::size_t distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> before(width), previous(width), current(width);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

} // namespace

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  // No suggestion for longer words: a distance costs the product of the lengths.
  constexpr std::size_t longest = 64;
  if (word.empty() || word.size() > longest)
    return std::nullopt;
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& c : candidates) {
    std::size_t d = distance(word, c);
    if (word.size() >= 3 && c.starts_with(word))
      d = 1; // an abbreviation
    if (d < best_distance && d < c.size()) {
      best_distance = d;
      best = c;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const auto found = nearest(word, candidates);
  return found ? "; did you mean '" + *found + "'?" : std::string();
}

} // namespace dbengine::app
