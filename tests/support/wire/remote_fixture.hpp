// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Processes that serve an engine, and processes that use one over the wire.
// Thread safety: each object belongs to one thread.
// Ownership: the process ends with the object.

#pragma once

#include "support/eventually.hpp"
#include "support/process/child_process.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace dbengine::test {

/// Returns true as soon as `f` does. What is tested takes seconds, so `f` must become true within
/// 20 s.
template <class F>
bool comes_soon(F&& f) {
  return eventually(f, std::chrono::seconds(20));
}

/// Runs bin/remote_server.
class server {
public:
  /// `arguments`: those after the URL. `in`: words before the program, such as "ip netns exec
  /// NAME".
  explicit server(const std::string& url, std::vector<std::string> arguments = {},
                  std::vector<std::string> in = {});

  /// Why the server does not serve; empty if it does.
  const std::string& trouble() const noexcept { return trouble_; }
  std::uint16_t port() const noexcept { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  pid_t pid() const noexcept { return process_.pid(); }
  /// The number of open cursors; -1 if the server is dead.
  int cursors();
  void signal(int number) const { process_.signal(number); }
  void kill() { process_.kill(); }
  int end() { return process_.end(); }

private:
  child_process process_;
  std::uint16_t port_ = 0;
  std::string trouble_;
};

} // namespace dbengine::test
