// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/database.hpp"

#include "serve/address.hpp"
#include "serve/log.hpp"

#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>

namespace dbengine::app::serve {

namespace {

// Sends the request from a temporary actor: a blocking actor with a timeout would leak a little
// memory with each request.
template <class Result, class Request>
std::future<Result> send_request(caf::actor_system& system, const engine_actor& engine,
                                 std::chrono::milliseconds timeout) {
  auto answer = std::make_shared<std::promise<Result>>();
  auto result = answer->get_future();
  system.spawn([engine, answer, timeout](caf::event_based_actor* self) {
    self->request(engine, timeout, Request{})
        .then([answer](Result& r) { answer->set_value(std::move(r)); },
              [answer](const caf::error& e) {
                answer->set_exception(std::make_exception_ptr(actors::to_error(e)));
              });
  });
  return result;
}

// Waits for a promise that an actor holds. If the actor is killed with its system, the promise
// breaks, so that the wait ends.
template <class Result>
Result wait_for(std::future<Result>& from) {
  try {
    return from.get();
  } catch (const std::future_error&) {
    throw dbengine::error(errc::shut_down, "the server is stopping");
  }
}

template <class Result>
std::optional<Result> wait_for_optional(std::future<Result>& from) {
  try {
    return wait_for(from);
  } catch (const dbengine::error& e) {
    if (e.code() == errc::shut_down)
      throw;
    return std::nullopt;
  }
}

} // namespace

database::database(caf::actor_system& system, std::string name, const std::string& url, options o)
    : system_(system), name_(std::move(name)), shutdown_timeout_(o.shutdown_timeout),
      engine_(actors::spawn_engine(system, url, std::move(o))) {}

database::~database() {
  drain();
}

snapshot database::collect_snapshot(std::chrono::milliseconds timeout) const {
  using clock = std::chrono::steady_clock;
  const auto deadline = clock::now() + timeout;
  // Read before the other requests are sent: the statistics would count them in the engine's queue.
  auto statistics =
      send_request<dbengine::statistics, statistics_request>(system_, engine_, timeout);
  snapshot s{.statistics = wait_for(statistics), .health = health()};
  const auto left = std::max(std::chrono::milliseconds(1),
                             std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()));
  auto file = send_request<database_info, database_info_request>(system_, engine_, left);
  auto backup = send_request<backup_info, backup_info_request>(system_, engine_, left);
  if (port_ != 0)
    s.peers = actors::statistics_of(engine_, port_);
  // The other parts report why one of these is missing: health reports what is wrong with the file.
  s.database = wait_for_optional(file);
  s.backup = wait_for_optional(backup);
  return s;
}

void database::publish(const publish_options& how) {
  const auto port = actors::publish(system_, engine_, how);
  if (!port)
    throw actors::to_error(port.error());
  port_ = *port;
  where_ = address{.host = how.host, .port = *port}.text();
  log_info("database " + name_ + ": published at " + where_ + (how.tls.empty() ? "" : ", TLS") +
           (how.access == access::read_only ? ", read-only" : ""));
}

std::vector<std::string> database::drain() {
  return actors::shutdown(system_, engine_, shutdown_timeout_);
}

} // namespace dbengine::app::serve
