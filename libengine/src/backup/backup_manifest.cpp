// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/backup_manifest.hpp"

#include "base/sha256.hpp"

#include <cstdint>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <variant>

namespace dbengine::backup {

namespace {

using namespace std::chrono;

constexpr std::string_view format_name = "dbengine-backup";
constexpr int format_version = 1;
// The most objects and arrays in a manifest: the engine's have two. A text with more is refused
// while it is parsed, before it takes memory.
constexpr int max_containers = 16;
// The last field: SHA-256 of all the text before it.
constexpr std::string_view checksum_name = "manifest_sha256";

std::string checksum_begin() {
  return ",\n  \"" + std::string(checksum_name) + "\": \"";
}

std::string checksum_of(std::string_view text) {
  base::sha256 hash;
  hash.add(text);
  return hash.finish_hex();
}

std::string utc_text(wall_time t) {
  const auto ms = floor<milliseconds>(t);
  const auto day = floor<days>(ms);
  const year_month_day date(day);
  const hh_mm_ss clock(ms - day);
  char text[64];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

} // namespace

std::string manifest::to_json() const {
  const auto whole = to_json(rows);
  return whole.size() <= max_manifest_bytes ? whole : to_json({});
}

namespace {

// JSON is written without nlohmann's tree of values: its destructor allocates, and ends the process
// if it cannot.
std::string quoted(const std::string& text) {
  // Table names and paths may be any bytes: bytes that are not UTF-8 are replaced rather than
  // refused.
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The text of a JSON object.
class object_text {
public:
  explicit object_text(std::size_t indent) : indent_(indent, ' ') {}

  void add(const std::string& key, const std::string& json) {
    text_ += (text_.empty() ? "" : ",") + ("\n" + indent_) + quoted(key) + ": " + json;
  }
  std::string str() const {
    return text_.empty() ? "{}" : "{" + text_ + "\n" + indent_.substr(2) + "}";
  }

private:
  std::string indent_;
  std::string text_;
};

} // namespace

std::string manifest::to_json(const row_counts& rows_of_tables) const {
  object_text of_tables(4);
  for (const auto& [table, n] : rows_of_tables)
    of_tables.add(table, std::to_string(n));
  object_text j(2);
  j.add("format", quoted(std::string(format_name)));
  j.add("format_version", std::to_string(format_version));
  j.add("file", quoted(file));
  j.add("source", quoted(source));
  j.add("source_folder", quoted(source_folder));
  j.add("sha256", quoted(sha256));
  j.add("size", std::to_string(size));
  j.add("pages", std::to_string(pages));
  j.add("page_size", std::to_string(page_size));
  j.add("compressed", compressed ? "true" : "false");
  j.add("verified", verified ? "true" : "false");
  j.add("started", quoted(utc_text(started)));
  j.add("started_unix_ms", std::to_string(floor<milliseconds>(started).time_since_epoch().count()));
  j.add("duration_ms", std::to_string(duration.count()));
  j.add("engine_version", quoted(engine_version));
  j.add("sqlite_version", quoted(sqlite_version));
  j.add("foreign_key_violations", std::to_string(foreign_key_violations));
  j.add("rows", of_tables.str());
  if (!foreign_keys_unchecked.empty())
    j.add("foreign_keys_unchecked", quoted(foreign_keys_unchecked));
  auto text = j.str();
  text.resize(text.size() - std::string_view("\n}").size());
  return text + checksum_begin() + checksum_of(text) + "\"\n}\n";
}

namespace {

using scalar = std::variant<std::monostate, bool, std::uint64_t, std::string>;

// The fields of a manifest as they are parsed. A field of an unexpected type has no value.
class fields final : public nlohmann::json_sax<nlohmann::json> {
public:
  std::map<std::string, scalar> values = {};
  std::map<std::string, scalar> rows = {};
  bool has_rows = false;

