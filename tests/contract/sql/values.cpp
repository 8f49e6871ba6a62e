// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of every form of parameter and value on every backend.

#include "support/engine/backends.hpp"
#include "support/sqlite/naughty.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

struct narrow {
  std::uint8_t small;
};

struct wide {
  std::int64_t a;
  std::optional<std::string> b;
  double c;
  bool d;
  blob e;
  std::chrono::sys_time<std::chrono::microseconds> f;
  value g;
  std::optional<int> h;
};

struct made_from_row {
  explicit made_from_row(const row& r) : text(r[0].as<std::string>() + "!") {}
  std::string text;
};

std::uint64_t bits(double x) {
  std::uint64_t b;
  std::memcpy(&b, &x, sizeof b);
  return b;
}

} // namespace

CAF_TEST(parameters are numbered and named in each of the ways SQLite has) {
  on_every_backend([](target& db) {
    const auto one = [](const rows& r) { return r[0][0].as<std::string>(); };
    CAF_CHECK_EQUAL(one(db.fetch("SELECT ?3 || ?1 || ?2", "a", "b", "c")), "cab");
    CAF_CHECK_EQUAL(one(db.fetch("SELECT ? || ?2 || ?", "a", "b", "c")), "abc");
    CAF_CHECK_EQUAL(one(db.fetch("SELECT ?2", "unused, yet counted", "b")), "b");
    CAF_CHECK_EQUAL(
        one(db.fetch("SELECT :x || @y || $z || :x", {{"x", "1"}, {"y", "2"}, {"z", "3"}})), "1231");
    CAF_CHECK_EQUAL(one(db.fetch("SELECT :x || @x", {{":x", "colon"}, {"@x", "at"}})), "colonat");
    CAF_CHECK_EQUAL(one(db.fetch("SELECT :größe", {{"größe", "utf-8"}})), "utf-8");
    CAF_CHECK_EQUAL(one(db.fetch("SELECT ?", params{"list"})), "list");
    // Names are case-sensitive, a name may not occur twice, and the two kinds cannot be mixed.
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT :x", {{"X", 1}}); }), "bind");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT :x + ?", {{"x", 1}}); }), "bind");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT ?9", 1); }), "bind");
    auto e = failure_of([&] { db.fetch("SELECT :first, :second", {{"first", 1}, {"secnd", 2}}); });
    CAF_CHECK(e.code == errc::bind && e.outcome == outcome::not_run);
    CAF_CHECK(e.message.find(":second") != std::string::npos &&
              e.message.find("secnd") != std::string::npos);
    e = failure_of([&] { db.fetch("SELECT 1", {{"surplus", 1}}); });
    CAF_CHECK(e.code == errc::bind && e.message.find("surplus") != std::string::npos);
  });
}

