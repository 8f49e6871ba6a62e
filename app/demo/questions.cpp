// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "demo/questions.hpp"

#include <algorithm>
#include <thread>

namespace dbengine::app::demo {

namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// Minimum pause between two rounds of questions. The pause is also at least three times the length
/// of the round: four threads without pauses would leave little of two cores for loading.
constexpr auto think_time = 20ms;
constexpr int think_factor = 3;

constexpr std::string_view full_text_sql = R"(SELECT n.name, p.version, d.summary
FROM descriptions d JOIN packages p ON p.id = d.rowid JOIN names n ON n.id = p.name_id
WHERE descriptions MATCH ? ORDER BY bm25(descriptions, 10, 5, 1), n.name, p.version LIMIT 10)";

constexpr std::string_view reverse_sql = R"(SELECT DISTINCT n.name
FROM dependencies d JOIN packages p ON p.id = d.package_id JOIN names n ON n.id = p.name_id
WHERE d.name_id = (SELECT id FROM names WHERE name = ?) AND d.kind IN ('pre-depends', 'depends')
ORDER BY n.name LIMIT 50)";

constexpr std::string_view by_section_sql =
    R"(SELECT s.name, count(*) AS packages, total(p.installed_kib) / 1024 AS mib
FROM packages p JOIN sections s ON s.id = p.section_id GROUP BY s.id ORDER BY mib DESC, s.name LIMIT 10)";

// Packages that must be installed with a package: of alternatives the first, of several versions
// all.
constexpr std::string_view closure_sql =
    R"(WITH RECURSIVE needed (name_id) AS (
  SELECT id FROM names WHERE name = ?
  UNION
  SELECT d.name_id FROM needed JOIN packages p ON p.name_id = needed.name_id
    JOIN dependencies d ON d.package_id = p.id
  WHERE d.kind IN ('pre-depends', 'depends') AND d.alternative = 0)
SELECT count(DISTINCT needed.name_id) AS names, count(p.id) AS packages,
       total(p.installed_kib) / 1024 AS mib
FROM needed LEFT JOIN packages p ON p.name_id = needed.name_id)";

// Each batch is one transaction, so both tables agree in every snapshot.
constexpr std::string_view consistency_sql =
    "SELECT (SELECT count(*) FROM packages) AS packages,"
    " (SELECT count(*) FROM descriptions_docsize) AS descriptions";

constexpr std::array words{"database",  "game",   "python",   "compiler", "network", "image",
                           "editor",    "mail",   "kernel",   "audio",    "parser",  "font",
                           "container", "crypto", "language", "terminal"};
constexpr std::array packages{"libc6",   "python3",   "perl",      "bash",
                              "gnome",   "dpkg",      "libgcc-s1", "zlib1g",
                              "debconf", "git",       "sqlite3",   "openssh-server",
                              "libssl3", "emacs-gtk", "vim",       "default-jre"};

class asker {
public:
  asker(const request_view& db, unsigned thread) : db_(db), turn_(thread * 5) {}

  // Cheap questions are frequent; those that read a whole table are rare.
  void round(asker_results& a) {
    for (int i = 0; i < 6; ++i) {
      ask(a, question_kind::full_text, full_text_sql, words[turn_ % words.size()]);
      ask(a, question_kind::reverse, reverse_sql, packages[turn_ % packages.size()]);
      ++turn_;
    }
    ask(a, question_kind::closure, closure_sql, packages[turn_ % packages.size()]);
    ask(a, question_kind::by_section, by_section_sql);
    const rows r = ask(a, question_kind::consistency, consistency_sql);
    const auto [held, described] = r[0].as<std::int64_t, std::int64_t>();
    if (held != described || held < last_count_)
      ++a.contradictions;
    last_count_ = held;
  }

private:
  template <class... Ps>
  rows ask(asker_results& a, question_kind kind, std::string_view sql, const Ps&... ps) {
    const auto start = clock::now();
    rows r = db_.fetch(sql, ps...);
    a.times[static_cast<std::size_t>(kind)].push_back(clock::now() - start);
    a.rows += r.size();
    return r;
  }

  const request_view& db_;
  std::size_t turn_;
  std::int64_t last_count_ = 0;
};

} // namespace

asker_results ask_until(const request_view& db, const std::atomic<bool>& stop, unsigned thread) {
  asker_results result;
  asker who(db, thread);
  while (!stop.load(std::memory_order_relaxed)) {
    const auto start = clock::now();
    who.round(result);
    std::this_thread::sleep_for(
        std::max<clock::duration>(think_time, think_factor * (clock::now() - start)));
  }
  who.round(result);
  return result;
}

std::vector<final_question> final_questions(const std::string& root) {
  return {
      {"Which packages are about a relational database engine?",
       std::string(full_text_sql),
       {"relational AND database"}},
      {"What do most packages depend on?",
       R"(SELECT n.name, count(DISTINCT d.package_id) AS packages
FROM dependencies d JOIN names n ON n.id = d.name_id WHERE d.kind IN ('pre-depends', 'depends')
GROUP BY d.name_id ORDER BY packages DESC, n.name LIMIT 10)",
       {}},
      {"Which sections take the most space once installed?", std::string(by_section_sql), {}},
      {"What does " + root + " need, all the way down?", std::string(closure_sql), {root}},
      {"Which maintainers have the most packages?",
       R"(SELECT m.name, count(*) AS packages, sum(p.archive_bytes) AS bytes
FROM packages p JOIN maintainers m ON m.id = p.maintainer_id
GROUP BY m.id ORDER BY packages DESC, m.name, m.email LIMIT 10)",
       {}},
  };
}

std::string closure_root(const request_view& db) {
  for (const char* name : {"gnome", "kde-full", "build-essential"})
    if (db.fetch_value<std::int64_t>("SELECT p.id FROM packages p JOIN names n ON n.id = p.name_id"
                                     " WHERE n.name = ? LIMIT 1",
                                     name))
      return name;
  return db
      .fetch_value<std::string>("SELECT n.name FROM dependencies d JOIN packages p ON p.id ="
                                " d.package_id JOIN names n ON n.id = p.name_id"
                                " GROUP BY d.package_id ORDER BY count(*) DESC, n.name LIMIT 1")
      .value_or("libc6");
}

} // namespace dbengine::app::demo
