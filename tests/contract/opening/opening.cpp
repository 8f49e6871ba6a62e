// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of every form of URL, every option of an engine, and their effects.

#include "support/engine/backends.hpp"
#include "support/manual_reset_event.hpp"
#include "support/process/child.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <future>
#include <iterator>
#include <sstream>
#include <thread>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

// Changes the process's working directory; the destructor restores it.
class in_folder {
public:
  explicit in_folder(const fs::path& p) : before_(fs::current_path()) { fs::current_path(p); }
  ~in_folder() { fs::current_path(before_); }
  in_folder(const in_folder&) = delete;
  in_folder& operator=(const in_folder&) = delete;

private:
  fs::path before_;
};

std::string contents(const fs::path& p) {
  std::ifstream f(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(f), {}};
}

error_info opening(const std::string& url, options o = {}) {
  return failure_of([&] { db_engine db(url, std::move(o)); });
}

std::string name(const error_info& e) {
  return std::string(to_string(e.code));
}

constexpr auto endless =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c";

} // namespace

CAF_TEST(each form of a URL opens its file) {
  const engine_folder folder;
  const in_folder here(folder.path);
  fs::create_directory("sub dir");
  const auto absolute = folder.path.string();
  const std::pair<std::string, fs::path> forms[] = {
      {"sqlite:///relative.db", "relative.db"},
      {"sqlite:///sub dir/in it.db", "sub dir/in it.db"},
      {"sqlite:///" + absolute + "/absolute.db", "absolute.db"},
      {"sqlite:////" + absolute.substr(1) + "/four.db", "four.db"},
      {"bare.db", "bare.db"},
      {absolute + "/bare absolute.db", "bare absolute.db"},
      {"sqlite:///file:uri.db?mode=rwc&uri=true", "uri.db"},
      {"sqlite:///file:sub%20dir/per%2fcent%3f.db", "sub dir/per/cent?.db"},
      {"sqlite:///file:" + absolute + "/uri absolute.db?cache=private", "uri absolute.db"},
      {"sqlite:///file://localhost" + absolute + "/localhost.db", "localhost.db"},
      {"sqlite:///ünïcode 日本.db", "ünïcode 日本.db"}};
  fs::create_directory("sub dir/per");
  for (const auto& [url, file] : forms) {
    CAF_MESSAGE(url);
    {
      db_engine db(url);
      db.execute("CREATE TABLE t (x)");
      CAF_CHECK(db.database_info().path == fs::weakly_canonical(file));
      CAF_CHECK(!db.database_info().memory);
      CAF_CHECK_EQUAL(name(opening(url)), "locked");
    }
    CAF_CHECK(fs::exists(file));
    CAF_CHECK(plain_sqlite(file.string()).dump().find("CREATE TABLE t (x)") != std::string::npos);
  }
  for (const auto* url : {"sqlite://", "sqlite:///:memory:", ":memory:",
                          "sqlite:///file::memory:?uri=true", "sqlite:///file:x?mode=memory"}) {
    CAF_MESSAGE(url);
    db_engine a(url);
    db_engine b(url); // each has its own database
    a.execute("CREATE TABLE t (x)");
    CAF_CHECK(a.database_info().memory && a.database_info().path.empty());
    CAF_CHECK_EQUAL(code_of([&] { b.fetch("SELECT * FROM t"); }), "sql");
  }
  CAF_CHECK(!fs::exists(":memory:") && !fs::exists("x"));
}

CAF_TEST(the mode in a URL is kept) {
  const engine_folder folder;
  const auto uri = "sqlite:///file:" + folder.path.string() + "/m.db?";
  CAF_CHECK_EQUAL(name(opening(uri + "mode=rw")), "cannot_open");
  CAF_CHECK_EQUAL(name(opening(uri + "mode=ro")), "cannot_open");
  CAF_CHECK(fs::is_empty(folder.path));
  { db_engine(uri + "mode=rwc").execute("CREATE TABLE t (x)"); }
  { db_engine(uri + "mode=rw").execute("INSERT INTO t VALUES (1)"); }
  db_engine db(uri + "mode=ro&uri=true");
  CAF_CHECK(db.database_info().read_only);
  CAF_CHECK(db.fetch_value<int>("SELECT x FROM t").value() == 1);
  CAF_CHECK_EQUAL(code_of([&] { db.execute("DELETE FROM t"); }), "read_only");
}

