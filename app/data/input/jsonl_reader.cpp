// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/input/jsonl_reader.hpp"

#include "cli/exit_code.hpp"
#include "data/import/fit.hpp"
#include "output/encode.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace dbengine::app {

namespace {

using json = nlohmann::json;

/// SQLite's highest possible limit of columns.
constexpr std::size_t most_keys = 32'767;
/// The nesting limit of SQLite's own JSON functions.
constexpr std::size_t deepest = 1000;

value blob_of(const std::string& bytes) {
  return value(std::as_bytes(std::span<const char>(bytes)));
}

// Objects that represent values JSON cannot express. Empty for any other object.
std::optional<value> special(const std::string& key, const std::string& text) {
  if (key == "$real" && (text == "Inf" || text == "-Inf"))
    return value((text[0] == '-' ? -1 : 1) * std::numeric_limits<double>::infinity());
  if (key != "$blob" && key != "$text")
    return std::nullopt;
  const auto bytes = from_base64(text);
  if (!bytes)
    throw std::invalid_argument("\"" + key + "\" does not hold base64");
  return key == "$blob" ? blob_of(*bytes) : value(*bytes);
}

// The parser library's message without the name of the exception. The line is also removed if it is
// the record's first.
std::string shortened(std::string text) {
  if (const auto end = text.find("] "); end != std::string::npos)
    text.erase(0, end + 2);
  const auto line = text.find("line ");
  const auto column = text.find("line 1,") == line ? text.find("column ") : line;
  const auto colon = text.find(": ", column);
  const auto dash = text.find(" - ", colon);
  if (column == std::string::npos || colon == std::string::npos || dash == std::string::npos)
    return text;
  return text.substr(column, colon - column) + ": " + text.substr(dash + 3);
}

std::string too_large(const std::string& digits) {
  return "the integer " + digits + " does not fit 64 bits";
}

// Receives the parser's events. Members of the outer object become values. Nested values become
// their JSON text, with each number as written.
class members {
public:
  members(std::vector<std::string>& keys, std::vector<value>& values, json_numbers numbers)
      : keys_(keys), values_(values), digits_(numbers == json_numbers::text) {}

