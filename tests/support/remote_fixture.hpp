// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A process that serves an engine, for suites that use it over the wire.
// Thread rule: each object belongs to one thread. Ownership: the process ends with the object.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace dbengine::test {

class server {
public:
  /// `arguments`: of bin/remote_server, after the URL.
  explicit server(const std::string& url, std::vector<std::string> arguments = {});
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Why it does not serve; empty: it does.
  const std::string& trouble() const noexcept { return trouble_; }
  std::uint16_t port() const noexcept { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  pid_t pid() const noexcept { return pid_; }

  /// Its answer to a line; empty where it is dead.
  std::string ask(const std::string& line);
  void signal(int number) const;
  /// kill -9.
  void kill();
  /// Ends it in good order; its exit status as `waitpid` gives it.
  int end();

private:
  std::string line();

  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  int status_ = -1;
  std::uint16_t port_ = 0;
  std::string trouble_;
};

} // namespace dbengine::test
