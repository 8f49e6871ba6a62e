// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// JSON, lossless: a value that JSON cannot express is an object with one key that begins with $.
//   {"$blob": "<base64>"}       a blob
//   {"$text": "<base64>"}       text that is not UTF-8
//   {"$real": "Inf"|"-Inf"}     an infinity
//   {"$columns": ["id", …]}     as the only record: there are no rows, and these are the columns

#include "output/encode.hpp"
#include "output/row_writer.hpp"
#include "ui/text.hpp"

#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

namespace dbengine::app {

namespace {

// Never throws: a byte that is not UTF-8 is replaced.
std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_value(const field& f) {
  switch (f.type()) {
  case value_type::null: return "null";
  case value_type::integer: return std::to_string(f.as<std::int64_t>());
  case value_type::real: {
    const double x = f.as<double>();
    return std::isinf(x) ? "{\"$real\":\"" + real_text(x) + "\"}" : real_text(x);
  }
  case value_type::text:
    return ui::is_utf8(f.bytes()) ? json_string(f.bytes())
                                  : "{\"$text\":\"" + base64_text(f.bytes()) + "\"}";
  case value_type::blob: break;
  }
  return "{\"$blob\":\"" + base64_text(f.bytes()) + "\"}";
}

class json_writer : public row_writer {
public:
  json_writer(output_stream& to, bool lines, bool write_columns)
      : to_(to), lines_(lines), write_columns_(write_columns) {}

  // Keys of an object are unique: a repeated name gets a number.
  void begin(const std::vector<std::string>& columns) override {
    std::set<std::string> used(columns.begin(), columns.end());
    std::set<std::string> seen;
    for (const auto& c : columns) {
      std::string name = c;
      for (int n = 2; !seen.insert(name).second; ++n) {
        const std::string next = c + "_" + std::to_string(n);
        if (!used.contains(next))
          name = next;
      }
      keys_.push_back(json_string(name) + (lines_ ? ":" : ": "));
      if (write_columns_)
        names_ += (names_.empty() ? "" : lines_ ? "," : ", ") + json_string(name);
    }
  }

  void add(const row& r) override {
    std::string out = lines_ ? "{" : first_ ? "[\n  {" : ",\n  {";
    first_ = false;
    for (std::size_t i = 0; i < r.size(); ++i)
      out += (i == 0 ? "" : lines_ ? "," : ", ") + keys_[i] + json_value(r[i]);
    out += lines_ ? "}\n" : "}";
    to_.write(out);
  }

  void end() override {
    if (first_ && !names_.empty()) {
      const std::string names = "{\"$columns\":" + std::string(lines_ ? "[" : " [") + names_ + "]}";
      to_.write(lines_ ? names + "\n" : "[\n  " + names + "\n]\n");
    } else if (!lines_)
      to_.write(first_ ? "[]\n" : "\n]\n");
  }

private:
  output_stream& to_;
  const bool lines_;
  const bool write_columns_;
  bool first_ = true;
  std::vector<std::string> keys_;
  std::string names_;
};

} // namespace

std::unique_ptr<row_writer> make_json_writer(output_stream& to, bool lines, bool write_columns) {
  return std::make_unique<json_writer>(to, lines, write_columns);
}

} // namespace dbengine::app