CAF_TEST(integers and doubles are returned to the last bit) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE v (id INTEGER PRIMARY KEY, x)");
    std::vector<params> sets;
    std::vector<std::int64_t> integers{0, 1, -1};
    for (int i = 0; i < 63; ++i)
      for (const std::int64_t d : {-1, 0, 1}) {
        integers.push_back((std::int64_t{1} << i) + d);
        integers.push_back(-(std::int64_t{1} << i) + d);
      }
    integers.push_back(std::numeric_limits<std::int64_t>::max());
    integers.push_back(std::numeric_limits<std::int64_t>::min());
    for (const auto n : integers)
      sets.push_back(params::of(n));
    db.execute_many("INSERT INTO v (x) VALUES (?)", sets);
    auto r = db.fetch("SELECT x, typeof(x) FROM v ORDER BY id");
    CAF_REQUIRE_EQUAL(r.size(), integers.size());
    for (std::size_t i = 0; i < r.size(); ++i)
      CAF_CHECK(r[i][0].as<std::int64_t>() == integers[i] &&
                r[i][1].as<std::string>() == "integer");
    using real = std::numeric_limits<double>;
    std::vector<double> doubles{0.0,
                                -0.0,
                                0.1,
                                1.0 / 3,
                                real::max(),
                                real::lowest(),
                                real::min(),
                                real::denorm_min(),
                                -real::denorm_min(),
                                real::epsilon(),
                                real::infinity(),
                                -real::infinity(),
                                9007199254740993.0,
                                1e22,
                                1e23,
                                123456789.123456789,
                                5e-324,
                                2.2250738585072011e-308};
    sets.clear();
    for (const auto x : doubles)
      sets.push_back(params::of(x));
    db.execute("DELETE FROM v");
    db.execute_many("INSERT INTO v (x) VALUES (?)", sets);
    r = db.fetch("SELECT x FROM v ORDER BY id");
    CAF_REQUIRE_EQUAL(r.size(), doubles.size());
    for (std::size_t i = 0; i < r.size(); ++i) // SQLite stores -0.0 as the integer 0
      CAF_CHECK(bits(r[i][0].as<double>()) == bits(doubles[i]) || doubles[i] == 0.0);
    for (const auto x : doubles) // if it is not stored, it keeps even its sign
      CAF_CHECK(bits(*db.fetch_value<double>("SELECT ?", x)) == bits(x));
    CAF_CHECK(!db.fetch_value<double>("SELECT ?", real::quiet_NaN()));
    CAF_CHECK(db.fetch_value<std::string>("SELECT typeof(?)", real::quiet_NaN()).value() == "null");
    CAF_CHECK(db.fetch_value<float>("SELECT ?", 1.5f).value() == 1.5f);
  });
}

CAF_TEST(texts that break programs are returned as they were given) {
  const auto& texts = naughty_texts();
  CAF_CHECK(texts.size() >= 515);
  on_every_backend([&](target& db) {
    db.execute("CREATE TABLE v (id INTEGER PRIMARY KEY, x TEXT, b BLOB)");
    std::vector<params> sets;
    for (const auto& text : texts)
      sets.push_back({{"x", text}, {"b", std::as_bytes(std::span(text))}});
    db.execute_many("INSERT INTO v (x, b) VALUES (:x, :b)", sets);
    const auto r = db.fetch("SELECT x, b, length(CAST(x AS BLOB)) FROM v ORDER BY id");
    CAF_REQUIRE_EQUAL(r.size(), texts.size());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto b = r[i][1].as<blob>();
      wrong += r[i][0].as<std::string>() != texts[i];
      wrong += std::string(reinterpret_cast<const char*>(b.data()), b.size()) != texts[i];
      wrong += r[i][2].as<std::size_t>() != texts[i].size();
      wrong += db.fetch("SELECT :v AS v", {{"v", texts[i]}})[0]["v"].as<std::string>() != texts[i];
    }
    CAF_CHECK_EQUAL(wrong, 0u);
    CAF_CHECK(db.fetch_value<std::size_t>("SELECT count(*) FROM sqlite_schema").value() == 1u);
  });
}

