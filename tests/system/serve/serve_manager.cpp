// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of `dbengine serve` under a service manager: what it sends to systemd's socket, and the
// unit file.
//
//   manager (this test)                         server
//   binds NOTIFY_SOCKET, starts -------------->  opens
//                            <----------------- READY=1
//                            <----------------- WATCHDOG=1, repeatedly
//   SIGHUP ----------------------------------->
//                            <----------------- RELOADING=1, READY=1
//   SIGTERM ---------------------------------->
//                            <----------------- STOPPING=1, then it ends with 0

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/process/program.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <system_error>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine::test;

namespace {

// The manager's end of the notification protocol.
class manager {
public:
  /// `name` is a path, or an abstract name after '@'.
  explicit manager(const std::string& name)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), std::min(name.size(), sizeof at.sun_path));
    if (name[0] == '@')
      at.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    const timeval limit{60, 0};
    if (::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        ::bind(socket_, reinterpret_cast<const sockaddr*>(&at), size) != 0)
      throw std::system_error(errno, std::generic_category(), name);
  }
  ~manager() { ::close(socket_); }
  manager(const manager&) = delete;
  manager& operator=(const manager&) = delete;

  /// The next message, empty if none comes.
  std::string next() const {
    std::array<char, 4096> buffer{};
    const auto n = ::recv(socket_, buffer.data(), buffer.size(), 0);
    return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : std::string();
  }
  /// The next message that is no sign of life.
  std::string next_but_alive() const {
    for (;;)
      if (const auto text = next(); text != "WATCHDOG=1")
        return text;
  }

private:
  int socket_;
};

} // namespace

CAF_TEST(the manager hears of start and reload and end) {
  const engine_folder folder;
  for (const auto& name : std::vector<std::string>{
           (folder.path / "notify").string(), "@dbengine-test-" + std::to_string(::getpid())}) {
    const manager systemd(name);
    program server({"serve", (folder.path / "a.db").string()}, {{"NOTIFY_SOCKET", name}});
    CAF_CHECK(systemd.next().starts_with("READY=1\nSTATUS=serving 1 database"));
    server.signal(SIGHUP);
    CAF_CHECK(systemd.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    CAF_CHECK(systemd.next().starts_with("READY=1"));
    server.signal(SIGTERM);
    CAF_CHECK(systemd.next().starts_with("STOPPING=1"));
    CAF_CHECK_EQUAL(server.wait(), 0);
  }
}

CAF_TEST(the watchdog is fed only where it watches this process) {
  const engine_folder folder;
  const auto name = (folder.path / "notify").string();
  const manager systemd(name);
  program server({"serve", (folder.path / "a.db").string()},
                 {{"NOTIFY_SOCKET", name}, {"WATCHDOG_USEC", "200000"}});
  CAF_CHECK(systemd.next().starts_with("READY=1"));
  for (int i = 0; i < 3; ++i)
    CAF_CHECK_EQUAL(systemd.next(), "WATCHDOG=1");
  server.signal(SIGTERM);
  CAF_CHECK(systemd.next_but_alive().starts_with("STOPPING=1"));
  CAF_CHECK_EQUAL(server.wait(), 0);

  program other({"serve", (folder.path / "a.db").string()},
                {{"NOTIFY_SOCKET", name}, {"WATCHDOG_USEC", "200000"}, {"WATCHDOG_PID", "1"}});
  CAF_CHECK(systemd.next().starts_with("READY=1"));
  other.signal(SIGHUP);
  CAF_CHECK(systemd.next().starts_with("RELOADING=1"));
  CAF_CHECK(systemd.next().starts_with("READY=1"));
  other.signal(SIGTERM);
  CAF_CHECK(systemd.next().starts_with("STOPPING=1"));
}

CAF_TEST(a socket that cannot be used is said) {
  const engine_folder folder;
  program server({"serve", (folder.path / "a.db").string()}, {{"NOTIFY_SOCKET", "notify"}});
  CAF_CHECK_EQUAL(server.wait(), 1);
  CAF_CHECK(server.err().find("NOTIFY_SOCKET notify") != std::string::npos);
}

CAF_TEST(the unit file starts the program as it is) {
  std::ifstream in(DBENGINE_SOURCE_DIR "/app/dbengine.service.in");
  const std::string unit((std::istreambuf_iterator<char>(in)), {});
  for (const char* line :
       {"Type=notify\n",
        "ExecStart=\"@CMAKE_INSTALL_FULL_BINDIR@/dbengine\" -c /etc/dbengine.toml serve\n",
        "ExecReload=/bin/kill -HUP $MAINPID\n", "WatchdogSec="})
    if (unit.find(line) == std::string::npos)
      CAF_ERROR("dbengine.service has no " << line);
  CAF_CHECK(!unit.empty());
}

CAF_TEST(systemd finds nothing wrong with the unit file) {
  if (!has_program("systemd-analyze"))
    DBENGINE_SKIP("no systemd-analyze here");
  std::ifstream in(DBENGINE_SOURCE_DIR "/app/dbengine.service.in");
  std::string unit((std::istreambuf_iterator<char>(in)), {});
  const std::string place = "@CMAKE_INSTALL_FULL_BINDIR@";
  CAF_REQUIRE(unit.find(place) != std::string::npos);
  unit.replace(unit.find(place), place.size(), DBENGINE_BIN_DIR);
  const engine_folder folder;
  const auto verify = [&](const std::string& text) {
    const auto file = folder.path / "dbengine.service";
    std::ofstream(file) << text;
    return run({"verify", "--man=no", file.string()}, {.program = "/usr/bin/systemd-analyze"});
  };
  const auto r = verify(unit);
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK_EQUAL(r.out + r.err, "");
  // Negative control.
  CAF_CHECK(verify(unit + "[Sevice]\nWatchdogSecs=1\n").err.find("Sevice") != std::string::npos);
}
