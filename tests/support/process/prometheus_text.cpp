// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/process/prometheus_text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string_view>

namespace dbengine::test {

namespace {

bool name_char(char c, bool first, bool colon) {
  const auto u = static_cast<unsigned char>(c);
  return std::isalpha(u) != 0 || c == '_' || (colon && c == ':') ||
         (!first && std::isdigit(u) != 0);
}

std::string_view take_name(std::string_view& rest, bool colon) {
  std::size_t n = 0;
  while (n < rest.size() && name_char(rest[n], n == 0, colon))
    ++n;
  const auto name = rest.substr(0, n);
  rest.remove_prefix(n);
  return name;
}

bool take(std::string_view& rest, std::string_view text) {
  if (!rest.starts_with(text))
    return false;
  rest.remove_prefix(text.size());
  return true;
}

std::optional<double> number(std::string_view text) {
  if (text == "NaN")
    return std::numeric_limits<double>::quiet_NaN();
  if (text == "+Inf" || text == "Inf")
    return std::numeric_limits<double>::infinity();
  if (text == "-Inf")
    return -std::numeric_limits<double>::infinity();
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                 : std::nullopt;
}

class reader {
public:
  exposition found;

  void line(std::string_view text) {
    ++number_;
    if (text.empty())
      return;
    if (take(text, "# HELP "))
      header(text, helps_, "HELP");
    else if (take(text, "# TYPE "))
      type(text);
    else if (!text.starts_with('#'))
      sample(text);
  }

private:
  void complain(const std::string& what) {
    found.problems.push_back("line " + std::to_string(number_) + ": " + what);
  }

  // All lines of a family must be together.
  void enter(const std::string& family) {
    if (family == family_)
      return;
    if (!families_.insert(family).second)
      complain(family + ": its lines are not together");
    family_ = family;
  }

  void header(std::string_view& rest, std::set<std::string>& seen, const char* kind) {
    const std::string name(take_name(rest, true));
    if (name.empty() || !take(rest, " "))
      complain(std::string(kind) + " without a name and a text");
    enter(name);
    if (!seen.insert(name).second)
      complain(name + ": a second " + kind);
  }

  void type(std::string_view rest) {
    static const std::set<std::string> known{"counter", "gauge", "summary", "histogram", "untyped"};
    header(rest, typed_, "TYPE");
    if (!known.contains(std::string(rest)))
      complain("there is no type '" + std::string(rest) + "'");
    found.types[family_] = rest;
    if (rest == "counter" && !family_.ends_with("_total"))
      complain(family_ + ": a counter's name ends with _total");
    if (rest != "counter" && family_.ends_with("_total"))
      complain(family_ + ": only a counter's name ends with _total");
    if (!helps_.contains(family_))
      complain(family_ + ": no HELP");
  }

  // The text in quotes, without its escapes.
  std::optional<std::string> quoted(std::string_view& rest) {
    std::string value;
    if (!take(rest, "\""))
      return std::nullopt;
    while (!rest.empty() && rest[0] != '"') {
      char c = rest[0];
      rest.remove_prefix(1);
      if (c == '\\') {
        if (rest.empty() || (rest[0] != '\\' && rest[0] != '"' && rest[0] != 'n'))
          return std::nullopt;
        c = rest[0] == 'n' ? '\n' : rest[0];
        rest.remove_prefix(1);
      }
      value += c;
    }
    return take(rest, "\"") ? std::optional(value) : std::nullopt;
  }

  void sample(std::string_view rest) {
    const std::string name(take_name(rest, true));
    if (name.empty())
      return complain("no name");
    if (!typed_.contains(name))
      complain(name + ": a sample without TYPE before it");
    enter(name);
    std::map<std::string, std::string> labels;
    if (take(rest, "{")) {
      while (!take(rest, "}")) {
        const std::string label(take_name(rest, false));
        if (label.empty() || label.starts_with("__") || !take(rest, "="))
          return complain(name + ": a bad label");
        const auto value = quoted(rest);
        if (!value)
          return complain(name + ": label " + label + ": a bad value");
        if (!labels.emplace(label, *value).second)
          complain(name + ": label " + label + " twice");
        if (!take(rest, ",") && !rest.starts_with("}"))
          return complain(name + ": labels not separated");
      }
    }
    if (!take(rest, " "))
      return complain(name + ": no value");
    const auto value = number(rest.substr(0, rest.find(' ')));
    if (!value)
      return complain(name + ": '" + std::string(rest) + "' is no value");
    if (found.types[name] == "counter" && !(*value >= 0))
      complain(name + ": a counter is never negative");
    std::string key = name + "{";
    for (const auto& [label, text] : labels)
      key += (key.back() == '{' ? "" : ",") + label + "=\"" + text + "\"";
    if (!found.samples.emplace(key + "}", *value).second)
      complain(key + "}: twice");
  }

  std::size_t number_ = 0;
  std::string family_;
  std::set<std::string> families_, helps_, typed_;
};

} // namespace

exposition read_exposition(const std::string& text) {
  reader r;
  if (text.empty() || text.back() != '\n')
    r.found.problems.emplace_back("the last line is not ended");
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    r.line(std::string_view(text).substr(at, end - at));
    at = end + 1;
  }
  return std::move(r.found);
}

} // namespace dbengine::test