CAF_TEST(times are text that SQLite reads) {
  on_every_backend([](target& db) {
    using namespace std::chrono;
    const sys_days day = 2024y / February / 29;
    const sys_time<microseconds> exact = day + 23h + 59min + 58s + 123456us;
    CAF_CHECK(db.fetch_value<std::string>("SELECT ?", exact).value() ==
              "2024-02-29 23:59:58.123456");
    CAF_CHECK(db.fetch_value<std::string>("SELECT ?", sys_seconds(day + 1h)).value() ==
              "2024-02-29 01:00:00");
    CAF_CHECK(db.fetch_value<std::string>("SELECT date(?, '+1 day')", exact).value() ==
              "2024-03-01");
    CAF_CHECK(db.fetch_value<sys_time<microseconds>>("SELECT :t", {{"t", exact}}) == exact);
    CAF_CHECK(db.fetch_value<sys_seconds>("SELECT datetime(?)", exact) ==
              time_point_cast<seconds>(exact));
    const sys_seconds before = sys_days(1583y / January / 1);
    CAF_CHECK(db.fetch_value<sys_seconds>("SELECT ?", before) == before);
    // Offsets from UTC, as SQLite's own functions accept them.
    for (const auto* text :
         {"2024-02-29 23:59:58Z", "2024-02-29 23:59:58z", "2024-02-29T23:59:58+00:00",
          "2024-02-29 23:59-00:00", "2024-02-29 23:59:58.5 +02:30", "2024-03-01 01:00:00 -14:00 ",
          "2024-03-01 "})
      CAF_CHECK(db.fetch_value<sys_seconds>("SELECT ?", text).value().time_since_epoch().count() ==
                db.fetch_value<std::int64_t>("SELECT unixepoch(?)", text).value());
    for (const auto* text :
         {"2024-02-29 23:59:58+00", "2024-02-29 23:59:58+0000", "2024-02-29+00:00",
          "2024-02-29 23:59:58+15:00", "2024-02-29 23:59:58+01:60", "2024-02-29 23:59:58Z+00:00",
          "2024-02-29 23:59:58+00:00x"})
      CAF_CHECK_EQUAL(code_of([&] { db.fetch_value<sys_seconds>("SELECT ?", text); }), "type");
    const auto now = system_clock::now();
    CAF_CHECK(db.fetch_value<sys_time<microseconds>>("SELECT ?", now) == floor<microseconds>(now));
    CAF_CHECK_EQUAL(code_of([&] { db.fetch_value<sys_seconds>("SELECT 'yesterday'"); }), "type");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch_value<sys_seconds>("SELECT 17"); }), "type");
  });
}

