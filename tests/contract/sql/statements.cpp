// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of statements and their results on every backend.

#include "support/engine/backends.hpp"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

constexpr auto table =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE, n INTEGER CHECK (n >= 0))";

// Runs the check on each backend with the table `t`.
void with_table(const std::function<void(target&)>& check) {
  on_every_backend([&](target& db) {
    db.execute(table);
    check(db);
    CAF_CHECK(db.integrity_check().empty());
  });
}

std::int64_t count(const target& db) {
  return db.fetch_value<std::int64_t>("SELECT count(*) FROM t").value();
}

struct item {
  std::int64_t id;
  std::string v;
  std::optional<int> n;
};

} // namespace

CAF_TEST(a statement gives its changes and its rowid) {
  with_table([](target& db) {
    auto w = db.execute("INSERT INTO t (v, n) VALUES (:v, :n)", {{"v", "a"}, {"n", 1}});
    CAF_CHECK_EQUAL(w.changes, 1);
    CAF_CHECK_EQUAL(w.last_insert_rowid, 1);
    w = db.execute("INSERT INTO t (v, n) VALUES (?, ?), ('c', 3)", "b", nullptr);
    CAF_CHECK_EQUAL(w.changes, 2);
    CAF_CHECK_EQUAL(w.last_insert_rowid, 3);
    CAF_CHECK_EQUAL(db.execute("UPDATE t SET n = 9 WHERE id > ?", 1).changes, 2);
    CAF_CHECK_EQUAL(db.execute("DELETE FROM t WHERE id = ?2", 7, 2).changes, 1);
    CAF_CHECK_EQUAL(db.execute("DELETE FROM t WHERE id = @i", {{"i", 3}}).changes, 1);
    CAF_CHECK_EQUAL(db.execute("DELETE FROM t WHERE id = $i", {{"i", 3}}).changes, 0);
    CAF_CHECK_EQUAL(count(db), 1);
  });
}

CAF_TEST(every kind of value is returned as it was given) {
  with_table([](target& db) {
    const std::string text("a\0b", 3);
    const blob bytes{std::byte{0}, std::byte{255}, std::byte{7}};
    constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
    auto r = db.fetch("SELECT ?, ?, ?, ?, ?, ?", nullptr, lowest, 0.1, text, bytes, true);
    CAF_REQUIRE_EQUAL(r.size(), 1u);
    CAF_CHECK(r[0][0].is_null());
    CAF_CHECK_EQUAL(r[0][1].as<std::int64_t>(), lowest);
    CAF_CHECK(r[0][2].as<double>() == 0.1);
    CAF_CHECK(r[0][3].as<std::string>() == text);
    CAF_CHECK(r[0][4].as<blob>() == bytes);
    CAF_CHECK(r[0][5].as<bool>());
    CAF_CHECK(!db.fetch_value<int>("SELECT NULL"));
    CAF_CHECK(!db.fetch_value<int>("SELECT 1 WHERE 0"));
    CAF_CHECK(!db.fetch_one("SELECT 1 WHERE 0"));
    CAF_CHECK(db.fetch_value<std::optional<double>>("SELECT ?",
                                                    std::numeric_limits<double>::quiet_NaN()) ==
              std::optional<std::optional<double>>());
  });
}

CAF_TEST(columns keep their names and their order) {
  with_table([](target& db) {
    auto r = db.fetch("SELECT 1 AS a, 2 AS a, 3 AS \"A\"");
    CAF_CHECK(r.columns() == std::vector<std::string>({"a", "a", "A"}));
    CAF_CHECK_EQUAL(r[0]["a"].as<int>(), 1);
    CAF_CHECK_EQUAL(r[0][1].as<int>(), 2);
    CAF_CHECK_EQUAL(r[0]["A"].as<int>(), 3);
    auto none = db.fetch("SELECT id, v FROM t");
    CAF_CHECK(none.empty());
    CAF_CHECK(none.columns() == std::vector<std::string>({"id", "v"}));
    db.execute("INSERT INTO t (v, n) VALUES ('x', 5), ('y', NULL)");
    auto items = db.fetch_as<item>("SELECT id, v, n FROM t ORDER BY id");
    CAF_REQUIRE_EQUAL(items.size(), 2u);
    CAF_CHECK(items[0].id == 1 && items[0].v == "x" && items[0].n == 5);
    CAF_CHECK(items[1].v == "y" && !items[1].n);
    CAF_CHECK(db.fetch_one("SELECT v FROM t WHERE id = ?", 2)->as<std::string>() == "y");
  });
}

