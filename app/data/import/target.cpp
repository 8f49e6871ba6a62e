// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/import/target.hpp"

#include "cli/exit_code.hpp"
#include "data/input/csv_reader.hpp"
#include "data/input/jsonl_reader.hpp"
#include "data/input/sniff.hpp"
#include "ui/text.hpp"

#include <algorithm>
#include <utility>

namespace dbengine::app {

namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

// SQLite's rules, https://www.sqlite.org/datatype3.html section 3.1.
affinity affinity_of(const std::string& declared, bool strict = false) {
  const std::string type = lower(declared);
  const auto has = [&](const char* part) { return type.find(part) != std::string::npos; };
  if (has("int"))
    return affinity::number;
  if (has("char") || has("clob") || has("text"))
    return affinity::text;
  if (type.empty() || (type == "any" && strict) || has("blob"))
    return affinity::none;
  return has("real") || has("floa") || has("doub") ? affinity::real : affinity::number;
}

// Number of records at the beginning that decide the types.
constexpr std::size_t sampled = 1000;

// The types seen in one column.
struct seen_types {
  bool integer = false, real = false, text = false, blob = false;

  void add(value_type t) {
    integer |= t == value_type::integer;
    real |= t == value_type::real;
    text |= t == value_type::text;
    blob |= t == value_type::blob;
  }
  void add(const value& v) { add(v.type()); }

  // A column type that changes no value seen. Empty for a mixture: a column of reals would turn 24
  // into 24.0. `typed`: the input itself distinguishes text from numbers.
  const char* declared(bool typed) const {
    const bool number = integer || real;
    if (text && !(typed && number))
      return "TEXT";
    if ((number && (text || blob)) || (real && integer))
      return "";
    if (real)
      return "REAL";
    if (integer)
      return "INTEGER";
    return blob ? "BLOB" : "";
  }
};

class proposer {
public:
  explicit proposer(const import_settings& s) : settings_(s) {}

  std::size_t column(std::string name) {
    const auto key = lower(name);
    for (std::size_t i = 0; i < keys_.size(); ++i)
      if (keys_[i] == key)
        return i;
    names_.push_back(std::move(name));
    keys_.push_back(key);
    types_.emplace_back();
    return names_.size() - 1;
  }
  std::size_t size() const noexcept { return names_.size(); }
  seen_types& types(std::size_t i) { return types_[i]; }

  proposal result() const {
    proposal p;
    p.create_sql = "CREATE TABLE " + quoted_name(settings_.table) + " (";
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const std::string type = settings_.guess_types
                                   ? types_[i].declared(settings_.format != import_format::csv)
                                   : "TEXT";
      p.columns.push_back({names_[i], affinity_of(type)});
      p.create_sql +=
          (i == 0 ? "" : ", ") + quoted_name(names_[i]) + (type.empty() ? "" : " ") + type;
    }
    p.create_sql += ")";
    return p;
  }

private:
  const import_settings& settings_;
  std::vector<std::string> names_, keys_;
  std::vector<seen_types> types_;
};

std::string problem_text(std::uint64_t line, const std::string& problem) {
  return "line " + std::to_string(line) + ": " + problem;
}

void name_columns(proposer& p, const csv_reader& first, bool header) {
  const auto nowhere = [](std::string_view) { return false; };
  const auto names = header ? header_names(first, nowhere) : std::vector<std::string>(first.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    if (p.column(header ? names[i] : "column_" + std::to_string(i + 1)) != i)
      throw data_error("two columns are called '" + names[i] + "'");
}

// Returns the first record that cannot be used and the reason; empty if all can be used.
std::string sample_csv(proposer& p, chunks& from, const import_settings& s,
                       const csv_dialect& dialect) {
  csv_reader reader(from, dialect);
  std::string problem;
  bool first = true;
  for (std::size_t n = 0; n < sampled && reader.next(); ++n) {
    if (!reader.problem().empty() && !(first && s.header)) {
      if (problem.empty())
        problem = problem_text(reader.line(), reader.problem());
      continue;
    }
    if (std::exchange(first, false)) {
      name_columns(p, reader, s.header);
      if (s.header)
        continue;
    }
    if (reader.blank())
      continue;
    for (std::size_t i = 0; i < std::min(reader.size(), p.size()); ++i) {
      const auto f = reader[i];
      if (f.quoted || (f.text.empty() && s.empty_is_text))
        p.types(i).add(value_type::text);
      else if (!f.text.empty())
        p.types(i).add(sniff(f.text));
    }
  }
  return problem;
}

// The same for JSON: the first record that is not an object.
std::string sample_json(proposer& p, chunks& from, json_form form, bool whole,
                        json_numbers numbers) {
  jsonl_reader reader(from, form, numbers);
  std::string first;
  for (std::size_t n = 0; n < sampled && reader.next() && (whole || !reader.cut()); ++n) {
    if (!reader.problem().empty()) {
      if (first.empty())
        first = problem_text(reader.line(), reader.problem());
      continue;
    }
    if (reader.columns()) {
      for (const auto& name : *reader.columns())
        p.column(name);
      continue;
    }
    for (std::size_t i = 0; i < reader.keys().size(); ++i)
      p.types(p.column(reader.keys()[i])).add(reader.values()[i]);
  }
  return first;
}

} // namespace

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"')
      out += '"';
    out += c;
  }
  return out + '"';
}