CAF_TEST(a time beyond what SQLite or the clock knows is refused and one between is rounded down) {
  using namespace std::chrono;
  using nano = sys_time<nanoseconds>;
  using millis = sys_time<milliseconds>;
  const auto written = [](auto t) { return value(t); };
  CAF_CHECK_EQUAL(code_of([&] { written(sys_seconds::max()); }), "range");
  CAF_CHECK_EQUAL(code_of([&] { written(sys_seconds::min()); }), "range");
  CAF_CHECK_EQUAL(code_of([&] { written(sys_days::max()); }), "range");
  CAF_CHECK_EQUAL(code_of([&] { written(sys_time<hours>::min()); }), "range");
  CAF_CHECK_EQUAL(code_of([&] { written(sys_days(year(-1) / 12 / 31)); }), "range");
  CAF_CHECK_EQUAL(code_of([&] { written(sys_days(year(10'000) / 1 / 1)); }), "range");
  CAF_CHECK(written(sys_days(year(0) / 1 / 1)) == value("0000-01-01 00:00:00"));
  CAF_CHECK(written(sys_days(year(10'000) / 1 / 1) - microseconds(1)) ==
            value("9999-12-31 23:59:59.999999"));
  CAF_CHECK(written(nano::max()) == value("2262-04-11 23:47:16.854775"));
  CAF_CHECK(written(nano::min()) == value("1677-09-21 00:12:43.145224"));
  on_every_backend([](target& db) {
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT ?", sys_seconds::max()); }), "range");
    const auto read = [&](const char* text) { return db.fetch("SELECT ?", text); };
    CAF_CHECK_EQUAL(code_of([&] { read("2262-04-12 00:00:00")[0][0].as<nano>(); }), "range");
    CAF_CHECK_EQUAL(code_of([&] { read("1677-09-21 00:00:00")[0][0].as<nano>(); }), "range");
    CAF_CHECK(read("2262-04-11 23:47:16.854775")[0][0].as<nano>() == nano::max() - 807ns);
    CAF_CHECK(read("9999-12-31")[0][0].as<sys_days>() == sys_days(9999y / 12 / 31));
    using brief = sys_time<duration<std::int32_t>>;
    CAF_CHECK_EQUAL(code_of([&] { read("2038-01-19 03:14:08")[0][0].as<brief>(); }), "range");
    CAF_CHECK(read("2038-01-19 03:14:07")[0][0].as<brief>() == brief::max());
    // Before 1970, too, a fraction that does not fit is rounded down.
    CAF_CHECK(read("1969-12-31 23:59:59.5")[0][0].as<sys_seconds>() == sys_seconds(-1s));
    CAF_CHECK(read("1969-12-31 23:59:59.9995")[0][0].as<millis>() == millis(-1ms));
    CAF_CHECK(read("1960-02-29 12:00:00")[0][0].as<sys_days>() == sys_days(1960y / 2 / 29));
  });
}

CAF_TEST(a number that its type does not hold is refused) {
  using real = std::numeric_limits<double>;
  on_every_backend([](target& db) {
    const auto read = [&](auto x) { return db.fetch("SELECT ?", x); };
    CAF_CHECK_EQUAL(code_of([&] { read(1e300)[0][0].as<float>(); }), "range");
    CAF_CHECK_EQUAL(code_of([&] { read(-1e39)[0][0].as<float>(); }), "range");
    CAF_CHECK(read(0.1)[0][0].as<float>() == 0.1f);
    CAF_CHECK(read(real::infinity())[0][0].as<float>() == std::numeric_limits<float>::infinity());
    CAF_CHECK(read(16'777'216)[0][0].as<float>() == 16'777'216.0f);
    CAF_CHECK_EQUAL(code_of([&] { read(16'777'217)[0][0].as<float>(); }), "range");
    const std::int64_t exact = std::int64_t{1} << 53;
    CAF_CHECK(read(exact)[0][0].as<double>() == 0x1p53);
    CAF_CHECK(read(-exact)[0][0].as<double>() == -0x1p53);
    CAF_CHECK_EQUAL(code_of([&] { read(exact + 1)[0][0].as<double>(); }), "range");
    const auto most = std::numeric_limits<std::int64_t>::max();
    CAF_CHECK_EQUAL(code_of([&] { read(most)[0][0].as<double>(); }), "range");
    CAF_CHECK(read(-most - 1)[0][0].as<double>() == -0x1p63);
  });
}

template <class T>
concept fetchable = requires(const db_engine& db) {
  db.fetch_value<T>("SELECT 1");
};
template <class T>
concept fetchable_by_name = requires(const db_engine& db) {
  db.fetch_value<T>("SELECT :x", {{"x", 1}});
};

CAF_TEST(no value is handed out that points into rows that are gone) {
  static_assert(fetchable<std::string> && fetchable<blob> && fetchable<int>);
  static_assert(fetchable_by_name<std::string>);
  static_assert(!fetchable<std::string_view> && !fetchable_by_name<std::string_view>);
  static_assert(!fetchable<std::span<const std::byte>>);
  // A row whose storage is alive may fill views.
  struct view_of_row {
    std::string_view text;
  };
  on_every_backend([](target& db) {
    const auto r = db.fetch("SELECT 'kept'");
    CAF_CHECK(to_struct<view_of_row>(r[0]).text == "kept");
  });
}

CAF_TEST(an optional is null or its value) {
  on_every_backend([](target& db) {
    const std::optional<std::string> some = "x";
    const std::optional<std::int64_t> none;
    auto r =
        db.fetch("SELECT ?, ?, typeof(?), ?", some, none, std::optional<double>(), std::nullopt);
    CAF_CHECK(r[0][0].as<std::optional<std::string>>() == some);
    CAF_CHECK(!r[0][1].as<std::optional<std::int64_t>>() && r[0][3].is_null());
    CAF_CHECK_EQUAL(r[0][2].as<std::string>(), "null");
    CAF_CHECK_EQUAL(db.fetch("SELECT :x", {{"x", std::optional<int>(7)}})[0][0].as<int>(), 7);
    CAF_CHECK(!db.fetch_value<int>("SELECT :x", {{"x", std::optional<int>()}}));
  });
}

CAF_TEST(a row becomes a struct or says why not ) {
  on_every_backend([](target& db) {
    const blob bytes{std::byte{0}, std::byte{255}};
    const std::chrono::sys_time<std::chrono::microseconds> at{1us};
    const auto all = db.fetch_as<wide>("SELECT ?, ?, ?, ?, ?, ?, ?, ?", 1, nullptr, 2, true, bytes,
                                       at, "any", 5);
    CAF_REQUIRE_EQUAL(all.size(), 1u);
    CAF_CHECK(all[0].a == 1 && !all[0].b && all[0].c == 2.0 && all[0].d && all[0].e == bytes &&
              all[0].f == at && all[0].g == value("any") && all[0].h == 5);
    CAF_CHECK(db.fetch_as<made_from_row>("SELECT 'text'").at(0).text == "text!");
    CAF_CHECK(db.fetch_as<narrow>("SELECT 1 WHERE 0").empty());
    CAF_CHECK_EQUAL(code_of([&] { db.fetch_as<narrow>("SELECT 1, 2"); }), "range");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch_as<narrow>("SELECT 256"); }), "range");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch_as<narrow>("SELECT NULL"); }), "type");
    auto [n, text] = db.fetch("SELECT 4, 'four'")[0].as<int, std::string>();
    CAF_CHECK(n == 4 && text == "four");
  });
}

CAF_TEST(duplicate column names keep every column) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE a (id, x)");
    db.execute("CREATE TABLE b (id, x)");
    db.execute("INSERT INTO a VALUES (1, 'left')");
    db.execute("INSERT INTO b VALUES (1, 'right')");
    const auto r = db.fetch("SELECT * FROM a JOIN b USING (id), a AS c");
    CAF_CHECK(r.columns() == std::vector<std::string>({"id", "x", "x", "id", "x"}));
    CAF_CHECK(r[0][1].as<std::string>() == "left" && r[0][2].as<std::string>() == "right");
    CAF_CHECK_EQUAL(r[0]["x"].as<std::string>(), "left");
    CAF_CHECK(!r[0].contains("X") && r[0].contains("x"));
  });
}

