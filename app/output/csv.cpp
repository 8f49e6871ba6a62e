// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// CSV as in RFC 4180, such that `import --types auto` reads back the same values.

#include "data/input/sniff.hpp"
#include "output/encode.hpp"
#include "output/row_writer.hpp"
#include "ui/text.hpp"

namespace dbengine::app {

namespace {

std::string csv_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"')
      out += '"';
    out += c;
  }
  return out + '"';
}

// NULL is an empty field, an empty text a quoted one. Text is quoted if CSV requires it, and also
// if the import would otherwise read a different value. Bytes that are not UTF-8 become hexadecimal
// digits: in a CSV file they could not be distinguished from another encoding.
std::string csv_field(const field& f) {
  switch (f.type()) {
  case value_type::null: return {};
  case value_type::integer: return std::to_string(f.as<std::int64_t>());
  case value_type::real: return real_text(f.as<double>());
  case value_type::blob: return "x'" + hex_text(f.bytes()) + "'";
  case value_type::text: break;
  }
  const auto text = f.bytes();
  if (!ui::is_utf8(text))
    return "t'" + hex_text(text) + "'";
  const bool plain = !text.empty() && text.find_first_of("\",\r\n") == std::string_view::npos &&
                     text.front() != ' ' && text.back() != ' ' && is_literal_text(text);
  return plain ? std::string(text) : csv_quoted(text);
}

class csv_writer : public row_writer {
public:
  explicit csv_writer(output_stream& to) : to_(to) {}

  void begin(const std::vector<std::string>& columns) override {
    std::string out;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool plain =
          !columns[i].empty() && columns[i].find_first_of("\",\r\n ") == std::string::npos;
      out += (i == 0 ? "" : ",") + (plain ? columns[i] : csv_quoted(columns[i]));
    }
    // A reader would remove a byte order mark at the start.
    if (out.starts_with("\xef\xbb\xbf"))
      out = csv_quoted(columns[0]) + out.substr(columns[0].size());
    if (!columns.empty())
      to_.write(out + "\n");
  }

  void add(const row& r) override {
    std::string out;
    for (std::size_t i = 0; i < r.size(); ++i) {
      if (i > 0)
        out += ',';
      out += csv_field(r[i]);
    }
    to_.write(out + "\n");
  }

  void end() override {}

private:
  output_stream& to_;
};

} // namespace

std::unique_ptr<row_writer> make_csv_writer(output_stream& to) {
  return std::make_unique<csv_writer>(to);
}

} // namespace dbengine::app
