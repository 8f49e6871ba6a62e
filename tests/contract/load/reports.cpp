// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of what an engine reports about itself, and of its maintenance requests.

#include "support/engine/backends.hpp"
#include "support/eventually.hpp"
#include "support/manual_reset_event.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr auto insert = "INSERT INTO t (v) VALUES (?)";

void with_table(const std::function<void(target&)>& check) {
  on_every_backend([&](target& db) {
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE)");
    check(db);
    CAF_CHECK(db.integrity_check().empty());
  });
}

bool ordered(const latency& l) {
  return l.count > 0 && l.p50 <= l.p90 && l.p90 <= l.p99 && l.p99 <= l.p999 && l.p999 <= l.max &&
         l.max > 0ns;
}

} // namespace

CAF_TEST(each class of requests is counted by itself) {
  with_table([](target& db) {
    const auto before = db.get_stats();
    for (int i = 0; i < 20; ++i)
      db.execute(insert, i);
    const std::vector<params> sets{params::of("a"), params::of("b"), params::of("c")};
    db.execute_many(insert, sets);
    for (int i = 0; i < 40; ++i)
      db.fetch("SELECT * FROM t LIMIT 5");
    db.execute_transaction({operation::execute(insert, "d"), operation::fetch("SELECT 1")});
    db.execute_script("SELECT 1; SELECT 2");
    CAF_CHECK_EQUAL(code_of([&] { db.execute(insert, "a"); }), "constraint");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT nope"); }), "sql");
    CAF_CHECK_EQUAL(code_of([&] { db.execute_script("SELEKT"); }), "sql");
    const auto after = db.get_stats();
    const auto count = [&](request_class c) { return after.of(c).count - before.of(c).count; };
    const auto errors = [&](request_class c) { return after.of(c).errors - before.of(c).errors; };
    const auto made = [&](request_class c) { return after.of(c).rows - before.of(c).rows; };
    CAF_CHECK(count(request_class::execute) == 21 && errors(request_class::execute) == 1 &&
              made(request_class::execute) == 20);
    CAF_CHECK(count(request_class::bulk) == 1 && made(request_class::bulk) == 3);
    CAF_CHECK(count(request_class::fetch) == 41 && errors(request_class::fetch) == 1 &&
              made(request_class::fetch) == 200);
    CAF_CHECK(count(request_class::transaction) == 1);
    CAF_CHECK(count(request_class::script) == 2 && errors(request_class::script) == 1);
    CAF_CHECK_EQUAL(after.requests - before.requests, 66u);
    CAF_CHECK_EQUAL(after.errors - before.errors, 3u);
    CAF_CHECK(ordered(after.of(request_class::execute).run));
    CAF_CHECK(ordered(after.of(request_class::bulk).run));
    CAF_CHECK(ordered(after.of(request_class::fetch).run));
  });
}

CAF_TEST(waits and groups and commits are reported) {
  manual_reset_event g;
  options o;
  o.num_workers = 2;
  o.functions.push_back(g.as_function());
  on_every_backend(o, [&](target& db) {
    g.reset();
    db.execute("CREATE TABLE t (v)");
    const auto before = db.get_stats();
    std::jthread writer([&] { db.execute("INSERT INTO t SELECT 1 WHERE hold()"); });
    CAF_CHECK(g.wait_for_arrivals(1));
    std::vector<std::jthread> waiting;
    for (int i = 0; i < 6; ++i)
      waiting.emplace_back([&] { db.execute(insert, "x"); });
    CAF_CHECK(eventually([&] { return db.get_stats().queue_size == 6; }));
    CAF_CHECK(db.get_stats().queue_bytes > 0);
    g.set();
    for (auto& t : waiting)
      t.join();
    writer.join();
    auto after = db.get_stats();
    // A group is counted after its answers are sent.
    CAF_CHECK(eventually([&] {
      after = db.get_stats();
      return after.grouped_requests - before.grouped_requests >= 6;
    }));
    CAF_CHECK(after.largest_group >= 2);
    CAF_CHECK(after.groups > before.groups &&
              after.grouped_requests - before.grouped_requests >= 6);
    CAF_CHECK(after.commits > before.commits && after.commits - before.commits <= 7);
    CAF_CHECK(ordered(after.of(request_class::execute).wait));
    CAF_CHECK(after.queue_size == 0 && after.queue_bytes == 0);
  });
}

