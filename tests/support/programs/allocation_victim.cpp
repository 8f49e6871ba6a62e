// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A process that runs out of memory or threads:
//
//   allocation_victim FOLDER PHASE WHAT FROM STEP RUNS [mutant]
//
// PHASE: open, work, backup, connect, remote, close. WHAT: "once", the n-th allocation fails;
// "while", that one and all that follow until the end of the phase; "thread", the n-th new thread
// cannot be started. An allocation is a call of operator new or of SQLite's malloc, by any thread,
// counted from just before the phase. n = FROM, FROM + STEP, … for at most RUNS runs, or until a
// phase makes fewer calls.
//
// Prints "n" before each run, "wrong n: why" if an answer is not right, "excused n" if CAF itself
// made the call, "done n" if the phase made fewer than n calls. SIGALRM ends the process if a run
// takes longer than 20 s. "mutant" is the negative control: an acknowledged row is deleted behind
// the engine's back.

#include "support/faults/failing_allocations.hpp"
#include "support/programs/allocation_run.hpp"
#include "support/wire/forked_server.hpp"

#include <dbengine/db_engine.hpp>
#include <dbengine/process.hpp>

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barrier>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
/// In CAF, an actor whose thread cannot be started leaks its shell (DESIGN.md of actors).
extern "C" int __lsan_is_turned_off() {
  return 1;
}
#endif

namespace {

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

const options short_waits{.num_workers = 1, .request_timeout = 5s, .shutdown_timeout = 2s};

/// Memory is available again: everything must work, after a while at the latest.
void works(allocation_run& r, const db_engine& db, const char* after) {
  const auto enough = std::chrono::steady_clock::now() + 12s;
  std::string why = "?";
  while (std::chrono::steady_clock::now() < enough) {
    try {
      db.execute("INSERT INTO again VALUES (1)");
      const std::vector<params> sets{params{2}, params{3}};
      db.execute_many("INSERT INTO again VALUES (?)", sets);
      if (db.fetch("SELECT * FROM again").empty())
        throw error(errc::internal, "no rows");
      if (!db.integrity_check().empty())
        throw error(errc::internal, "integrity");
      if (const auto h = db.health(); !h.ok)
        throw error(errc::unavailable, h.problems.empty() ? "not ok" : h.problems[0]);
      return;
    } catch (const error& e) {
      why = e.what();
      std::this_thread::sleep_for(5ms);
    }
  }
  r.is(false, std::string("does not work after ") + after + ": " + why);
}

void prepare(const allocation_run& r) {
  std::error_code ec;
  std::filesystem::remove_all(r.folder, ec);
  std::filesystem::create_directories(r.folder);
  db_engine db(r.url, short_waits);
  db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT)");
  db.execute("CREATE TABLE again (x)");
  for (int i = 0; i < 20; ++i)
    db.execute("INSERT INTO t (v) VALUES (?)", std::string(60, 'v'));
  db.execute("DELETE FROM again");
}

void open(allocation_run& r) {
  const auto why = r.failure("open", [&] {
    phase p(r.n);
    db_engine db(r.url, short_waits);
    p.end();
    works(r, db, "an opening");
  });
  static_cast<void>(why);
  db_engine db(r.url, short_waits);
  r.is(db.fetch_value<int>("SELECT count(*) FROM t") == 20, "rows are missing");
}

/// A write of the row `v` with its answer, from which the expected content follows.
struct write_told {
  std::string v;
  error_info failure;
};

template <class F>
void write(allocation_run& r, std::vector<write_told>& told, const std::string& v, F&& f) {
  auto e = r.failure(v.c_str(), f);
  const never_failing own;
  told.push_back({v, std::move(e)});
}

void judge(allocation_run& r, const db_engine& db, const std::vector<write_told>& told) {
  if (r.mutated)
    db.execute("DELETE FROM t WHERE v = ?", told.front().v);
  for (const auto& w : told) {
    const auto rows = db.fetch_value<int>("SELECT count(*) FROM t WHERE v = ?", w.v).value_or(-1);
    if (w.failure.code == errc::none)
      r.is(rows == 1, w.v + " was done and is there " + std::to_string(rows) + " times");
    else if (w.failure.outcome == outcome::not_run || w.failure.outcome == outcome::rolled_back)
      r.is(rows == 0, w.v + " was not done (" + to_string(w.failure) + ") and is there");
    r.is(!in_time || w.failure.code != errc::timeout, w.v + " was answered by its deadline alone");
  }
}

