// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A peer's cursor that keeps the write-ahead log from a restart is closed when the log has grown by
// a limit; a cursor of the process itself is not.

#include "engine/read/cursor_table.hpp"
#include "sqlite/url.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/wire/gateway_scene.hpp"

#include <dbengine/db_engine.hpp>

#include <filesystem>
#include <memory>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
using dbengine::actors::remote::wire_kind;

CAF_TEST(a cursor of a peer ends when the log has grown by so much) {
  const engine_folder folder;
  { db_engine(folder.url()).execute("CREATE TABLE t (x)"); }
  dbengine::engine::cursor_table table;
  const auto where = dbengine::sqlite::locate(folder.url());
  const auto o = std::make_shared<const options>();
  dbengine::sqlite::request_control ctl(dbengine::sqlite::clock::time_point::max(), {});
  const auto open = [&](std::uint64_t peer) {
    return table.open(std::make_unique<dbengine::sqlite::connection>(
                          where, dbengine::sqlite::connection::role::reader, o),
                      "SELECT 1 UNION ALL SELECT 2", {}, 1, ctl, peer);
  };
  const auto of_peer = open(7);
  const auto own = open(0);
  constexpr std::uint64_t begun = 64 << 20;
  CAF_CHECK(!table.wal_pinned(begun));
  const auto later = open(8);
  CAF_CHECK(!table.wal_pinned(begun + defaults::cursor_wal_bytes - 1));
  CAF_CHECK_EQUAL(table.next(of_peer, 1, 1, ctl).size(), 1u);
  CAF_CHECK(table.wal_pinned(begun + defaults::cursor_wal_bytes));
  const auto why = failure_of([&] { table.next(of_peer, 1, 1, ctl); });
  CAF_CHECK(why.code == errc::invalid_state);
  CAF_CHECK(why.message.find("write-ahead log") != std::string::npos);
  CAF_CHECK_EQUAL(table.next(own, 1, 1, ctl).size(), 1u);
  CAF_CHECK_EQUAL(table.next(later, 1, 1, ctl).size(), 1u);
  CAF_CHECK_EQUAL(table.size(), 2u);
  table.close_all();
}

CAF_TEST(a cursor that is kept leaves the log its bound) {
  const engine_folder folder;
  gateway_scene s({.synchronous = synchronous::off}, {}, folder.url());
  gateway_peer writer(s);
  gateway_peer reader(s);
  writer.ask(wire_kind::execute, execute_body("CREATE TABLE t (x)"));
  writer.ask(wire_kind::execute, execute_body("INSERT INTO t VALUES (1), (2), (3)"));
  const auto opened =
      reader.ask(wire_kind::cursor_open, wire_body(20s, cursor_open{"SELECT x FROM t", {}, {}}));
  cursor_id id;
  dbengine::base::decode(opened.body, id);
  const auto next = [&] {
    return failure_in(reader.ask(wire_kind::cursor_next, wire_body(20s, cursor_next{id, 1})));
  };
  CAF_CHECK(next().code == errc::none);
  writer.ask(wire_kind::execute, execute_body("INSERT INTO t VALUES (NULL)"));
  // The cursor is first noticed at 64 MiB, and the log is checked each time it has grown by a
  // quarter: 16 MB a write, 800 in all.
  for (int i = 0; i < 50; ++i)
    CAF_CHECK_EQUAL(code_in(writer.ask(
                        wire_kind::execute, // a different size each time, or SQLite writes nothing
                        execute_body("UPDATE t SET x = zeroblob(16000000 + " +
                                     std::to_string(i * 5'000) + ") WHERE rowid = 4"))),
                    "none");
  const auto wal = std::filesystem::file_size(folder.path / "test.db-wal") >> 20;
  CAF_MESSAGE("the log has " << wal << " MiB after 800 MB of writes");
  CAF_CHECK_LESS(wal, 600u);
  const auto why = next();
  CAF_CHECK(why.code == errc::invalid_state);
  CAF_CHECK(why.message.find("write-ahead log") != std::string::npos);
}
