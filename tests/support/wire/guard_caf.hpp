// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// The guard's tests from the honest side: the victim's process and a stock CAF client.
#pragma once

#include "support/wire/guard_wire.hpp"
#include "support/wire/raw_peer.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace dbengine::test {

/// Runs the victim; ends it when destroyed.
class victim {
public:
  explicit victim(std::vector<std::string> arguments);
  ~victim();
  victim(const victim&) = delete;
  victim& operator=(const victim&) = delete;

  /// 0: it did not start.
  std::uint16_t port() const { return port_; }
  bool alive();

  /// What its counters say now; empty when it is dead.
  std::map<std::string, long long> stats();

  /// Asks until `holds` or 10 s have passed.
  bool eventually(const std::function<bool(std::map<std::string, long long>&)>& holds);

  /// Ends it at once.
  void kill();

  /// Ends it in good order; its exit status as `waitpid` gives it.
  int end();

private:
  bytes line();

  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  int status_ = -1;
  std::uint16_t port_ = 0;
};

/// A CAF system of its own with a handle of the victim's gateway.
class caf_client {
public:
  /// `certificates`: a folder of scripts/test-certificates, empty: no TLS.
  caf_client(std::uint16_t port, const std::string& certificates = {}, bool heartbeats = false);
  ~caf_client();

  /// Why there is no connection; empty: there is one.
  const std::string& trouble() const;
  bool connected() const { return trouble().empty(); }

  /// Asks the same system for the actor behind `port` again.
  bool reconnect(std::uint16_t port);

  /// Asks for an echo and checks it; 5 s at most.
  bool echo(std::string_view body);
  /// Any request's answer; an error's text goes to `failure`.
  wire_answer ask_for(wire_request what, std::string& failure);
  /// Whether the gateway's end or the connection's is seen within 10 s of `cause`.
  bool sees_down(const std::function<void()>& cause);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace dbengine::test