void reads(allocation_run& r, const db_engine& db) {
  const auto right = [&](const char* name, auto f) {
    const auto e = r.failure(name, [&] {
      const auto n = f();
      const never_failing own;
      r.is(n == 20, std::string(name) + " reads " + std::to_string(n) + " rows");
    });
    const never_failing own;
    r.is(!in_time || e.code != errc::timeout,
         std::string(name) + " was answered by its deadline alone");
  };
  static constexpr const char* rows = "SELECT n, v FROM t WHERE n <= 20";
  right("fetch", [&] { return db.fetch(rows).size(); });
  right("read", [&] { return db.read([](snapshot& s) { return s.fetch(rows).size(); }); });
  right("cursor", [&] {
    std::size_t n = 0;
    auto c = db.cursor(rows, {}, 7);
    for (auto b = c.next(); !b.empty(); b = c.next())
      n += b.size();
    return n;
  });
}

void works_on(allocation_run& r, const db_engine& db) {
  std::vector<write_told> told;
  told.reserve(16);
  static constexpr const char* insert = "INSERT INTO t (v) VALUES (?)";
  const std::string pad(40, '.');
  const auto name = [&](const char* kind) { return kind + std::to_string(r.n) + pad; };
  const auto one = name("execute"), batch = name("batch"), scope = name("scope"),
             script = name("script"), list = name("transaction"), id = name("id");
  {
    const phase p(r.n);
    write(r, told, one, [&] { db.execute(insert, one); });
    reads(r, db);
    write(r, told, batch, [&] {
      const std::vector<params> sets{params{batch}};
      db.execute_many(insert, sets);
    });
    write(r, told, scope, [&] { db.write([&](transaction& tx) { tx.execute(insert, scope); }); });
    write(r, told, script,
          [&] { db.execute_script("INSERT INTO t (v) VALUES ('" + script + "')"); });
    write(r, told, list,
          [&] { db.execute_transaction({operation::execute(insert, params{list})}); });
    write(r, told, id, [&] { db.with_id(id).execute(insert, id); });
    r.failure("check", [&] { db.integrity_check(); });
    r.failure("health", [&] { static_cast<void>(db.health()); });
    r.failure("statistics", [&] { static_cast<void>(db.get_stats()); });
    r.failure("file", [&] { static_cast<void>(db.database_info()); });
    r.failure("checkpoint", [&] { db.checkpoint(); });
  }
  works(r, db, "work");
  judge(r, db, told);
}

void work(allocation_run& r) {
  const db_engine db(r.url, short_waits);
  db.execute("DELETE FROM t WHERE n > 20");
  works_on(r, db);
}

void backup(allocation_run& r) {
  auto o = short_waits;
  o.backup_dir = r.folder / "backups";
  const db_engine db(r.url, o);
  const auto copy = r.folder / "copy.db";
  std::error_code ec;
  std::filesystem::remove(copy, ec);
  error_info to;
  {
    const phase p(r.n);
    to = r.failure("backup_to", [&] { db.backup_to(copy); });
    r.failure("request_backup", [&] { db.request_backup(); });
    r.failure("backup_info", [&] { static_cast<void>(db.get_backup_info()); });
  }
  if (to.code == errc::none) {
    const db_engine made(copy.string(), {.read_only = true});
    r.is(made.fetch_value<int>("SELECT count(*) FROM t") == 20, "the backup lacks rows");
  } else {
    r.is(!std::filesystem::exists(copy), "a failed backup left its file");
  }
  r.failure("backup with memory",
            [&] { db.request_backup(); }); // health reports the last backup, if it failed
  works(r, db, "a backup");
  for (const auto& f : std::filesystem::directory_iterator(o.backup_dir, ec))
    if (f.path().string().find("partial") != std::string::npos)
      r.is(false, "a failed backup left " + f.path().string());
  std::filesystem::remove_all(o.backup_dir, ec);
}

void close(allocation_run& r) {
  {
    auto db = std::make_unique<db_engine>(r.url, short_waits);
    db->execute("INSERT INTO again VALUES (1)");
    static_cast<void>(db->fetch("SELECT * FROM again"));
    const phase p(r.n);
    r.failure("close", [&] { db.reset(); });
  }
  const db_engine db(r.url, short_waits);
  r.is(db.fetch_value<int>("SELECT count(*) FROM t") == 20, "rows are missing");
}

