// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>
#include <dbengine/options.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>

#include <cstdint>
#include <string>

#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dbengine::test {

/// A server of an engine in a separate process, where no call fails.
/// Thread safety: one thread; no other thread may exist during construction, which forks.
/// Ownership: the object kills the process.
class forked_server {
public:
  struct config : caf::actor_system_config {
    config() {
      load<caf::io::middleman>();
      set("scheduler.policy", caf::atom("sharing"));
      actors::setup(*this);
    }
  };

  /// Serves the database with these options from a forked process.
  forked_server(const std::string& url, const options& o) {
    int to_us[2];
    if (::pipe(to_us) != 0)
      ::_exit(3);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::alarm(0);
      config settings;
      caf::actor_system system(settings);
      const auto engine = actors::spawn_engine(system, url, o);
      // A low limit, so that some of the concurrent requests have to wait.
      const auto port = actors::publish(system, engine, {.limits = {.max_in_flight_requests = 18}});
      std::uint16_t number = port ? *port : 0;
      if (::write(to_us[1], &number, sizeof number) != sizeof number)
        ::_exit(3);
      for (;;)
        ::pause();
    }
    if (::read(to_us[0], &port_, sizeof port_) != sizeof port_ || port_ == 0)
      ::_exit(3);
    ::close(to_us[0]);
    ::close(to_us[1]);
  }
  ~forked_server() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  forked_server(const forked_server&) = delete;
  forked_server& operator=(const forked_server&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// Closes this process's connections to the server, like a network failure.
  void cut() const {
    for (int fd = 3; fd < 256; ++fd) {
      sockaddr_in to{};
      socklen_t size = sizeof to;
      if (::getpeername(fd, reinterpret_cast<sockaddr*>(&to), &size) == 0 &&
          to.sin_family == AF_INET && ntohs(to.sin_port) == port_)
        ::shutdown(fd, SHUT_RDWR);
    }
  }

private:
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

} // namespace dbengine::test