CAF_TEST(a value of another type or beyond the range is refused) {
  with_table([](target& db) {
    auto r = db.fetch("SELECT 'text', 300, 1.5, NULL, 2");
    CAF_CHECK_EQUAL(code_of([&] { r[0][0].as<int>(); }), "type");
    CAF_CHECK_EQUAL(code_of([&] { r[0][2].as<int>(); }), "type");
    CAF_CHECK_EQUAL(code_of([&] { r[0][3].as<std::string>(); }), "type");
    CAF_CHECK_EQUAL(code_of([&] { r[0][1].as<std::string>(); }), "type");
    CAF_CHECK_EQUAL(code_of([&] { r[0][1].as<std::uint8_t>(); }), "range");
    CAF_CHECK_EQUAL(code_of([&] { r[0][4].as<bool>(); }), "range");
    CAF_CHECK_EQUAL(code_of([&] { r[0][5]; }), "range");
    CAF_CHECK_EQUAL(code_of([&] { r[1]; }), "range");
    CAF_CHECK_EQUAL(code_of([&] { r[0]["nope"]; }), "no_column");
    CAF_CHECK_EQUAL(code_of([&] { r[0].as<int, int>(); }), "range");
  });
}

CAF_TEST(parameters that do not fit are named and nothing runs) {
  with_table([](target& db) {
    const auto insert = "INSERT INTO t (v, n) VALUES (:v, :n)";
    auto e = failure_of([&] { db.execute(insert, {{"v", "a"}}); });
    CAF_CHECK(e.code == errc::bind && e.outcome == outcome::not_run);
    CAF_CHECK(e.message.find(":n") != std::string::npos);
    e = failure_of([&] { db.execute(insert, {{"v", "a"}, {"n", 1}, {"more", 2}}); });
    CAF_CHECK(e.code == errc::bind && e.message.find("more") != std::string::npos);
    e = failure_of([&] { db.execute(insert, {{"v", "a"}, {"m", 1}}); });
    CAF_CHECK(e.code == errc::bind);
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT ?, ?", 1); }), "bind");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT ?", 1, 2); }), "bind");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT 1", 1); }), "bind");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT ?"); }), "bind");
    CAF_CHECK_EQUAL(count(db), 0);
  });
}

CAF_TEST(a batch runs whole or not at all) {
  with_table([](target& db) {
    const auto insert = "INSERT INTO t (v) VALUES (:v)";
    std::vector<params> sets;
    CAF_CHECK_EQUAL(db.execute_many(insert, sets).sets, 0u);
    for (int i = 0; i < 100; ++i)
      sets.push_back({{"v", "v" + std::to_string(i)}});
    auto b = db.execute_many(insert, sets);
    CAF_CHECK_EQUAL(b.sets, 100u);
    CAF_CHECK_EQUAL(b.changes, 100);
    for (std::size_t i = 0; i < sets.size(); ++i)
      sets[i] = {{"v", "w" + std::to_string(i)}};
    sets[40] = {{"w", "misspelt"}};
    auto e = failure_of([&] { db.execute_many(insert, sets); });
    CAF_CHECK(e.code == errc::bind && e.index == 40u);
    sets[40] = {{"v", "v0"}};
    e = failure_of([&] { db.execute_many(insert, sets); });
    CAF_CHECK(e.code == errc::constraint && e.index == 40u && e.outcome == outcome::rolled_back);
    CAF_CHECK_EQUAL(count(db), 100);
  });
}

