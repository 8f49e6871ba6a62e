// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A gateway without a port: each `gateway_peer` is a separate connection, which ends with its
// actor.
// Thread safety: one thread.
// Ownership: the peers end before the scene.

#pragma once

#include "remote/server/decoder.hpp"
#include "remote/server/gateway.hpp"
#include "system/message_codec.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace dbengine::test {

class gateway_scene {
public:
  using decoding =
      actors::remote::decoder_actor::behavior_type (*)(actors::remote::decoder_actor::pointer);

  explicit gateway_scene(options o = {}, actors::remote::gateway_rules rules = {},
                         const std::string& url = "sqlite://",
                         decoding how = actors::remote::decoder)
      : system_(config_) {
    caf::logger::set_current_actor_system(nullptr);
    engine_ = actors::spawn_engine(system_, url, std::move(o));
    decoder_ = system_.spawn<caf::detached>(how);
    rules.decoder = decoder_;
    gateway_ = system_.spawn(actors::remote::gateway, engine_, std::move(rules));
  }
  ~gateway_scene() {
    caf::anon_send_exit(gateway_, caf::exit_reason::user_shutdown);
    gateway_ = nullptr;
    caf::anon_send_exit(decoder_, caf::exit_reason::user_shutdown);
    decoder_ = nullptr;
    actors::shutdown(system_, engine_, std::chrono::milliseconds(100));
    engine_ = nullptr;
  }
  gateway_scene(const gateway_scene&) = delete;
  gateway_scene& operator=(const gateway_scene&) = delete;

  caf::actor_system& system() { return system_; }
  const actors::remote::gateway_actor& gateway() const { return gateway_; }

private:
  struct config : caf::actor_system_config {
    config() { actors::setup(*this); }
  };
  config config_;
  caf::actor_system system_;
  engine_actor engine_;
  actors::remote::decoder_actor decoder_;
  actors::remote::gateway_actor gateway_;
};

/// One connection.
class gateway_peer {
public:
  explicit gateway_peer(gateway_scene& s) : scene_(s), self_(std::in_place, s.system()) {
    caf::logger::set_current_actor_system(nullptr);
  }
  ~gateway_peer() { hang_up(); }
  gateway_peer(const gateway_peer&) = delete;
  gateway_peer& operator=(const gateway_peer&) = delete;

  /// Sends a request without waiting for the answer. The id is the next one, unless given.
  std::uint64_t send(actors::remote::wire_kind k, std::string body, std::uint64_t id = 0) {
    const auto used = id != 0 ? id : ++last_;
    under_way_.emplace_back(
        used, (*self_)->request(scene_.gateway(), caf::infinite,
                                actors::remote::wire_request{static_cast<std::uint8_t>(k), used,
                                                             std::move(body)}));
    return used;
  }
  /// The answer to the oldest request without one.
  actors::remote::wire_answer receive() {
    actors::remote::wire_answer answer{99, 0, {}};
    auto next = std::move(under_way_.front().second);
    under_way_.pop_front();
    next.receive([&](actors::remote::wire_answer& a) { answer = std::move(a); },
                 [](const caf::error&) {});
    caf::logger::set_current_actor_system(nullptr);
    return answer;
  }
  actors::remote::wire_answer ask(actors::remote::wire_kind k, std::string body,
                                  std::uint64_t id = 0) {
    send(k, std::move(body), id);
    auto mine = std::move(under_way_.back());
    under_way_.pop_back();
    under_way_.push_front(std::move(mine));
    return receive();
  }
  void hang_up() {
    under_way_.clear();
    self_.reset();
    caf::logger::set_current_actor_system(nullptr);
  }

private:
  using handle = decltype(std::declval<caf::scoped_actor&>()->request(
      std::declval<actors::remote::gateway_actor>(), caf::infinite,
      actors::remote::wire_request{}));

  gateway_scene& scene_;
  std::optional<caf::scoped_actor> self_;
  std::deque<std::pair<std::uint64_t, handle>> under_way_;
  std::uint64_t last_ = 0;
};

template <class... Ts>
std::string wire_body(std::chrono::milliseconds timeout, const Ts&... xs) {
  return base::encode(static_cast<std::int64_t>(timeout.count()), xs...);
}

inline std::string fetch_body(const std::string& sql,
                              std::chrono::milliseconds timeout = std::chrono::seconds(20),
                              bool may_write = false) {
  return wire_body(timeout, fetch_request{sql, {}, {}}, static_cast<std::uint8_t>(may_write));
}

inline std::string execute_body(const std::string& sql, params p = {},
                                std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
  return wire_body(timeout, execute_request{sql, std::move(p), {}});
}

inline error_info failure_in(const actors::remote::wire_answer& a) {
  error_info why;
  if (a.outcome == static_cast<std::uint8_t>(actors::remote::wire_outcome::failure))
    base::decode(a.body, why);
  else if (a.outcome != static_cast<std::uint8_t>(actors::remote::wire_outcome::result) &&
           a.outcome != static_cast<std::uint8_t>(actors::remote::wire_outcome::part))
    why.code = errc::internal;
  return why;
}

inline std::string code_in(const actors::remote::wire_answer& a) {
  return std::string(to_string(failure_in(a).code));
}

constexpr std::chrono::minutes ten_minutes{10};
/// Never ends by itself, and can be interrupted.
inline const std::string endless =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";

} // namespace dbengine::test
