// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/target.hpp"

#include "cli/exit_code.hpp"
#include "data/csv.hpp"
#include "data/fit.hpp"
#include "data/jsonl.hpp"
#include "data/sniff.hpp"

#include <algorithm>

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

// Records of the beginning that decide the types.
constexpr std::size_t sampled = 1000;

// The types seen in one column.
struct seen_types {
  bool integer = false, large = false, real = false, text = false, blob = false;

  void add(value_type t) {
    integer |= t == value_type::integer;
    real |= t == value_type::real;
    text |= t == value_type::text;
    blob |= t == value_type::blob;
  }
  void add(const value& v) {
    add(v.type());
    large |= v.type() == value_type::integer && !fits_a_real(std::get<std::int64_t>(v.data()));
  }

  // A type that changes no value seen; empty for a mixture. `typed`: the input itself tells text from numbers.
  const char* declared(bool typed) const {
    const bool number = integer || real;
    if (text && !(typed && number))
      return "TEXT";
    if ((number && (text || blob)) || (real && large))
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
                                   ? types_[i].declared(settings_.format == import_format::jsonl)
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

void look_at_csv(proposer& p, chunks& from, const import_settings& s) {
  csv_reader reader(from, s.separator);
  bool first = true;
  for (std::size_t n = 0; n < sampled && reader.next(); ++n) {
    if (!reader.problem().empty()) {
      if (first && s.header)
        throw data_error("line " + std::to_string(reader.line()) +
                         " (the header): " + reader.problem());
      continue;
    }
    if (first) {
      first = false;
      for (std::size_t i = 0; i < reader.size(); ++i)
        if (s.header && !reader[i].text.empty() ? p.column(std::string(reader[i].text)) != i
                                                : p.column("column_" + std::to_string(i + 1)) != i)
          throw data_error("two columns are called '" + std::string(reader[i].text) + "'");
      if (s.header)
        continue;
    }
    if (reader.blank())
      continue;
    for (std::size_t i = 0; i < std::min(reader.size(), p.size()); ++i) {
      const auto f = reader[i];
      if (f.quoted)
        p.types(i).add(value_type::text);
      else if (!f.text.empty())
        p.types(i).add(sniff(f.text));
    }
  }
}

// The first line that is no object and why, nothing where all are.
std::string look_at_jsonl(proposer& p, chunks& from) {
  jsonl_reader reader(from);
  std::string first;
  for (std::size_t n = 0; n < sampled && reader.next(); ++n) {
    if (!reader.problem().empty()) {
      if (first.empty())
        first = "line " + std::to_string(reader.line()) + ": " + reader.problem();
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

proposal propose_table(std::string_view head, bool head_is_all, const import_settings& s) {
  // The last record may be cut: it is looked at only where nothing comes behind it.
  if (!head_is_all)
    head = head.substr(0, head.rfind('\n') + 1);
  memory_chunks from(head);
  proposer p(s);
  std::string problem;
  if (s.format == import_format::csv)
    look_at_csv(p, from, s);
  else
    problem = look_at_jsonl(p, from);
  if (p.size() == 0)
    throw data_error((problem.empty() ? "" : problem + "; ") +
                     "the input says nothing about columns: make table '" + s.table + "' first");
  return p.result();
}

} // namespace dbengine::app