CAF_TEST(a text of no or several statements is refused) {
  with_table([](target& db) {
    auto e = failure_of([&] { db.fetch("SELECT 1; SELECT 2"); });
    CAF_CHECK(e.code == errc::multiple_statements && e.outcome == outcome::not_run);
    CAF_CHECK(e.offset == 10u); // the byte where the second statement begins
    CAF_CHECK_EQUAL(code_of([&] { db.execute("DELETE FROM t; DROP TABLE t"); }),
                    "multiple_statements");
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 1; -- nothing more\n ;").value_or(0), 1);
    for (const auto* empty : {"", "  \n", "-- comment", "/* comment */", ";"})
      CAF_CHECK_EQUAL(code_of([&] { db.execute(empty); }), "empty_statement");
  });
}

CAF_TEST(a mistake in a statement is pointed at) {
  with_table([](target& db) {
    auto e = failure_of([&] { db.fetch("SELECT 1,\n  nope FROM t"); });
    CAF_CHECK(e.code == errc::sql && e.offset == 12u && (e.extended_code & 0xff) == 1);
    CAF_CHECK(e.message.find("nope") != std::string::npos);
    e = failure_of([&] { db.execute("INSERT INTO missing VALUES (1)"); });
    CAF_CHECK(e.code == errc::sql && e.message.find("missing") != std::string::npos);
    e = failure_of([&] { db.execute("UPDATE t SETT v = 1"); });
    CAF_CHECK(e.code == errc::sql && e.offset == 9u);
  });
}

CAF_TEST(a broken constraint undoes its own statement only) {
  with_table([](target& db) {
    db.execute("INSERT INTO t (v, n) VALUES ('a', 1)");
    auto e = failure_of([&] { db.execute("INSERT INTO t (v) VALUES ('b'), ('a')"); });
    CAF_CHECK(e.code == errc::constraint && e.outcome == outcome::rolled_back);
    CAF_CHECK_EQUAL(e.extended_code & 0xff, 19);
    CAF_CHECK_EQUAL(code_of([&] { db.execute("UPDATE t SET n = -1"); }), "constraint");
    db.execute("CREATE TABLE child (t INTEGER REFERENCES t(id))");
    CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO child VALUES (99)"); }), "constraint");
    CAF_CHECK_EQUAL(count(db), 1);
  });
}

CAF_TEST(what would break the engine is not allowed) {
  with_table([](target& db) {
    for (const auto* sql :
         {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ATTACH ':memory:' AS x", "DETACH x",
          "PRAGMA journal_mode = DELETE", "PRAGMA locking_mode = EXCLUSIVE",
          "PRAGMA writable_schema = 1", "PRAGMA query_only = 1"}) {
      CAF_MESSAGE(sql);
      CAF_CHECK_EQUAL(code_of([&] { db.execute(sql); }), "not_allowed");
      CAF_CHECK_EQUAL(code_of([&] { db.fetch(sql); }), "not_allowed");
    }
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT load_extension('x')"); }), "not_allowed");
    CAF_CHECK_EQUAL(code_of([&] { db.set_pragma("journal_mode", "DELETE"); }), "not_allowed");
    db.execute("INSERT INTO t (v) VALUES ('BEGIN; ATTACH')");
    CAF_CHECK_EQUAL(count(db), 1);
  });
}

CAF_TEST(a writing fetch is committed and gives its rows) {
  with_table([](target& db) {
    auto r = db.fetch("INSERT INTO t (v) VALUES (?), (?) RETURNING id, v", "a", "b");
    CAF_REQUIRE_EQUAL(r.size(), 2u);
    CAF_CHECK(r[1]["v"].as<std::string>() == "b" && r[1]["id"].as<int>() == 2);
    CAF_CHECK_EQUAL(db.fetch("DELETE FROM t WHERE id = 1 RETURNING v").size(), 1u);
    CAF_CHECK_EQUAL(count(db), 1);
  });
}
