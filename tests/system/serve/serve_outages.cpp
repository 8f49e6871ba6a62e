// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of `dbengine serve` while a part of it is blocked: a statement that cannot be interrupted,
// a log that is not read.
//
//   peer                        server                              log
//   an endless statement -----> readers are stuck: not ready
//                               SIGTERM: answers, logs "stopped",
//                               and ends with the worker in it

#include "serve/pages.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/eventually.hpp"
#include "support/manual_reset_event.hpp"
#include "support/process/program.hpp"
#include "support/wire/http.hpp"

#include <dbengine/db_engine.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/logger.hpp>

#include <caf/send.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

// One call of one function that cannot be interrupted, for half a minute: a quarter of a second for
// each megabyte.
const std::string stays =
    "SELECT printf('%.*c', 100000000, 'a') GLOB '*' || printf('%.*c', 120, 'a') || 'b'";

// A port on which no process listens, and most likely none will.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof in;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&in), size) != 0)
    CAF_FAIL("no free port");
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&in), &size);
  ::close(fd);
  return ntohs(in.sin_port);
}

struct system_config : caf::actor_system_config {
  system_config() { actors::setup(*this); }
};

} // namespace

CAF_TEST(a server ends although a statement does not return ) {
  const engine_folder folder;
  const auto settings = folder.path / "settings.toml";
  std::ofstream(settings) << "[engine]\nshutdown_timeout = \"100ms\"\n";
  program p({"-c", settings.string(), "serve", (folder.path / "a.db").string(), "--http", "0",
             "--listen", "127.0.0.1:0"});
  CAF_REQUIRE(p.says("ready: "));
  const auto where = "127.0.0.1:" + std::to_string(port_behind(p.err(), "published at 127.0.0.1:"));
  const auto pages = port_behind(p.err(), "http://127.0.0.1:");
  const auto db = db_engine::connect(where);
  // Blocks the readers and their spares: later reads wait for their deadline, and no longer.
  std::vector<std::jthread> peers;
  for (int i = 0; i < 4; ++i)
    peers.emplace_back([&] {
      CAF_CHECK_EQUAL(code_of([&] { db.with({.timeout = 300ms}).fetch(stays); }), "timeout");
    });
  peers.clear();
  CAF_CHECK(p.says("is stuck in"));
  CAF_CHECK(eventually([&] { return http(pages, "/readyz").status == 503; }));
  CAF_CHECK_EQUAL(http(pages, "/healthz").status, 200); // for ten minutes
  p.signal(SIGTERM);
  CAF_CHECK_EQUAL(p.wait(), 0);
  CAF_CHECK(p.err().find("does not end and is abandoned") != std::string::npos);
  CAF_CHECK(p.err().find("stopped") != std::string::npos);
}

CAF_TEST(the pages report when no reader is left and when only a new process helps) {
  const engine_folder folder;
  manual_reset_event latch;
  system_config config;
  caf::actor_system system(config);
  caf::logger::set_current_actor_system(nullptr);
  app::serve::served_databases all;
  all.databases.push_back(std::make_unique<app::serve::database>(
      system, "a", folder.url(),
      options{.num_workers = 1, .shutdown_timeout = 100ms, .functions = {latch.as_function()}}));
  all.state = app::serve::server_state::ready;
  // With a bound of ten minutes, and with almost none.
  const auto late = app::serve::make_pages(all);
  const auto soon = app::serve::make_pages(all, 1ms);
  const auto status = [](const auto& pages, const char* path) { return pages.at(path)().status; };
  CAF_CHECK_EQUAL(status(late, "/readyz"), 200);
  CAF_CHECK_EQUAL(status(soon, "/healthz"), 200);
  CAF_CHECK(app::serve::reasons_to_restart(all, 1ms).empty());
  // The reader, then its spare when it has replaced the reader.
  CAF_CHECK(eventually([&] {
    caf::anon_send(all.databases[0]->engine(),
                   fetch_request{"SELECT hold()", {}, {.timeout = 50ms}});
    return status(soon, "/healthz") == 503;
  }));
  CAF_CHECK_EQUAL(status(late, "/readyz"), 503);
  CAF_CHECK_EQUAL(status(late, "/healthz"), 200);
  const auto body = late.at("/readyz")().body;
  CAF_CHECK(body.find("no reader is left") != std::string::npos);
  CAF_CHECK_EQUAL(app::serve::reasons_to_restart(all, 1ms).size(), 1u);
  CAF_CHECK(app::serve::reasons_to_restart(all).empty());
  latch.set();
  CAF_CHECK(eventually([&] { return status(soon, "/healthz") == 200; }));
  // The writer alone.
  latch.reset();
  caf::anon_send(all.databases[0]->engine(),
                 execute_request{"CREATE TABLE t AS SELECT hold()", {}, {.timeout = 10ms}});
  CAF_CHECK(eventually([&] { return status(soon, "/healthz") == 503; }));
  // An earlier read may run first; then the reader is reported first.
  CAF_CHECK(eventually([&] {
    return late.at("/readyz")().body.find("writer is stalled for") != std::string::npos;
  }));
  latch.set();
  CAF_CHECK(eventually([&] { return status(late, "/readyz") == 200; }));
}

CAF_TEST(a log that is not read stops neither deadlines nor the end) {
  const engine_folder folder;
  const auto pipe = folder.path / "log";
  CAF_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const int both = ::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  const std::string block(4096, 'x');
  std::size_t filled = 0;
  for (ssize_t n = 0; (n = ::write(both, block.data(), block.size())) > 0;)
    filled += static_cast<std::size_t>(n);
  const auto settings = folder.path / "settings.toml";
  std::ofstream(settings) << "[serve]\nlog_level = \"debug\"\n";
  const auto port = std::to_string(free_port());
  // The shell opens the pipe as standard error; it is full from the first line on.
  program p({"-c", "exec \"$0\" \"$@\" 2>\"$LOG\"", program_path(), "-c", settings.string(),
             "serve", (folder.path / "a.db").string(), "--http", "off", "--listen",
             "127.0.0.1:" + port},
            {{"LOG", pipe.string()}}, "/bin/sh");
  const auto connected = [&]() -> std::optional<db_engine> {
    try {
      return db_engine::connect("127.0.0.1:" + port);
    } catch (const error&) {
      return std::nullopt;
    }
  };
  std::optional<db_engine> db;
  CAF_REQUIRE(eventually([&] { return (db = connected()).has_value(); }));
  db->execute("CREATE TABLE t (x)");
  CAF_CHECK_EQUAL(code_of([&] {
                    db->with({.timeout = 500ms})
                        .fetch("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                               "SELECT count(*) FROM c");
                  }),
                  "timeout");
  CAF_CHECK(db->fetch_value<int>("SELECT count(*) FROM t") == 0);
  p.signal(SIGTERM);
  CAF_CHECK_EQUAL(p.wait(), 0);
  // Control: not a byte of the log was written.
  std::string text(filled + 65'536, '\0');
  std::size_t read = 0;
  for (ssize_t n = 0; (n = ::read(both, text.data() + read, text.size() - read)) > 0;)
    read += static_cast<std::size_t>(n);
  CAF_CHECK_EQUAL(read, filled);
  ::close(both);
}
