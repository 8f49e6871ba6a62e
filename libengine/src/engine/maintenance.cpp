// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/maintenance.hpp"

#include "base/error_map.hpp"
#include "sqlite/integrity.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <array>

namespace dbengine::engine::maintenance {

namespace {

// The problems that SQLite's own check does not find, in a separate snapshot.
std::vector<std::string> missed(sqlite::connection& c, sqlite::request_control& ctl) {
  const sqlite::connection::request_scope looked_at(c, ctl);
  const auto before = c.auth().acting_as;
  const auto end = [&] {
    c.transaction().rollback();
    c.auth().acting_as = before;
  };
  c.snapshot().drop();
  c.auth().acting_as = sqlite::authority::engine;
  try {
    c.transaction().begin_snapshot();
    auto found = sqlite::missed_by_check(c.handle());
    end();
    return found;
  } catch (const error& e) {
    end();
    if (ctl.deadline.stop_reason() == errc::none || e.code() == errc::corrupt)
      throw;
    auto info = e.info();
    info.code = ctl.deadline.stop_reason();
    throw error(std::move(info));
  }
}

std::vector<std::string> problems(sqlite::connection& c, const char* pragma,
                                  sqlite::request_control& ctl) {
  std::vector<std::string> found;
  const auto r = c.fetch(pragma, {}, ctl);
  for (const auto& row : r)
    if (auto text = row[0].as<std::string>(); text != "ok")
      found.push_back(std::move(text));
  for (auto& text : missed(c, ctl))
    found.push_back(std::move(text));
  return found;
}

std::string identifier(std::string_view name) {
  std::string q = "\"";
  for (const char ch : name)
    q += ch == '"' ? "\"\"" : std::string(1, ch);
  return q + "\"";
}

// A pragma that may be set, and the bounds of its value.
struct settable {
  std::string_view name;
  std::int64_t least;
  std::int64_t most;
  bool in_file; // false: a setting of the connection, applied to each later one as well
};
constexpr std::array<settable, 5> pragmas{{{"user_version", INT32_MIN, INT32_MAX, true},
                                           {"application_id", INT32_MIN, INT32_MAX, true},
                                           {"analysis_limit", 0, 1'000'000, false},
                                           {"journal_size_limit", -1, INT64_MAX, false},
                                           {"max_page_count", 1, 4'294'967'294, false}}};

void set_pragma(engine& e, sqlite::connection& c, const std::string& name, const value& v) {
  const auto it = std::find_if(pragmas.begin(), pragmas.end(),
                               [&](const settable& s) { return s.name == name; });
  if (it == pragmas.end()) {
    std::string all;
    for (const auto& s : pragmas)
      all += (all.empty() ? "" : ", ") + std::string(s.name);
    throw error(errc::not_allowed, "pragma \"" + name + "\" cannot be set; those that can: " + all);
  }
  const auto* n = std::get_if<std::int64_t>(&v.data());
  if (n == nullptr || *n < it->least || *n > it->most)
    throw error(errc::range, "pragma " + name + " takes an integer from " +
                                 std::to_string(it->least) + " to " + std::to_string(it->most));
  const auto text = std::to_string(*n);
  if (it->in_file)
    c.own_sql().set_pragma(name, text);
  else
    e.writer().set_pragma(c, name, text);
}

// Indexed by the values of `checkpoint_mode`.
constexpr std::array<std::string_view, 4> mode_names{"passive", "full", "restart", "truncate"};

checkpoint_mode mode_of(const std::string& text) {
  const auto it = std::find(mode_names.begin(), mode_names.end(), text);
  if (it == mode_names.end())
    throw error(errc::invalid_option,
                "checkpoint mode \"" + text + "\" must be passive, full, restart or truncate");
  return static_cast<checkpoint_mode>(it - mode_names.begin());
}

} // namespace

std::string_view name_of(checkpoint_mode m) {
  const auto i = static_cast<std::size_t>(m);
  if (i >= mode_names.size())
    throw error(errc::invalid_option, "an unknown checkpoint mode");
  return mode_names[i];
}

bool writes(maintenance_kind k) noexcept {
  return k != maintenance_kind::integrity_check && k != maintenance_kind::quick_check;
}

void check(const job& m) {
  auto bytes = m.argument.size();
  if (const auto* text = std::get_if<std::string>(&m.setting.data()))
    bytes += text->size();
  if (const auto* b = std::get_if<blob>(&m.setting.data()))
    bytes += b->size();
  if (bytes > defaults::max_argument_bytes)
    throw error(errc::too_big, "a name or value of " + std::to_string(bytes) + " bytes");
}

maintenance_result run(engine& e, sqlite::connection& c, const job& m,
                       sqlite::request_control& ctl) {
  maintenance_result result;
  switch (m.what) {
  case maintenance_kind::vacuum: c.execute("VACUUM", {}, ctl); break;
  case maintenance_kind::analyze:
    c.execute(m.argument.empty() ? std::string("ANALYZE") : "ANALYZE " + identifier(m.argument), {},
              ctl);
    break;
  case maintenance_kind::optimize: c.fetch("PRAGMA optimize", {}, ctl); break;
  case maintenance_kind::integrity_check:
    result.problems = problems(c, "PRAGMA integrity_check", ctl);
    break;
  case maintenance_kind::quick_check:
    result.problems = problems(c, "PRAGMA quick_check", ctl);
    break;
  case maintenance_kind::checkpoint:
    result.checkpoint =
        e.checkpoints().run(c, mode_of(m.argument.empty() ? "truncate" : m.argument));
    break;
  case maintenance_kind::set_pragma: set_pragma(e, c, m.argument, m.setting); break;
  default: throw error(errc::invalid_option, "an unknown kind of maintenance");
  }
  return result;
}

} // namespace dbengine::engine::maintenance