void connect(allocation_run& r, const std::string& address) {
  r.failure("connect", [&] {
    phase p(r.n);
    const auto db = db_engine::connect(address, {.connect_timeout = 5s, .request_timeout = 5s});
    static_cast<void>(db.fetch("SELECT 1"));
    p.end();
    works(r, db, "a connection");
  });
  const auto db = db_engine::connect(address, {.connect_timeout = 5s, .request_timeout = 5s});
  db.execute("DELETE FROM t WHERE n > 20");
}

/// Four threads at once, more than may be in flight; halfway the connection is cut.
void remote(allocation_run& r, const forked_server& peer) {
  const remote_options how{.connect_timeout = 5s, .request_timeout = 5s};
  std::vector<write_told> told[4];
  allocation_run tally[4]{r, r, r, r};
  {
    const auto db = db_engine::connect(peer.address(), how);
    std::barrier together(5);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      told[t].reserve(8);
      threads.emplace_back([&, t] {
        const auto name = [&](const char* kind) {
          const never_failing own;
          return kind + std::to_string(r.n) + "." + std::to_string(t) + std::string(40, '.');
        };
        const auto first = name("first"), second = name("second"), id = name("id"),
                   last = name("last");
        static constexpr const char* insert = "INSERT INTO t (v) VALUES (?)";
        const auto plain = [&](const std::string& v) {
          write(tally[t], told[t], v, [&] { db.execute(insert, v); });
        };
        together.arrive_and_wait();
        plain(first);
        plain(second);
        tally[t].failure("read", [&] {
          const auto n = db.fetch("SELECT n, v FROM t WHERE n <= 20").size();
          tally[t].is(n == 20, "fetch reads " + std::to_string(n) + " rows");
        });
        if (t == 0)
          peer.cut();
        write(tally[t], told[t], id, [&] { db.with_id(id).execute(insert, id); });
        tally[t].failure("cursor", [&] {
          auto c = db.cursor("SELECT n, v FROM t WHERE n <= 20", {}, 7);
          while (!c.next().empty()) {
          }
        });
        plain(last);
        together.arrive_and_wait();
      });
    }
    {
      const phase p(r.n);
      together.arrive_and_wait();
      together.arrive_and_wait();
    }
    threads.clear();
    if (in_time) // a connection whose manager has no memory for a second ends
      works(r, db, "remote work");
  }
  const auto db = db_engine::connect(peer.address(), how);
  for (int t = 0; t < 4; ++t) {
    r.wrong += tally[t].wrong;
    judge(r, db, told[t]);
  }
  db.execute("DELETE FROM t WHERE n > 20");
}

void run_phase(const std::string& name, allocation_run& r, const forked_server* peer) {
  if (name == "open")
    open(r);
  else if (name == "work")
    work(r);
  else if (name == "backup")
    backup(r);
  else if (name == "close")
    close(r);
  else if (name == "connect")
    connect(r, peer->address());
  else
    remote(r, *peer);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 7)
    return 2;
  const std::string name = argv[2], kind = argv[3];
  allocation_run r{.folder = argv[1], .url = "sqlite:///" + std::string(argv[1]) + "/a.db"};
  const long from = std::atol(argv[4]), step = std::atol(argv[5]), runs = std::atol(argv[6]);
  r.mutated = argc > 7;
  spdlog::register_logger(std::make_shared<spdlog::logger>(
      "dbengine", std::make_shared<spdlog::sinks::null_sink_mt>()));
  disable_memory_statistics();
  in_time = kind == "once";
  prepare_failing(kind == "once"    ? failing::once
                  : kind == "while" ? failing::while_it_lasts
                                    : failing::thread);
  prepare(r);
  std::unique_ptr<forked_server> peer;
  if (name == "connect" || name == "remote")
    peer = std::make_unique<forked_server>(r.url, short_waits);
  r.n = from;
  for (long i = 0; i < runs; ++i, r.n += step) {
    say(std::to_string(r.n));
    ::alarm(20);
    run_phase(name, r, peer.get());
    if (excused_calls() > 0)
      say("excused " + std::to_string(r.n));
    if (!failing_reached()) {
      say("done " + std::to_string(r.n));
      break;
    }
  }
  ::alarm(0);
  return r.wrong == 0 ? 0 : 1;
}
