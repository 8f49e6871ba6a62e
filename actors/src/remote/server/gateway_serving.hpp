// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The gateway's requests: checked, bounded, sent to the engine, answered.
// Thread safety: the gateway's thread.

#pragma once

#include "base/error_map.hpp"
#include "remote/server/decode_line.hpp"
#include "remote/server/gateway.hpp"
#include "remote/server/paged_responses.hpp"
#include "remote/server/peer_request.hpp"
#include "system/message_codec.hpp"
#include "system/request_effects.hpp"

#include <algorithm>

namespace dbengine::actors::remote {

class gateway_serving {
public:
  using self_pointer = local_gateway_actor::stateful_pointer<gateway_state>;

  gateway_serving(self_pointer self, engine_actor engine, gateway_rules rules);

  /// `number`: of the request, as CAF counts those of its sender.
  void request(wire_request& what, const caf::strong_actor_ptr& from, std::uint64_t number,
               peer_request::promise p);
  void peer_down(const caf::actor_addr& who);
  /// Stops the last write first: a client that resends the writes on another connection must find
  /// that every write before an executed one was executed, too.
  void stop_orphans(const std::vector<std::uint64_t>& writes);

private:
  using clock = std::chrono::steady_clock;

  /// The gateway survives any failure of one request: without the gateway the port would answer no
  /// peer.
  static void refuse_with_current_exception(peer_request& t) noexcept;
  gateway_state::peer* find(const peer_request& t);
  /// Checks that the id is unused: an answer, a cancellation and a connection's end find a request
  /// by it.
  void check_unused(const gateway_state::peer& p, const peer_request& t) const;
  /// Checked before the request is decoded, which may be expensive.
  void check_allowed(const wire_request& what) const;
  void check_writable() const;
  /// A peer's timeout, or the longest permitted one if the table says that a timeout bounds the
  /// request.
  template <class Request>
  void set_timeout(Request& r, std::chrono::milliseconds timeout) const {
    if (system::row_of<Request>::rule.bounded)
      timeout = std::min(timeout, limits_.max_timeout);
    if constexpr (requires { r.options; })
      r.options.timeout = timeout;
    else if constexpr (requires { r.timeout; })
      r.timeout = timeout;
  }
  void dispatch(wire_request& what, peer_request& t);
  void ask(decoded_request& d, peer_request& t);

  void greet(const wire_request& what, peer_request& t);
  void fetch(fetch_request& r, bool may_write, peer_request& t);
  void serve(backup_request& r, peer_request& t);
  void serve(statistics_request& r, peer_request& t);
  void cancel(const wire_request& what, peer_request& t);
  void next_part(const wire_request& what, peer_request& t);

  // In gateway_cursors.cpp.
  void serve(cursor_open& r, peer_request& t);
  void serve(cursor_next& r, peer_request& t);
  void serve(cursor_close& r, peer_request& t);
  /// The number of open cursors of all connections of the peer.
  std::size_t cursors_of(std::uint64_t number) const;
  /// Forgets cursors that the engine has closed because they were idle.
  void forget_idle_cursors(std::uint64_t number);

  template <class... Ts>
  static std::chrono::milliseconds read(const wire_request& what, Ts&... xs) {
    base::decoder d(what.body, defaults::wire_decoded_bytes);
    std::int64_t timeout = 0;
    d(timeout, xs...);
    d.end();
    return std::chrono::milliseconds(timeout);
  }

  /// Makes the request cancellable and sends it to the engine. `then` receives the result,
  /// `otherwise` the error.
  template <class Result, class Request, class F, class E>
  void run(peer_request t, Request r, bool reads, F then, E otherwise) {
    const auto token = ++self_->state.last_token;
    t.writes = !reads;
    auto& mine = *find(t);
    if constexpr (requires { r.peer; })
      r.peer = mine.number;
    if constexpr (requires { r.options; }) {
      r.options.cancel_token = token;
      r.options.peer = mine.number;
      auto& most = r.options.max_result_bytes;
      if (most == 0 || most > limits_.max_answer_bytes)
        most = limits_.max_answer_bytes;
    }
    mine.requests[t.id] = {token, reads};
    const auto done = [this, peer = t.peer, id = t.id, token] {
      const auto p = self_->state.peers.find(peer);
      if (p == self_->state.peers.end())
        return;
      if (const auto it = p->second.requests.find(id);
          it != p->second.requests.end() && it->second.token == token)
        p->second.requests.erase(it);
    };
    self_->request(engine_, caf::infinite, std::move(r))
        .then(
            [t, done, then](const Result& x) mutable {
              done();
              try {
                then(t, x);
              } catch (...) {
                refuse_with_current_exception(t);
              }
            },
            [t, done, otherwise](const caf::error& e) mutable {
              done();
              try {
                otherwise(t, to_info(e));
              } catch (...) {
                refuse_with_current_exception(t);
              }
            });
  }
  template <class Result, class Request, class F>
  void run(peer_request t, Request r, bool reads, F then) {
    run<Result>(std::move(t), std::move(r), reads, std::move(then),
                [](peer_request& to, const error_info& why) { to.refuse(why); });
  }
  template <class Result>
  auto delivering() {
    return [this](peer_request& to, const Result& x) { deliver(to, x); };
  }

  /// Sends a result, in parts if it is large. False if it was refused.
  template <class Result>
  bool deliver(peer_request& t, const Result& x) {
    auto* p = find(t);
    if (p == nullptr) { // its peer has disconnected
      t.deliver(wire_outcome::result, {});
      return true;
    }
    // The more answers are unread, the smaller the parts, so that their sum stays below the guard's
    // output limit.
    const auto share = limits_.max_unread_output_bytes / 2 / (p->requests.size() + 1);
    const auto part = std::clamp(share, std::size_t{64} << 10, defaults::wire_part_bytes);
    // Checked before the result is encoded: encoding takes as much memory again.
    if (const auto n = memory_of(x); n > part && !answers_.may_hold(t, n))
      return false;
    auto bytes = base::encode(x);
    if (bytes.size() <= part) {
      t.deliver(wire_outcome::result, std::move(bytes));
      return true;
    }
    if (!answers_.may_hold(t, bytes.size()))
      return false;
    answers_.hold(t, std::move(bytes), part);
    return true;
  }

  /// All requests without special handling.
  template <class Request>
  void serve(Request& r, peer_request& t) {
    using result = typename system::row_of<Request>::result;
    const bool writes = system::changes(r);
    if (writes)
      check_writable();
    run<result>(t, std::move(r), !writes, delivering<result>());
  }

  self_pointer self_;
  engine_actor engine_;
  gateway_rules rules_;
  const peer_limits limits_;
  paged_responses answers_;
  decode_line line_;
};

} // namespace dbengine::actors::remote
