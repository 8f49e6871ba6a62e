// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of inputs that have brought programs down: each gets a clear answer, the engine continues
// to serve, and nothing is changed.

#include "support/engine/backends.hpp"
#include "support/eventually.hpp"
#include "support/sqlite/dump.hpp"
#include "support/sqlite/naughty.hpp"

#include <random>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

options bounded() {
  options o;
  o.num_workers = 2;
  o.max_result_bytes = std::size_t{150} << 20;
  return o;
}

// Runs the check on each backend; the schema, the rows and the folder are the same afterwards.
void unchanged(const std::function<void(target&)>& check) {
  on_every_backend(bounded(), [&](target& db) {
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    db.execute("INSERT INTO t (v) VALUES ('one'), ('two')");
    const auto before = dump_of(db);
    check(db);
    CAF_CHECK_EQUAL(dump_of(db), before);
    CAF_CHECK(eventually([&] { return db.health().ok; }));
    CAF_CHECK(db.integrity_check().empty());
    db.execute("INSERT INTO t (v) VALUES ('served on')");
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t") == 3);
    if (!db.memory)
      for (const auto& f : std::filesystem::directory_iterator(db.file.parent_path()))
        CAF_CHECK(f.path().filename().string().starts_with("test.db"));
  });
}

std::string times(const std::string& text, int n) {
  std::string all;
  all.reserve(text.size() * static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i)
    all += text;
  return all;
}

std::string identifier(const std::string& text) {
  std::string q = "\"";
  for (const char c : text)
    q += c == '"' ? "\"\"" : std::string(1, c);
  return q + "\"";
}

} // namespace

CAF_TEST(a query without end is stopped) {
  unchanged([](target& db) {
    const std::string numbers =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT ";
    const auto soon = db.with_timeout(60ms);
    CAF_CHECK_EQUAL(code_of([&] { soon.fetch(numbers + "max(x) FROM c"); }), "timeout");
    CAF_CHECK_EQUAL(code_of([&] { soon.fetch(numbers + "x FROM c WHERE x < 0"); }), "timeout");
    CAF_CHECK_EQUAL(code_of([&] { soon.execute("INSERT INTO t (v) " + numbers + "x FROM c"); }),
                    "timeout");
    CAF_CHECK_EQUAL(code_of([&] { soon.execute("CREATE TABLE much AS " + numbers + "x FROM c"); }),
                    "timeout");
    CAF_CHECK_EQUAL(
        code_of([&] { soon.execute_script("DELETE FROM t; " + numbers + "max(x) FROM c"); }),
        "timeout");
    CAF_CHECK_EQUAL(code_of([&] {
                      soon.fetch("SELECT count(*) FROM t a, t b, t c, (" + numbers + "x FROM c)");
                    }),
                    "timeout");
    // If its rows are kept, it reaches the bound of a result first, or its deadline.
    const auto code =
        code_of([&] { db.with_timeout(20s).fetch(numbers + "x, zeroblob(1000) FROM c"); });
    CAF_CHECK_EQUAL(code, "too_big");
  });
}

CAF_TEST(a blob of 100 MB goes in and out) {
  unchanged([](target& db) {
    blob bytes(std::size_t{db.remote ? 50u : 100u} << 20); // a port accepts frames of up to 64 MiB
    for (std::size_t i = 0; i < bytes.size(); i += 4093)
      bytes[i] = static_cast<std::byte>(i);
    db.execute("INSERT INTO t (id, v) VALUES (77, ?)", bytes);
    const auto r = db.fetch("SELECT v, length(v) FROM t WHERE id = 77");
    CAF_CHECK(r[0][1].as<std::size_t>() == bytes.size());
    CAF_CHECK(
        r[0][0].as<std::span<const std::byte>>().size() == bytes.size() &&
        std::equal(bytes.begin(), bytes.end(), r[0][0].as<std::span<const std::byte>>().begin()));
    db.execute("DELETE FROM t WHERE id = 77");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT zeroblob(2000000000)"); }), "too_big");
    CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO t (v) VALUES (zeroblob(1000000001))"); }),
                    "too_big");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT zeroblob(160000000)"); }), "too_big");
  });
}