  bool null() { return nested() ? text("null") : put(); }
  bool boolean(bool b) { return nested() ? text(b ? "true" : "false") : put(b); }
  bool number_integer(std::int64_t n) {
    // The parser reports zero here only if a minus sign precedes it.
    const bool as_written = nested() || digits_;
    return as_written ? number_text(n == 0 ? "-0" : std::to_string(n)) : put(n);
  }
  bool number_unsigned(std::uint64_t n) {
    if (nested() || digits_)
      return number_text(std::to_string(n));
    if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      throw std::invalid_argument(too_large(std::to_string(n)));
    return put(static_cast<std::int64_t>(n));
  }
  bool number_float(double x, const std::string& written) {
    if (nested() || digits_)
      return number_text(written);
    if (written.find_first_of(".eE") == std::string::npos)
      throw std::invalid_argument(too_large(written));
    if (!keeps_digits(written, x))
      throw std::invalid_argument("the number " + written + " would lose digits");
    return put(x);
  }
  bool string(std::string& s) {
    if (!nested())
      return put(s);
    if (depth_ == 2)
      only_text_ = s;
    return text(json(s).dump());
  }
  bool binary(json::binary_t&) { return false; } // JSON text has none
  bool start_object(std::size_t) { return open('{'); }
  bool end_object() { return close('}'); }
  bool start_array(std::size_t) { return open('['); }
  bool end_array() { return close(']'); }
  bool key(std::string& s) {
    if (depth_ == 1) {
      if (s.find('\0') != std::string::npos)
        throw std::invalid_argument("a zero byte in the key " + json(s).dump());
      if (keys_.size() == most_keys)
        throw std::invalid_argument("more than " + std::to_string(most_keys) + " members");
      keys_.push_back(s);
      return true;
    }
    if (depth_ == 2) {
      ++inner_keys_;
      only_key_ = s;
    }
    separate();
    nested_ += json(s).dump() + ":";
    behind_key_ = true;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception& e) {
    throw std::invalid_argument(shortened(e.what()));
  }

private:
  bool nested() {
    if (depth_ == 0)
      throw std::invalid_argument("not an object");
    return depth_ > 1;
  }
  template <class... Ts>
  bool put(Ts&&... of) {
    values_.emplace_back(std::forward<Ts>(of)...);
    return true;
  }
  void separate() {
    if (!std::exchange(behind_key_, false) && !nested_.empty() && nested_.back() != '{' &&
        nested_.back() != '[')
      nested_ += ',';
  }
  bool number_text(const std::string& written) {
    return depth_ == 1 ? put(written) : text(written);
  }
  bool text(std::string_view t) {
    separate();
    nested_ += t;
    return true;
  }
  bool open(char bracket) {
    if (depth_ == 0 && bracket == '[')
      throw std::invalid_argument("not an object");
    if (++depth_ > deepest)
      throw std::invalid_argument("nested deeper than " + std::to_string(deepest));
    if (depth_ == 1)
      return true;
    if (depth_ == 2) {
      nested_.clear();
      behind_key_ = false;
      inner_keys_ = bracket == '{' ? 0 : 2; // an array is not a special object
      only_text_.reset();
    }
    return text({&bracket, 1});
  }
  bool close(char bracket) {
    if (--depth_ == 0)
      return true;
    nested_ += bracket;
    behind_key_ = false;
    if (depth_ > 1)
      return true;
    const auto meant =
        inner_keys_ == 1 && only_text_ ? special(only_key_, *only_text_) : std::nullopt;
    return meant ? put(*meant) : put(nested_);
  }

  std::vector<std::string>& keys_;
  std::vector<value>& values_;
  const bool digits_;
  std::size_t depth_ = 0;
  std::string nested_;
  bool behind_key_ = false;
  // Of an object that is a member: the number of its keys so far, the last key, and a string that
  // is its direct member.
  std::size_t inner_keys_ = 0;
  std::string only_key_;
  std::optional<std::string> only_text_;
};

// Column names in place of a first record; empty if it is an ordinary record.
std::optional<std::vector<std::string>> header_in(const std::string& text) {
  const auto all = json::parse(text, nullptr, false);
  const auto& names = all.is_object() && all.size() == 1 ? all.front() : all;
  if (!names.is_array() || names.empty())
    return std::nullopt;
  std::vector<std::string> found;
  for (const auto& name : names) {
    if (!name.is_string())
      return std::nullopt;
    found.push_back(name.get<std::string>());
  }
  return found;
}

} // namespace

bool jsonl_reader::next() {
  if (!split_.next())
    return false;
  problem_ = split_.problem();
  keys_.clear();
  values_.clear();
  columns_.reset();
  const bool first = std::exchange(first_, false);
  if (!problem_.empty())
    return true;
  const auto& text = split_.text();
  // The parser takes a zero byte for the end.
  if (const auto zero = text.find('\0'); zero != std::string::npos) {
    problem_ = "column " + std::to_string(zero + 1) + ": a zero byte";
    return true;
  }
  parse(text);
  if (first && problem_.empty() && keys_.size() == 1 && keys_[0] == "$columns")
    columns_ = header_in(text);
  return true;
}

void jsonl_reader::parse(const std::string& text) {
  try {
    members into(keys_, values_, numbers_);
    json::sax_parse(text, &into);
    auto sorted = keys_;
    std::sort(sorted.begin(), sorted.end());
    if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
      problem_ = "the key \"" + *twice + "\" occurs twice";
  } catch (const std::invalid_argument& e) {
    problem_ = e.what();
  } catch (const dbengine::error& e) {
    problem_ = e.message();
  }
}

} // namespace dbengine::app