CAF_TEST(a URL that is none is refused with the part at fault) {
  const std::pair<const char*, const char*> wrong[] = {
      {"postgres://host/db", "postgres"},
      {"sqlite:/x.db", "/x.db"},
      {"sqlite:x.db", "x.db"},
      {"sqlite://host/x.db", "host"},
      {"sqlite:///x.db?mode=ro", "?mode=ro"},
      {"sqlite:///file:x.db?mode=sideways", "mode=sideways"},
      {"sqlite:///file:x.db?cache=shared", "cache=shared"},
      {"sqlite:///file:x.db?uri=false", "uri=false"},
      {"sqlite:///file:x.db?colour=red", "colour=red"},
      {"sqlite:///file://elsewhere/x.db", "elsewhere"},
      {"sqlite:///file:x%zz.db", "%zz"},
      {"sqlite:///file:x%00.db", "%00"},
      {"sqlite:///file:", "file:"},
      {"", ""}};
  const engine_folder folder;
  const in_folder here(folder.path);
  for (const auto& [url, part] : wrong) {
    CAF_MESSAGE(url);
    const auto e = opening(url);
    CAF_CHECK_EQUAL(name(e), "invalid_url");
    CAF_CHECK(e.message.find(part) != std::string::npos);
  }
  CAF_CHECK(fs::is_empty(folder.path));
}