CAF_TEST(a statement takes 30000 parameters and refuses what is more than SQLite takes) {
  unchanged([](target& db) {
    std::vector<value> values;
    std::vector<std::string> names;
    std::string marks;
    std::string named;
    for (int i = 0; i < 30'000; ++i) {
      values.emplace_back(i);
      names.push_back("p" + std::to_string(i));
      marks += i == 0 ? "?" : ",?";
      if (i < 1'900) // SQLite compares each name with all earlier ones
        named += (i == 0 ? ":p" : ",:p") + std::to_string(i);
    }
    auto r = db.fetch("SELECT count(*) FROM t WHERE id IN (" + marks + ")", params(values));
    CAF_CHECK_EQUAL(r[0][0].as<int>(), 2);
    r = db.fetch("SELECT count(*) FROM t WHERE id IN (" + named + ")",
                 params::from(std::vector<std::string>(names.begin(), names.begin() + 1'900),
                              std::vector<value>(values.begin(), values.begin() + 1'900)));
    CAF_CHECK_EQUAL(r[0][0].as<int>(), 2);
    r = db.fetch("SELECT json_array(" + times("?,", 99) + "?)",
                 params(std::vector<value>(values.begin(), values.begin() + 100)));
    CAF_CHECK(r[0][0].as<std::string>().starts_with("[0,1,2,3,"));
    auto e = failure_of([&] { db.fetch("SELECT ?", params(values)); });
    CAF_CHECK(e.code == errc::bind && e.message.find("30000") != std::string::npos);
    e = failure_of([&] {
      db.fetch("SELECT 1 IN (" + marks + ")",
               params(std::vector<value>(values.begin(), values.end() - 1)));
    });
    CAF_CHECK(e.code == errc::bind && e.message.find("?30000") != std::string::npos);
    e = failure_of([&] { db.fetch("SELECT 1 IN (" + marks + times(",?", 300'000) + ")"); });
    CAF_CHECK(e.code == errc::sql && e.message.find("too many SQL variables") != std::string::npos);
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT ?99999999999", 1); }), "sql");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT ?0", 1); }), "sql");
  });
}

CAF_TEST(deep nesting is computed or refused) {
  unchanged([](target& db) {
    CAF_CHECK(db.fetch_value<int>("SELECT " + times("(", 50) + "7" + times(")", 50)) == 7);
    for (const int depth : {1'000, 100'000})
      for (const auto& sql :
           {"SELECT " + times("(", depth) + "1" + times(")", depth),
            "SELECT " + times("-", depth) + "1", "SELECT " + times("NOT ", depth) + "1",
            "SELECT 1" + times(" + 1", depth),
            "SELECT " + times("(SELECT ", depth) + "1" + times(")", depth),
            "SELECT 1" + times(" UNION ALL SELECT 1", depth),
            "SELECT " + times("abs(", depth) + "1" + times(")", depth),
            "SELECT json('" + times("[", depth) + times("]", depth) + "')"}) {
        const auto e = failure_of([&] { db.fetch(sql); });
        CAF_CHECK(e.code == errc::none || e.code == errc::sql);
        CAF_CHECK(e.code == errc::none || !e.message.empty());
        // Two dashes begin a comment, and later SQLite versions evaluate any number of parentheses.
        if (depth > 1'000 && sql.find("--") == sql.npos && sql.find("((1") == sql.npos)
          CAF_CHECK(e.code == errc::sql);
      }
    std::string views; // each view selects from the one before
    for (int i = 1; i <= 300; ++i)
      views += "CREATE VIEW v" + std::to_string(i) + " AS SELECT * FROM " +
               (i == 1 ? "t" : "v" + std::to_string(i - 1)) + ";";
    db.execute_script(views);
    const auto e = failure_of([&] { db.fetch("SELECT * FROM v300"); });
    CAF_CHECK(e.code == errc::none || e.code == errc::sql);
    std::string drops;
    for (int i = 300; i >= 1; --i)
      drops += "DROP VIEW v" + std::to_string(i) + ";";
    db.execute_script(drops);
  });
}

CAF_TEST(a text of a megabyte runs or is refused) {
  unchanged([](target& db) {
    const std::string megabyte(std::size_t{1} << 20, 'x');
    CAF_CHECK(db.fetch_value<std::string>("SELECT '" + megabyte + "'") == megabyte);
    CAF_CHECK(db.fetch_value<int>("SELECT 1 -- " + megabyte) == 1);
    CAF_CHECK(db.fetch_value<int>("/*" + megabyte + "*/ SELECT 2") == 2);
    const auto e = failure_of([&] { db.fetch("SELECT 1, 2, 3 FROM " + megabyte); });
    CAF_CHECK(e.code == errc::sql && e.message.size() < megabyte.size() + 200);
    CAF_CHECK_EQUAL(code_of([&] { db.fetch(megabyte); }), "sql");
    CAF_CHECK_EQUAL(code_of([&] { db.execute(std::string(std::size_t{1} << 20, ' ')); }),
                    "empty_statement");
    CAF_CHECK_EQUAL(code_of([&] { db.execute("SELECT '" + megabyte); }), "sql");
    const auto s = db.execute_script(times("SELECT 1;", 100'000));
    CAF_CHECK_EQUAL(s.steps.size(), 100'000u);
    CAF_CHECK(db.fetch_value<int>("SELECT 1" + times(" OR 0", 900)) == 1);
  });
}

CAF_TEST(malformed text and NUL bytes stay what they are) {
  unchanged([](target& db) {
    using namespace std::string_literals;
    for (const auto& text :
         {"\xff\xfe"s, "\xc3("s, "a\xe2\x82z"s, "\xed\xa0\x80"s, "\xf5\x80\x80\x80"s}) {
      CAF_CHECK(db.fetch_value<std::string>("SELECT '" + text + "'") == text);
      CAF_CHECK(db.fetch_value<std::string>("SELECT :t || ''", {{"t", text}}) == text);
      const auto r = db.fetch("SELECT 1 AS " + identifier(text));
      CAF_CHECK_EQUAL(r.columns().at(0), text);
      const auto code = code_of([&] { db.fetch("SELECT 1 " + text + " " + text + " FROM"); });
      CAF_CHECK_EQUAL(code, "sql");
    }
    const auto with_nul = "one\0two"s;
    CAF_CHECK(db.fetch_value<std::string>("SELECT ?", with_nul) == with_nul);
    CAF_CHECK(db.fetch_value<int>("SELECT length(CAST(? AS BLOB))", with_nul) == 7);
    CAF_CHECK(db.fetch_value<int>("SELECT ? = ?", with_nul, "one") == 0);
    const auto e = failure_of([&] { db.execute("DELETE FROM t WHERE v = 'one\0two'"s); });
    CAF_CHECK(e.code == errc::sql && e.offset == 28u && e.message.find("NUL") != std::string::npos);
    CAF_CHECK_EQUAL(code_of([&] { db.execute_script("SELECT 1; DELETE FROM t\0; SELECT 2"s); }),
                    "sql");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT :a\0b"s, {{"a\0b"s, 1}}); }), "sql");
  });
}

namespace {

std::vector<std::string> forbidden_statements(const std::string& folder) {
  return {"ATTACH '" + folder + "/other.db' AS other",
          "ATTACH ':memory:' AS other",
          "ATTACH 'file:x?mode=memory' AS x",
          "DETACH main",
          "SELECT load_extension('" + folder + "/x.so')",
          "SELECT load_extension('x', 'y') FROM t",
          "INSERT INTO t (v) VALUES (load_extension('x'))",
          "PRAGMA writable_schema = 1",
          "PRAGMA writable_schema(RESET)",
          "PRAGMA main.writable_schema = ON",
          "pragma /* x */ Writable_Schema=on",
          "PRAGMA journal_mode = DELETE",
          "PRAGMA journal_mode = OFF",
          "PRAGMA locking_mode = EXCLUSIVE",
          "PRAGMA query_only = 1",
          "PRAGMA wal_checkpoint(TRUNCATE)",
          "PRAGMA wal_autocheckpoint = 1",
          "PRAGMA synchronous = OFF",
          "PRAGMA mmap_size = 0",
          "PRAGMA temp_store_directory = '/'",
          "PRAGMA data_store_directory = '/'",
          "PRAGMA foreign_keys = 0",
          "PRAGMA encoding = 'UTF-16'",
          "PRAGMA hard_heap_limit = 1",
          "PRAGMA soft_heap_limit = 1",
          "PRAGMA trusted_schema = 1",
          "PRAGMA cell_size_check = 0",
          "PRAGMA ignore_check_constraints = 1",
          "PRAGMA legacy_alter_table = 1",
          "PRAGMA page_size = 512",
          "PRAGMA auto_vacuum = 1",
          "PRAGMA max_page_count = 1",
          "PRAGMA secure_delete = 0",
          "PRAGMA reverse_unordered_selects = 1",
          "PRAGMA shrink_memory",
          "PRAGMA busy_timeout = 0",
          "PRAGMA threads = 8",
          "PRAGMA schema_version = 9",
          "PRAGMA activate_extensions = 'x'",
          "BEGIN",
          "BEGIN EXCLUSIVE",
          "COMMIT",
          "END",
          "ROLLBACK",
          "ROLLBACK TO dbengine",
          "SAVEPOINT dbengine",
          "RELEASE dbengine",
          "CREATE TEMP TABLE x (y)",
          "CREATE TEMP VIEW x AS SELECT 1",
          "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END"};
}

} // namespace

CAF_TEST(what would reach beyond the database is refused) {
  unchanged([](target& db) {
    const std::string folder =
        db.memory ? "/tmp/dbengine-must-not-be" : db.file.parent_path().string();
    for (const auto& sql : forbidden_statements(folder)) {
      CAF_MESSAGE(sql);
      for (const auto& e :
           {failure_of([&] { db.execute(sql); }), failure_of([&] { db.fetch(sql); }),
            failure_of([&] { db.execute_script(sql); }), failure_of([&] { db.cursor(sql).next(); }),
            failure_of([&] { db.execute_many(sql, std::vector<params>(1)); }),
            failure_of([&] { db.execute_transaction({operation::execute(sql)}); })}) {
        CAF_CHECK_EQUAL(std::string(to_string(e.code)), "not_allowed");
        CAF_CHECK(!e.message.empty());
      }
    }
    // Inside a transaction, SQLite itself would refuse it.
    const auto into = "VACUUM INTO '" + folder + "/copy.db'";
    CAF_CHECK_EQUAL(code_of([&] { db.execute(into); }), "not_allowed");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch(into); }), "not_allowed");
    CAF_CHECK_EQUAL(code_of([&] { db.execute_script(into); }), "sql");
    CAF_CHECK_EQUAL(db.execute_script(into, script_mode::continue_on_error).failures(), 1u);
    CAF_CHECK(failure_of([&] {
                db.fetch("SELECT fts3_tokenizer('simple', x'0000000000000000')");
              }).code != errc::none);
    // A write to the schema table is not allowed either.
    for (const auto* sql :
         {"UPDATE sqlite_schema SET sql = 'x'", "DELETE FROM sqlite_master",
          "INSERT INTO sqlite_schema VALUES (1,2,3,4,5)", "CREATE TABLE sqlite_mine (x)",
          "DROP TABLE sqlite_schema", "ALTER TABLE sqlite_schema RENAME TO x"})
      CAF_CHECK_EQUAL(code_of([&] { db.execute(sql); }), "sql");
  });
}

CAF_TEST(texts that break programs name tables and columns) {
  unchanged([](target& db) {
    std::size_t worked = 0;
    for (const auto& text : naughty_texts()) {
      if (text.size() > 5'000)
        continue;
      const auto name = identifier(text);
      std::string found;
      const auto e = failure_of([&] {
        const auto r = db.execute_transaction(
            {operation::execute("CREATE TABLE " + name + " (" + name + " DEFAULT 5)"),
             operation::execute("INSERT INTO " + name + " DEFAULT VALUES"),
             operation::fetch("SELECT * FROM " + name), operation::execute("DROP TABLE " + name)});
        found = r[2].rows().columns().at(0);
        CAF_CHECK_EQUAL(r[2].rows()[0][0].as<int>(), 5);
      });
      if (e.code == errc::none) {
        CAF_CHECK_EQUAL(found, text);
        ++worked;
      } else { // a NUL byte, or a name that SQLite reserves
        CAF_CHECK(e.code == errc::sql && !e.message.empty());
        CAF_CHECK(text.find('\0') != text.npos || text.starts_with("sqlite_"));
      }
    }
    CAF_CHECK(worked > 450);
  });
}

CAF_TEST(texts that break programs run as statements do no harm) {
  unchanged([](target& db) {
    std::mt19937 random(20240229);
    const auto below = [&](std::size_t n) {
      return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    auto texts = naughty_texts();
    const std::string seeds[] = {"SELECT id, v FROM t WHERE v = 'one' ORDER BY id",
                                 "SELECT * FROM t WHERE id IN (1, 2) UNION SELECT 3, x'00'",
                                 "EXPLAIN QUERY PLAN SELECT count(*) FROM t",
                                 "WITH x AS (SELECT 1) SELECT * FROM x, t"};
    for (int i = 0; i < 300; ++i) { // valid statements with a few bytes changed
      auto text = seeds[below(4)];
      for (std::size_t k = below(4) + 1; k > 0; --k)
        text[below(text.size())] = static_cast<char>(below(256));
      texts.push_back(text);
    }
    for (const auto& text : texts) {
      // Statements that themselves change something are left out: they do what they ask for.
      for (const auto& e : {failure_of([&] { db.fetch(text); }),
                            failure_of([&] { db.with_timeout(5s).execute_script(text); })})
        CAF_CHECK(e.code == errc::none || !e.message.empty());
      CAF_CHECK(db.fetch("SELECT ? AS v", text)[0]["v"].as<std::string>() == text);
    }
  });
}
