// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/write_log.hpp"

#include "sqlite/plain_database.hpp"

#include <sqlite3.h>

#include <unordered_map>

namespace dbengine::test {

namespace {

sqlite::database_handle open_file(const std::filesystem::path& database) {
  return sqlite::open_database(database.string(), SQLITE_OPEN_READWRITE, nullptr, "open");
}

} // namespace

verdict verdict_of(const error_info& e) {
  return e.outcome == outcome::unknown || e.outcome == outcome::partially_applied
             ? verdict::either
             : verdict::not_done;
}

std::string findings::text() const {
  return "done " + std::to_string(done) + ", not done " + std::to_string(not_done) + ", either " +
         std::to_string(either) + "; unanswered " + std::to_string(unanswered) + ", lost " +
         std::to_string(lost) + ", ghosts " + std::to_string(ghosts) + ", doubled " +
         std::to_string(doubled) + ", torn " + std::to_string(torn) + ", strangers " +
         std::to_string(strangers) + (first.empty() ? "" : "; first: " + first);
}

findings compare(const std::filesystem::path& database, const std::vector<const write_log*>& all) {
  std::unordered_map<std::int64_t, std::int32_t> rows;
  const auto db = open_file(database);
  for (const auto& text :
       sqlite::column_of(db.get(), "SELECT k FROM t UNION ALL SELECT k FROM children", "keys"))
    ++rows[std::stoll(text)];
  findings f;
  const auto note = [&f](std::uint64_t& what, const char* name, const write_log& l,
                         const write_log::entry& e) {
    ++what;
    if (f.first.empty())
      f.first = std::string(name) + ": client " + std::to_string(l.client()) + ", key " +
                std::to_string(e.first & 0xffff'ffff) + " and " + std::to_string(e.keys - 1) +
                " more";
  };
  for (const auto* l : all)
    for (const auto& e : l->entries()) {
      std::int32_t there = 0;
      bool twice = false;
      for (std::int32_t i = 0; i < e.keys; ++i)
        if (const auto it = rows.find(e.first + i); it != rows.end()) {
          ++there;
          twice = twice || it->second > 1;
          rows.erase(it);
        }
      if (twice)
        note(f.doubled, "doubled", *l, e);
      if (there != 0 && there != e.keys && !e.parts)
        note(f.torn, "torn", *l, e);
      switch (e.said) {
      case verdict::open: note(f.unanswered, "unanswered", *l, e); break;
      case verdict::done:
        ++f.done;
        if (there == 0 || (e.parts && there < e.keys))
          note(f.lost, "lost", *l, e);
        break;
      case verdict::not_done:
        ++f.not_done;
        if (there != 0)
          note(f.ghosts, "ghost", *l, e);
        break;
      case verdict::either: ++f.either; break;
      }
    }
  f.strangers = rows.size();
  if (f.strangers != 0 && f.first.empty())
    f.first = "a stranger: key " + std::to_string(rows.begin()->first);
  return f;
}

std::string integrity(const std::filesystem::path& database) {
  std::string problems;
  for (const auto& line :
       sqlite::column_of(open_file(database).get(), "PRAGMA integrity_check", "integrity_check"))
    if (line != "ok")
      problems += line + "\n";
  return problems;
}

} // namespace dbengine::test