  bool null() override { return put({}); }
  bool boolean(bool x) override { return put(x); }
  bool number_integer(number_integer_t) override { return put({}); } // negative
  bool number_unsigned(number_unsigned_t x) override { return put(x); }
  bool number_float(number_float_t, const string_t&) override { return put({}); }
  bool string(string_t& x) override { return put(std::move(x)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override {
    if (depth_ == 1 && key_ == "rows") {
      has_rows = in_rows_ = true;
      rows.clear();
    }
    return go_down();
  }
  bool start_array(std::size_t) override { return depth_ > 0 && go_down(); }
  bool key(string_t& x) override {
    (depth_ == 1 ? key_ : table_) = std::move(x);
    return true;
  }
  bool end_object() override { return go_up(); }
  bool end_array() override { return go_up(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

private:
  bool put(scalar x) {
    if (depth_ == 0)
      return false;
    if (depth_ == 1)
      values[key_] = std::move(x);
    else if (depth_ == 2 && in_rows_)
      rows[table_] = std::move(x);
    return true;
  }
  bool go_down() {
    if (depth_ == 1)
      values[key_] = {};
    else if (depth_ == 2 && in_rows_)
      rows[table_] = {};
    ++depth_;
    return ++containers_ <= max_containers;
  }
  bool go_up() {
    in_rows_ = --depth_ > 1 && in_rows_;
    return true;
  }

  int depth_ = 0;
  int containers_ = 0;
  bool in_rows_ = false;
  std::string key_, table_;
};

// Throws `std::out_of_range` with the name of the field. A conversion would turn a negative,
// fractional or too large number into another one.
template <class Integer>
Integer whole(const scalar& value, const std::string& name) {
  const auto* n = std::get_if<std::uint64_t>(&value);
  if (n == nullptr || !std::in_range<Integer>(*n))
    throw std::out_of_range(name + " is not a number in its range");
  return static_cast<Integer>(*n);
}

const scalar& at(const fields& all, const std::string& name) {
  const auto it = all.values.find(name);
  if (it == all.values.end())
    throw std::out_of_range(name + " is missing");
  return it->second;
}

// Manifests of older versions have neither checksum nor folder.
bool is_altered(const fields& all, std::string_view text) {
  const auto found = all.values.find(std::string(checksum_name));
  if (found == all.values.end())
    return all.values.contains("source_folder");
  const auto before = text.substr(0, text.rfind(checksum_begin()));
  return found->second != scalar(checksum_of(before));
}

template <class T>
T get(const fields& all, const std::string& name) {
  const auto* x = std::get_if<T>(&at(all, name));
  if (x == nullptr)
    throw std::out_of_range(name + " is of another type");
  return *x;
}

} // namespace

std::optional<manifest> manifest::parse(std::string_view text, std::string& why) {
  fields all;
  if (!nlohmann::json::sax_parse(text, &all)) {
    why = "it is not a JSON object of this kind";
    return std::nullopt;
  }
  const auto number = [&](const char* key) { return whole<std::uint64_t>(at(all, key), key); };
  try {
    if (at(all, "format") != scalar(std::string(format_name)) ||
        at(all, "format_version") != scalar(std::uint64_t{format_version})) {
      why = "it is of another format or version";
      return std::nullopt;
    }
    manifest m;
    m.file = get<std::string>(all, "file");
    m.source = get<std::string>(all, "source");
    if (all.values.contains("source_folder"))
      m.source_folder = get<std::string>(all, "source_folder");
    m.altered = is_altered(all, text);
    m.sha256 = get<std::string>(all, "sha256");
    m.size = number("size");
    m.pages = number("pages");
    m.page_size = number("page_size");
    m.compressed = get<bool>(all, "compressed");
    m.verified = get<bool>(all, "verified");
    const auto started = number("started_unix_ms");
    if (std::cmp_greater(started, floor<milliseconds>(wall_time::max()).time_since_epoch().count()))
      throw std::out_of_range("its time is out of range");
    m.started = wall_time(milliseconds(started));
    m.duration = milliseconds(whole<std::int64_t>(at(all, "duration_ms"), "duration_ms"));
    m.engine_version = get<std::string>(all, "engine_version");
    m.sqlite_version = get<std::string>(all, "sqlite_version");
    m.foreign_key_violations = number("foreign_key_violations");
    if (all.values.contains("foreign_keys_unchecked"))
      m.foreign_keys_unchecked = get<std::string>(all, "foreign_keys_unchecked");
    if (!all.has_rows)
      throw std::out_of_range("rows is missing");
    for (const auto& [table, n] : all.rows)
      m.rows[table] = whole<std::int64_t>(n, "rows");
    return m;
  } catch (const std::out_of_range& e) {
    why = e.what();
  }
  return std::nullopt;
}

} // namespace dbengine::backup