CAF_TEST(the log and the checkpoints and the caches are reported) {
  with_table([](target& db) {
    for (int i = 0; i < 200; ++i) {
      db.execute(insert, "row " + std::to_string(i));
      db.fetch("SELECT v FROM t WHERE id = ?", i);
    }
    // The writer counts a group after all of its members are answered.
    statistics s;
    CAF_CHECK(eventually([&] {
      s = db.get_stats();
      return s.commits >= 201 && s.statement_cache_hits > s.statement_cache_misses &&
             s.snapshots_opened > 0;
    }));
    CAF_MESSAGE(db.name << ": " << s.commits << " commits, " << s.statement_cache_hits << " hits, "
                        << s.statement_cache_misses << " misses, " << s.snapshots_opened
                        << " snapshots, WAL " << s.wal_bytes);
    CAF_CHECK(s.restarts == 0 && s.circuit == circuit_state::closed);
    if (!db.memory)
      CAF_CHECK(s.wal_bytes > 0 && db.health().wal_bytes == s.wal_bytes);
    const auto checkpoints = s.checkpoints;
    // A checkpoint that a reader's snapshot keeps from completing waits 100 ms for the reader and
    // reports `complete == false`.
    const auto completes = [&](checkpoint_mode m) {
      return eventually([&] { return db.checkpoint(m).complete; });
    };
    CAF_CHECK(completes(checkpoint_mode::truncate));
    CAF_CHECK(eventually([&] {
      s = db.get_stats();
      return s.wal_bytes == 0 && s.checkpoints > checkpoints;
    }));
    db.execute(insert, "more");
    checkpoint_result passive;
    CAF_CHECK(eventually([&] {
      passive = db.checkpoint(checkpoint_mode::passive);
      return passive.complete;
    }));
    CAF_MESSAGE(db.name << ": " << passive.moved_pages << " of " << passive.wal_pages << " pages");
    CAF_CHECK(passive.wal_pages > 0 && passive.moved_pages == passive.wal_pages);
    CAF_CHECK(completes(checkpoint_mode::full));
    CAF_CHECK(completes(checkpoint_mode::restart));
  });
}

