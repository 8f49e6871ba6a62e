// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/jsonl.hpp"

#include "cli/exit_code.hpp"
#include "output/encode.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace dbengine::app {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t longest_line = 1'000'000'000;
/// Deeper values are refused: writing them back recurses.
constexpr int deepest = 200;

value blob_of(const std::string& bytes) {
  return value(std::as_bytes(std::span<const char>(bytes)));
}

// The objects that stand for what JSON cannot say. Nothing for every other object.
std::optional<value> special(const json& object) {
  if (object.size() != 1 || !object.begin().value().is_string())
    return std::nullopt;
  const auto& key = object.begin().key();
  const auto& text = object.begin().value().get_ref<const std::string&>();
  if (key == "$real" && (text == "Inf" || text == "-Inf"))
    return value((text[0] == '-' ? -1 : 1) * std::numeric_limits<double>::infinity());
  if (key != "$blob" && key != "$text")
    return std::nullopt;
  const auto bytes = from_base64(text);
  if (!bytes)
    throw std::invalid_argument("\"" + key + "\" does not hold base64");
  return key == "$blob" ? blob_of(*bytes) : value(*bytes);
}

value to_value(const json& j) {
  switch (j.type()) {
  case json::value_t::null: return {};
  case json::value_t::boolean: return value(j.get<bool>());
  case json::value_t::number_integer: return value(j.get<std::int64_t>());
  case json::value_t::number_unsigned:
    if (j.get<std::uint64_t>() >
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      throw std::invalid_argument("the integer " + j.dump() + " does not fit 64 bits");
    return value(j.get<std::int64_t>());
  case json::value_t::number_float: return value(j.get<double>());
  case json::value_t::string: return value(j.get_ref<const std::string&>());
  case json::value_t::object:
    if (auto v = special(j))
      return *v;
    [[fallthrough]];
  default: return value(j.dump(-1, ' ', false, json::error_handler_t::replace));
  }
}

} // namespace

bool jsonl_reader::read_line() {
  text_.clear();
  bool any = false;
  for (;;) {
    if (piece_.empty()) {
      piece_ = from_.next();
      if (piece_.empty())
        break;
    }
    any = true;
    const auto end = piece_.find('\n');
    text_.append(piece_.substr(0, end));
    if (text_.size() > longest_line)
      throw data_error("line " + std::to_string(line_ + 1) + " is too long");
    piece_.remove_prefix(end == std::string_view::npos ? piece_.size() : end + 1);
    if (end != std::string_view::npos)
      break;
  }
  if (any)
    ++line_;
  if (!started_ && text_.starts_with("\xef\xbb\xbf"))
    text_.erase(0, 3);
  started_ = true;
  return any;
}

bool jsonl_reader::next() {
  do {
    if (!read_line())
      return false;
  } while (text_.find_first_not_of(" \t\r") == std::string::npos);
  problem_.clear();
  keys_.clear();
  values_.clear();
  try {
    parse();
  } catch (const json::exception& e) {
    problem_ = e.what();
    if (const auto end = problem_.find("] "); end != std::string::npos)
      problem_.erase(0, end + 2); // the library's own name of the error
  } catch (const std::invalid_argument& e) {
    problem_ = e.what();
  } catch (const dbengine::error& e) {
    problem_ = e.message();
  }
  return true;
}

void jsonl_reader::parse() {
  std::vector<std::string> seen;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > deepest)
      throw std::invalid_argument("nested deeper than " + std::to_string(deepest));
    if (event == json::parse_event_t::key && depth == 1)
      seen.push_back(parsed.get<std::string>());
    return true;
  };
  const json object = json::parse(text_, watch);
  if (!object.is_object())
    throw std::invalid_argument("not an object");
  if (object.size() != seen.size()) {
    std::sort(seen.begin(), seen.end());
    throw std::invalid_argument("the key \"" + *std::adjacent_find(seen.begin(), seen.end()) +
                                "\" stands there twice");
  }
  for (const auto& [key, item] : object.items()) {
    keys_.push_back(key);
    values_.push_back(to_value(item));
  }
}

} // namespace dbengine::app