CAF_TEST(pragmas and plans are fetched like rows) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x')");
    auto r = db.fetch("PRAGMA table_info(p)");
    CAF_REQUIRE_EQUAL(r.size(), 2u);
    CAF_CHECK(r[1]["name"].as<std::string>() == "name" && r[1]["notnull"].as<bool>());
    CAF_CHECK(db.fetch_value<std::string>("PRAGMA journal_mode").value() == "wal");
    CAF_CHECK(db.fetch_value<int>("PRAGMA foreign_keys").value() == 1);
    db.execute("PRAGMA user_version = 42");
    CAF_CHECK(db.fetch_value<int>("PRAGMA user_version").value() == 42);
    db.fetch("PRAGMA application_id = 7");
    CAF_CHECK(db.fetch_value<int>("SELECT application_id FROM pragma_application_id").value() == 7);
    CAF_CHECK_EQUAL(db.fetch("SELECT name FROM pragma_table_info('p')").size(), 2u);
    r = db.fetch("EXPLAIN QUERY PLAN SELECT * FROM p WHERE id = ?", 1);
    CAF_CHECK(r[0]["detail"].as<std::string>().find("PRIMARY KEY") != std::string::npos);
    CAF_CHECK(db.fetch("EXPLAIN INSERT INTO p VALUES (1, 'y')").size() > 3);
    CAF_CHECK(db.fetch("EXPLAIN DELETE FROM p").size() > 3);
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM p").value() == 0);
  });
}