CAF_TEST(the slowest statements are reported in order) {
  with_table([](target& db) {
    const auto slow = [](int n) {
      return "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < " +
             std::to_string(n) + ") SELECT max(x) FROM c";
    };
    for (int i = 1; i <= 15; ++i)
      db.fetch(slow(i * 20'000));
    const auto s = db.get_stats().slowest;
    CAF_CHECK_EQUAL(s.size(), defaults::slowest_kept);
    CAF_CHECK(std::is_sorted(s.begin(), s.end(),
                             [](const auto& a, const auto& b) { return a.elapsed > b.elapsed; }));
    CAF_CHECK(
        std::any_of(s.begin(), s.end(), [&](const auto& x) { return x.sql == slow(300'000); }));
    CAF_CHECK(s.front().elapsed > 0ns);
  });
}

CAF_TEST(health names every worker and sees a file that is gone) {
  with_table([](target& db) {
    auto h = db.health();
    CAF_CHECK(h.ok && h.file_present && h.fenced.empty() && h.problems.empty());
    CAF_CHECK(h.circuit == circuit_state::closed && !h.last_backup_age);
    for (const auto* name :
         {"writer", "reader 1", "reader 2", "reader pool", "stats", "backup scheduler"})
      CAF_CHECK(std::any_of(h.workers.begin(), h.workers.end(),
                            [&](const auto& w) { return w.name == name; }));
    for (const auto& w : h.workers)
      CAF_CHECK(w.restarts == 0 && w.circuit == circuit_state::closed && w.last_failure.empty());
    CAF_CHECK(db.memory || h.disk_free_bytes > 0);
    if (db.memory)
      return;
    // The file is moved away under the engine: no write is answered as done, and health reports
    // why.
    fs::rename(db.file, db.file.string() + ".away");
    const auto e = failure_of([&] { db.execute(insert, "lost"); });
    CAF_CHECK_EQUAL(std::string(to_string(e.code)), "fenced");
    h = db.health();
    CAF_CHECK(!h.ok && !h.file_present && !h.fenced.empty() && h.problems.size() >= 2);
    CAF_CHECK_EQUAL(code_of([&] { db.execute(insert, "still"); }), "fenced");
    fs::rename(db.file.string() + ".away", db.file);
  });
}

CAF_TEST(information is that of the database) {
  with_table([](target& db) {
    db.execute("PRAGMA user_version = 12");
    db.execute("PRAGMA application_id = 34");
    db.execute(insert, std::string(100'000, 'x'));
    auto i = db.database_info();
    CAF_CHECK(i.page_size == 4096 && i.page_count > 24);
    CAF_CHECK(i.user_version == 12 && i.application_id == 34);
    CAF_CHECK(i.journal_mode == "wal" && i.encoding == "UTF-8" && i.synchronous == "normal");
    CAF_CHECK(i.sqlite_version.starts_with("3.") && !i.engine_version.empty());
    CAF_CHECK(i.cache_bytes == defaults::cache_size && i.foreign_keys && !i.read_only);
    CAF_CHECK(i.memory == db.memory && i.path == (db.memory ? fs::path() : fs::canonical(db.file)));
    db.execute("DELETE FROM t");
    CAF_CHECK(db.database_info().freelist_count > 20);
    db.vacuum();
    i = db.database_info();
    CAF_CHECK(i.freelist_count == 0 && i.page_count < 10);
    db.checkpoint();
    if (!db.memory)
      CAF_CHECK(db.database_info().file_bytes == fs::file_size(db.file));
  });
}

CAF_TEST(analyze fills the statistics of one table or all) {
  with_table([](target& db) {
    db.execute("CREATE TABLE \"odd \"\" name\" (a, b)");
    db.execute("CREATE INDEX by_a ON \"odd \"\" name\" (a)");
    db.execute("INSERT INTO \"odd \"\" name\" VALUES (1, 2), (1, 3)");
    db.execute(insert, "x");
    db.analyze("odd \" name");
    CAF_CHECK(db.fetch_value<std::string>("SELECT group_concat(DISTINCT tbl) FROM sqlite_stat1") ==
              "odd \" name");
    db.analyze();
    CAF_CHECK(db.fetch_value<int>("SELECT count(DISTINCT tbl) FROM sqlite_stat1") == 2);
    const auto e = failure_of([&] { db.analyze("missing"); });
    CAF_CHECK(e.code == errc::sql && e.message.find("missing") != std::string::npos);
    CAF_CHECK_EQUAL(code_of([&] { db.analyze("t; DROP TABLE t"); }), "sql");
    db.optimize();
  });
}

CAF_TEST(a damaged index is found) {
  on_every_backend([](target& db) {
    if (db.memory)
      return;
    db.execute("CREATE TABLE t (a, b)");
    db.execute("CREATE INDEX by_a ON t (a)");
    const std::vector<params> sets{params::of(1, 2), params::of(3, 4), params::of(5, 6)};
    db.execute_many("INSERT INTO t VALUES (?, ?)", sets);
    CAF_CHECK(db.integrity_check().empty() && db.integrity_check(true).empty());
    {
      plain_sqlite other(
          db.file.string()); // forges the index: its rows are not sorted by the column it names
      other.script(
          "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE INDEX by_a ON t (b)' WHERE name = 'by_a'; PRAGMA schema_version = 1000");
    }
    const auto found = db.integrity_check();
    CAF_CHECK(!found.empty());
    CAF_CHECK(!found.empty() && found.front().find("by_a") != std::string::npos);
    CAF_CHECK(db.integrity_check(true).empty()); // a quick check compares no index with its table
  });
}

CAF_TEST(a pragma is set by a known name to a value of its kind) {
  with_table([](target& db) {
    db.set_pragma("user_version", 99);
    CAF_CHECK(db.fetch_value<int>("PRAGMA user_version") == 99);
    db.set_pragma("application_id", -5);
    CAF_CHECK(db.database_info().application_id == -5);
    db.set_pragma("analysis_limit", 400);
    db.set_pragma("journal_size_limit", 1'000'000);
    auto e = failure_of([&] { db.set_pragma("journal_mode", "DELETE"); });
    CAF_CHECK(e.code == errc::not_allowed && e.message.find("user_version") != std::string::npos);
    for (const auto* name : {"", "synchronous", "writable_schema",
                             "user_version = 1; DROP TABLE t; --", "USER_VERSION "})
      CAF_CHECK_EQUAL(code_of([&] { db.set_pragma(name, 1); }), "not_allowed");
    for (const auto& v : {value("7"), value(1.5), value(), value(std::int64_t{1} << 40)})
      CAF_CHECK_EQUAL(code_of([&] { db.set_pragma("user_version", v); }), "range");
    CAF_CHECK_EQUAL(code_of([&] { db.set_pragma("max_page_count", 0); }), "range");
    CAF_CHECK(db.fetch_value<int>("PRAGMA user_version") == 99);
  });
}

// The database may not grow: the large member of a group is refused, the other members are
// committed.
CAF_TEST(a database that is full refuses what does not fit) {
  manual_reset_event g;
  options o;
  o.num_workers = 2;
  o.functions.push_back(g.as_function());
  on_every_backend(o, [&](target& db) {
    g.reset();
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    db.set_pragma("max_page_count", 40);
    std::jthread writer([&] { db.execute("INSERT INTO t (v) SELECT 'held' WHERE hold()"); });
    CAF_CHECK(g.wait_for_arrivals(1));
    std::vector<error_info> failures(5);
    std::vector<std::jthread> waiting;
    for (std::size_t i = 0; i < failures.size(); ++i) {
      waiting.emplace_back([&, i] {
        const std::string v(i == 2 ? 400'000 : 10, 'x');
        failures[i] = failure_of([&] { db.execute(insert, v); });
      });
      CAF_CHECK(eventually([&] { return db.get_stats().queue_size == i + 1; }));
    }
    g.set();
    for (auto& t : waiting)
      t.join();
    writer.join();
    for (std::size_t i = 0; i < failures.size(); ++i)
      CAF_CHECK_EQUAL(std::string(to_string(failures[i].code)), i == 2 ? "disk_full" : "none");
    CAF_CHECK(failures[2].outcome == outcome::rolled_back);
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t") == 5);
    CAF_CHECK(db.integrity_check().empty());
    db.set_pragma("max_page_count", 100'000);
    db.execute(insert, std::string(400'000, 'x'));
    CAF_CHECK(db.health().ok);
  });
}