CAF_TEST(an option beyond its range is refused by name) {
  const auto refused = [](const char* what, const std::function<void(options&)>& set) {
    options o;
    set(o);
    const auto e = opening("sqlite://", o);
    CAF_MESSAGE(what);
    CAF_CHECK_EQUAL(name(e), "invalid_option");
    CAF_CHECK(e.message.find(what) != std::string::npos);
  };
  refused("num_workers", [](options& o) { o.num_workers = 0; });
  refused("num_workers", [](options& o) { o.num_workers = 65; });
  refused("max_leases", [](options& o) { o.max_leases = 100'000; });
  refused("backup_interval", [](options& o) { o.backup_interval = 999ms; });
  refused("backup_cleanup_keep_count", [](options& o) { o.backup_cleanup_keep_count = 0; });
  refused("backup_pages_per_step", [](options& o) { o.backup_pages_per_step = 0; });
  refused("busy_timeout", [](options& o) { o.busy_timeout = -1ms; });
  refused("request_timeout", [](options& o) { o.request_timeout = 0ms; });
  refused("max_queue", [](options& o) { o.max_queue = 0; });
  refused("max_queue_bytes", [](options& o) { o.max_queue_bytes = 0; });
  constexpr auto ever = std::chrono::milliseconds::max();
  refused("backup_interval", [=](options& o) { o.backup_interval = ever; });
  refused("backup_pause", [=](options& o) { o.backup_pause = ever; });
  refused("backup_cleanup_max_age",
          [](options& o) { o.backup_cleanup_max_age = std::chrono::seconds::max(); });
  refused("synchronous", [](options& o) { o.synchronous = static_cast<synchronous>(3); });
  refused("temp_store", [](options& o) { o.temp_store = static_cast<temp_store>(2); });
  refused("f", [](options& o) { o.functions.push_back({.name = "f", .call = {}}); });
  refused("c", [](options& o) { o.collations.push_back({.name = "c", .compare = {}}); });
  db_engine db("sqlite://", {.num_workers = 64, .max_leases = 1});
  CAF_CHECK(db.fetch_value<int>("SELECT 1").value() == 1);
}

CAF_TEST(every connection has the options) {
  options o;
  o.synchronous = synchronous::full;
  o.cache_size = 3 << 20;
  o.mmap_size = 1 << 20;
  o.foreign_keys = false;
  o.temp_store = temp_store::file;
  for (const bool defaults : {false, true})
    on_every_backend(defaults ? options{} : o, [&](target& db) {
      const auto check = [&](const auto& c, bool writer) {
        const auto number = [&c](const std::string& pragma) {
          return c.template fetch_value<std::int64_t>("PRAGMA " + pragma).value();
        };
        CAF_CHECK(c.template fetch_value<std::string>("PRAGMA journal_mode").value() == "wal");
        CAF_CHECK_EQUAL(number("cache_size"), defaults ? -65536 : -3072);
        CAF_CHECK_EQUAL(number("foreign_keys"), defaults ? 1 : 0);
        CAF_CHECK_EQUAL(number("temp_store"), defaults ? 2 : 1);
        if (!db.memory)
          CAF_CHECK_EQUAL(number("mmap_size"), defaults ? std::int64_t{256} << 20 : 1 << 20);
        if (writer) {
          CAF_CHECK_EQUAL(number("synchronous"), defaults ? 1 : 2);
          CAF_CHECK_EQUAL(number("wal_autocheckpoint"), 0);
        }
      };
      check(db, false);
      if (!db.interactive)
        return;
      check(db.raw_connection(true), false);
      db.write([&](transaction& tx) { check(tx, true); });
      check(db.raw_connection(), true);
      db.write([&](transaction& tx) { check(tx, true); }); // also after a raw connection
    });
}

CAF_TEST(bounds of a result are kept and change nothing) {
  options o;
  o.num_workers = 2;
  o.max_rows = 10;
  o.max_result_bytes = 100'000;
  on_every_backend(o, [](target& db) {
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    const auto numbers =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?) SELECT x FROM c";
    CAF_CHECK_EQUAL(db.fetch(numbers, 10).size(), 10u);
    auto e = failure_of([&] { db.fetch(numbers, 11); });
    CAF_CHECK(e.code == errc::too_big && e.message.find("max_rows") != std::string::npos);
    e = failure_of([&] { db.fetch("SELECT zeroblob(200000)"); });
    CAF_CHECK(e.code == errc::too_big && e.message.find("max_result_bytes") != std::string::npos);
    e = failure_of(
        [&] { db.fetch(std::string("INSERT INTO t ") + numbers + " RETURNING id", 11); });
    CAF_CHECK(e.code == errc::too_big && e.outcome == outcome::rolled_back);
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t").value() == 0);
    CAF_CHECK_EQUAL(db.fetch(std::string("INSERT INTO t ") + numbers + " RETURNING id", 9).size(),
                    9u);
    CAF_CHECK_EQUAL(db.cursor(numbers, {5}).next().size(), 5u);
  });
}

CAF_TEST(the deadline of the options is that of requests that name none) {
  options o;
  o.request_timeout = 80ms;
  on_every_backend(o, [](target& db) {
    CAF_CHECK_EQUAL(code_of([&] { db.fetch(endless); }), "timeout");
    CAF_CHECK_EQUAL(code_of([&] { db.execute(std::string("CREATE TABLE x AS ") + endless); }),
                    "timeout");
    CAF_CHECK(
        db.with_timeout(60s)
            .fetch_value<int>(
                "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 2000000) SELECT max(x) FROM c")
            .value() == 2'000'000);
  });
}

CAF_TEST(debug echoes every statement with its parameters and its time) {
  std::ostringstream out;
  spdlog::drop("dbengine"); // the host's own logger is used if it exists
  auto logger = std::make_shared<spdlog::logger>(
      "dbengine", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger->set_level(spdlog::level::debug);
  spdlog::register_logger(logger);
  const auto said = [&](const std::string& text) {
    logger->flush();
    return out.str().find(text) != std::string::npos;
  };
  for (const bool debug : {true, false}) {
    out.str("");
    options o;
    o.debug = debug;
    on_every_backend(o, [&](target& db) {
      const auto mark = db.name;
      db.execute("CREATE TABLE t (v, n)");
      db.execute("INSERT INTO t VALUES (:v, :n)", {{"v", "in " + mark}, {"n", 41}});
      db.fetch("SELECT n + 1 FROM t WHERE v = ?", "in " + mark);
      const std::vector<params> sets{params::of("many of " + mark, 1)};
      db.execute_many("INSERT INTO t VALUES (?, ?)", sets);
      db.execute_script("UPDATE t SET n = 'script of " + mark + "'");
      CAF_CHECK_EQUAL(said("INSERT INTO t VALUES ('in " + mark + "', 41)"), debug);
      CAF_CHECK_EQUAL(said("SELECT n + 1 FROM t WHERE v = 'in " + mark + "'"), debug);
      CAF_CHECK_EQUAL(said("VALUES ('many of " + mark + "', 1)"), debug);
      CAF_CHECK_EQUAL(said("n = 'script of " + mark + "'"), debug);
      CAF_CHECK_EQUAL(said(" us: "), debug);
      db.fetch("SELECT length(?)", blob(100'000));
    });
    CAF_CHECK(out.str().size() < 400'000); // long blobs are truncated
    CAF_CHECK_EQUAL(said("bytes)"), debug);
    // `PRAGMA optimize` runs at open and at close.
    CAF_CHECK_EQUAL(said("PRAGMA optimize"), debug);
  }
  spdlog::drop("dbengine");
}

CAF_TEST(a function or collation that SQLite refuses is refused before a file is made) {
  const engine_folder folder;
  options no_function;
  no_function.functions.push_back(
      {.name = std::string(300, 'f'), .call = [](std::span<const value_ref>) { return value(); }});
  CAF_CHECK_EQUAL(name(opening(folder.url(), no_function)), "invalid_option");
  options no_call;
  no_call.collations.push_back({.name = "c", .compare = {}});
  CAF_CHECK_EQUAL(name(opening(folder.url(), no_call)), "invalid_option");
  CAF_CHECK(fs::is_empty(folder.path));
  { // an existing file keeps its journal mode
    plain_sqlite made((folder.path / "test.db").string());
    made.script("CREATE TABLE t (x)");
  }
  const auto before = contents(folder.path / "test.db");
  CAF_CHECK_EQUAL(name(opening(folder.url(), no_function)), "invalid_option");
  CAF_CHECK(contents(folder.path / "test.db") == before);
}

// caller                       main
// SELECT hold() -- waits
//                              shutdown() --> waits for it without a limit
//                              (another thread sets the event when requests are refused)
// 1 <-------------------------
CAF_TEST(the longest times there are mean for ever) {
  constexpr auto ever = std::chrono::milliseconds::max();
  const engine_folder folder;
  manual_reset_event latch;
  options o{.busy_timeout = ever, .request_timeout = ever, .shutdown_timeout = ever};
  o.backup_dir = folder.path / "backups";
  o.functions.push_back(latch.as_function());
  db_engine db(folder.url(), o);
  db.execute("CREATE TABLE t (x)");
  CAF_CHECK_EQUAL(db.with_timeout(ever).execute("INSERT INTO t VALUES (1)").changes, 1);
  CAF_CHECK(db.with_timeout(ever).request_backup());
  db.with_timeout(ever).backup_to(folder.path / "copy.db");
  CAF_CHECK(fs::exists(folder.path / "copy.db"));
  { // the wait for another program's lock
    plain_sqlite other((folder.path / "test.db").string());
    other.script("BEGIN IMMEDIATE");
    const auto writing =
        std::async(std::launch::async, [&] { db.execute("INSERT INTO t VALUES (2)"); });
    CAF_CHECK(writing.wait_for(200ms) == std::future_status::timeout);
    other.script("COMMIT");
    writing.wait();
  }
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(0), 2);
  auto read = std::async(std::launch::async,
                         [&] { return db.fetch_value<int>("SELECT hold()").value_or(0); });
  CAF_REQUIRE(latch.wait_for_arrivals(1));
  auto opener = std::async(std::launch::async, [&] {
    while (code_of([&] { db.get_stats(); }) == "none" &&
           code_of([&] { db.execute("INSERT INTO t VALUES (3)"); }) == "none")
      std::this_thread::yield();
    latch.set();
  });
  db.shutdown();
  opener.wait();
  CAF_CHECK_EQUAL(read.get(), 1);
}

CAF_TEST(a child of fork gets the error that the engine is not its own) {
  db_engine db("sqlite://");
  db.execute("CREATE TABLE t (x)");
  const int code = in_child([&] {
    const auto read = failure_of([&] { db.fetch("SELECT 1"); });
    const auto write = failure_of([&] { db.execute("INSERT INTO t VALUES (1)"); });
    return read.code == errc::forked && write.code == errc::forked &&
                   write.outcome == outcome::not_run
               ? 7
               : 8;
  });
  CAF_CHECK_EQUAL(code, 7);
  db.execute("INSERT INTO t VALUES (1)");
  CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t").value() == 1);
}

// writer of one engine | readers of the same memory database
// INSERT hold() ...    | SELECT x 4, at once, on snapshots
CAF_TEST(a memory database has readers beside its writer) {
  manual_reset_event g;
  options o;
  o.num_workers = 4;
  o.functions.push_back(g.as_function());
  db_engine db("sqlite://", o);
  db.execute("CREATE TABLE t (x)");
  std::jthread writer([&] { db.execute("INSERT INTO t SELECT 1 WHERE hold()"); });
  CAF_CHECK(g.wait_for_arrivals(1));
  for (int i = 0; i < 4; ++i)
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t").value() == 0);
  g.set();
  writer.join();
  g.reset();
  g.set_at(3);
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back(
        [&] { CAF_CHECK(db.fetch_value<int>("SELECT hold() + count(*) FROM t").value() == 2); });
  for (auto& t : readers)
    t.join();
}