CAF_TEST(what writes and returns rows is committed and gives them) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE r (id INTEGER PRIMARY KEY, n INTEGER UNIQUE)");
    auto r =
        db.fetch("INSERT INTO r (n) VALUES (?), (?), (?) RETURNING id, n * 2 AS twice", 1, 2, 3);
    CAF_CHECK(r.size() == 3 && r[2]["twice"].as<int>() == 6);
    r = db.fetch("UPDATE r SET n = n + 10 WHERE n > 1 RETURNING n");
    CAF_CHECK(r.size() == 2 && r[0][0].as<int>() == 12);
    CAF_CHECK(db.fetch_value<int>("DELETE FROM r WHERE n = :n RETURNING id", {{"n", 1}}).value() ==
              1);
    CAF_CHECK(
        db.fetch_one(
              "INSERT INTO r (n) VALUES (12) ON CONFLICT (n) DO UPDATE SET n = 99 RETURNING n")
            ->as<int>() == 99);
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("INSERT INTO r (n) VALUES (5), (13) RETURNING n"); }),
                    "constraint");
    CAF_CHECK(
        db.fetch("WITH x(n) AS (SELECT 50) INSERT INTO r (n) SELECT n FROM x RETURNING n").size() ==
        1);
    CAF_CHECK(
        db.fetch_value<std::string>("SELECT group_concat(n) FROM (SELECT n FROM r ORDER BY n)")
            .value() == "13,50,99");
    // `execute` accepts RETURNING, too, and returns the changes.
    CAF_CHECK_EQUAL(db.execute("DELETE FROM r WHERE n = 50 RETURNING n").changes, 1);
    CAF_CHECK_EQUAL(db.execute("SELECT 1").changes, 0);
  });
}

CAF_TEST(the rowid is that of the statement itself or 0) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE r (id INTEGER PRIMARY KEY, n INTEGER UNIQUE)");
    db.execute("CREATE TABLE w (k PRIMARY KEY) WITHOUT ROWID");
    db.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, n)");
    db.execute(
        "CREATE TRIGGER g AFTER INSERT ON r BEGIN INSERT INTO log (id, n) VALUES (new.id + 1000, new.n); END");
    CAF_CHECK_EQUAL(db.execute("INSERT INTO r (id, n) VALUES (5, 1)").last_insert_rowid, 5);
    CAF_CHECK_EQUAL(db.execute("INSERT INTO w VALUES ('a')").last_insert_rowid, 0);
    CAF_CHECK_EQUAL(db.execute("INSERT INTO r (n) VALUES (1) ON CONFLICT (n) DO UPDATE SET n = 2")
                        .last_insert_rowid,
                    0);
    CAF_CHECK_EQUAL(db.execute("INSERT OR IGNORE INTO r (n) VALUES (2)").last_insert_rowid, 0);
    CAF_CHECK_EQUAL(db.execute("UPDATE r SET n = 3").last_insert_rowid, 0);
    CAF_CHECK_EQUAL(db.execute("REPLACE INTO r (id, n) VALUES (5, 4)").last_insert_rowid, 5);
    // SQLite's own function still returns the last rowid within a transaction.
    const auto t = db.execute_transaction(
        {operation::execute("INSERT INTO r (id, n) VALUES (70, 70)"),
         operation::execute("INSERT INTO r (n) VALUES (70) ON CONFLICT DO NOTHING"),
         operation::execute("INSERT INTO log (id, n) VALUES (last_insert_rowid(), 'after')")});
    CAF_CHECK(t[0].write().last_insert_rowid == 70 && t[1].write().last_insert_rowid == 0);
    CAF_CHECK_EQUAL(t[2].write().last_insert_rowid, 70);
    const auto s = db.execute_script(
        "INSERT INTO r (n) VALUES (70) ON CONFLICT DO NOTHING; INSERT INTO w VALUES ('b')");
    CAF_CHECK(s.steps[0].written.last_insert_rowid == 0 &&
              s.steps[1].written.last_insert_rowid == 0);
  });
}