std::optional<std::size_t> position(const std::vector<target_column>& columns,
                                    std::string_view name) {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (std::equal(columns[i].name.begin(), columns[i].name.end(), name.begin(), name.end(),
                   [](char a, char b) { return lower(a) == lower(b); }))
      return i;
  return std::nullopt;
}

std::optional<std::vector<target_column>> find_table(const request_view& db,
                                                     const std::string& table) {
  std::vector<target_column> columns;
  for (const auto& r : db.fetch(
           "SELECT name, type, (SELECT strict FROM pragma_table_list WHERE schema = 'main' AND "
           "name = ?1 COLLATE NOCASE) IS 1 FROM pragma_table_xinfo(?1) WHERE hidden = 0",
           table))
    columns.push_back({r[0].as<std::string>(),
                       affinity_of(r[1].as<std::string>(), r[2].as<std::int64_t>() == 1)});
  if (columns.empty())
    return std::nullopt;
  return columns;
}

row_keeping keeping_of(const request_view& db, const std::string& table) {
  const auto found =
      db.fetch("SELECT type = 'view', EXISTS (SELECT 1 FROM sqlite_schema WHERE tbl_name = ?1 "
               "COLLATE NOCASE AND type IN ('table', 'trigger') AND sql LIKE '%ignore%') "
               "FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')",
               table);
  if (found.empty())
    return row_keeping::all;
  if (found[0][0].as<std::int64_t>() != 0)
    return row_keeping::uncounted;
  return found[0][1].as<std::int64_t>() != 0 ? row_keeping::some : row_keeping::all;
}

input_form input_form_of(std::string_view head, const import_settings& s) {
  return {csv_dialect_of(head, s.separator),
          s.format == import_format::json ? json_form_of(head) : json_form::lines};
}

std::size_t not_utf8(const csv_reader& record) {
  for (std::size_t i = 0; i < record.size(); ++i)
    if (!ui::is_utf8(record[i].text))
      return i + 1;
  return 0;
}

std::string header_text(std::uint64_t line) {
  return "line " + std::to_string(line) + " (the header): ";
}

std::vector<std::string> header_names(const csv_reader& header,
                                      const std::function<bool(std::string_view)>& is_in_table) {
  const auto refuse = [&](const std::string& why) {
    throw data_error(header_text(header.line()) + why);
  };
  if (!header.problem().empty())
    refuse(header.problem());
  if (const auto at = not_utf8(header); at != 0)
    refuse("field " + std::to_string(at) + encoding_text);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < header.size(); ++i) {
    names.emplace_back(header[i].text);
    if (names.back().find('\0') != std::string::npos)
      refuse("a zero byte in field " + std::to_string(i + 1));
  }
  if (is_in_table(""))
    return names;
  const auto is_taken = [&names](const std::string& name) {
    return std::any_of(names.begin(), names.end(),
                       [&](const auto& other) { return lower(other) == name; });
  };
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i].empty()) {
      const auto plain = "column_" + std::to_string(i + 1);
      auto name = plain;
      for (std::size_t n = 2; is_taken(name); ++n)
        name = plain + "_" + std::to_string(n);
      names[i] = name;
    }
  return names;
}

proposal propose_table(std::string_view head, bool head_is_all, const import_settings& s,
                       const input_form& form) {
  const bool csv = s.format == import_format::csv;
  // The last record may be incomplete. It is used only if it is the end of the input.
  if (!head_is_all && (csv || form.json == json_form::lines)) {
    head = head.substr(0, head.rfind(csv && form.csv.cr_lines ? '\r' : '\n') + 1);
    if (head.empty())
      throw data_error("the first record is too long to determine the columns: create table '" +
                       s.table + "' first");
  }
  memory_chunks from(head);
  proposer p(s);
  const auto problem = csv ? sample_csv(p, from, s, form.csv)
                           : sample_json(p, from, form.json, head_is_all,
                                         s.guess_types ? json_numbers::values : json_numbers::text);
  if (p.size() == 0)
    throw data_error((problem.empty() ? "" : problem + "; ") +
                     "the input does not name any columns: create table '" + s.table + "' first");
  return p.result();
}

} // namespace dbengine::app
