// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// The honest side of the guard's tests: the victim's process and a stock CAF client.
#pragma once

#include "support/process/child_process.hpp"
#include "support/wire/guard_wire.hpp"
#include "support/wire/raw_peer.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dbengine::test {

/// Runs the victim process; the destructor ends it.
class victim {
public:
  explicit victim(std::vector<std::string> arguments);

  /// 0 if the victim did not start.
  std::uint16_t port() const { return port_; }
  bool alive() { return process_.is_alive(); }

  /// The victim's current counters; empty if it is dead.
  std::map<std::string, long long> stats();

  /// Repeats the query until `holds` returns true or 10 s have passed.
  bool eventually(const std::function<bool(std::map<std::string, long long>&)>& holds);

  /// Kills the victim.
  void kill() { process_.kill(); }

  /// Shuts the victim down cleanly; returns its exit status as `waitpid` reports it.
  int end() { return process_.end(); }

private:
  child_process process_;
  std::uint16_t port_ = 0;
};

/// A separate CAF system with a handle of the victim's gateway.
class caf_client {
public:
  /// `certificates`: a folder of scripts/test-certificates; empty: no TLS.
  caf_client(std::uint16_t port, const std::string& certificates = {}, bool heartbeats = false);
  ~caf_client();

  /// Why there is no connection; empty if there is one.
  const std::string& trouble() const;
  bool connected() const { return trouble().empty(); }

  /// Requests the actor behind `port` again from the same system.
  bool reconnect(std::uint16_t port);

  /// Requests an echo and checks it; waits 5 s at most.
  bool echo(std::string_view body);
  /// The answer to any request; an error's text goes to `failure`.
  wire_answer ask_for(wire_request what, std::string& failure);
  /// Whether the end of the gateway or the connection is noticed within 10 s of `cause`.
  bool sees_down(const std::function<void()>& cause);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace dbengine::test
