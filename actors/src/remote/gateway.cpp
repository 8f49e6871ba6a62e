// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/gateway.hpp"

#include "error_map.hpp"
#include "message_codec.hpp"
#include "version.hpp"

#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include <cstring>

namespace dbengine::actors {

namespace {

using self_pointer = gateway_actor::stateful_pointer<gateway_state>;
using promise = caf::typed_response_promise<wire_answer>;
using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds held_for{30};

/// One request of one peer.
struct ticket {
  caf::actor_addr peer;
  std::uint64_t id = 0;
  promise answer;

  void deliver(wire_outcome o, std::string body) {
    answer.deliver(wire_answer{static_cast<std::uint8_t>(o), id, std::move(body)});
  }
  void refuse(const error_info& why) { deliver(wire_outcome::failure, detail::encode(why)); }
};

class serving {
public:
  serving(self_pointer self, engine_actor engine, access allowed, peer_limits limits)
      : self_(self), engine_(std::move(engine)), allowed_(allowed), limits_(limits) {}

  void request(wire_request& what, const caf::strong_actor_ptr& from, promise p) {
    if (!from) // nobody to answer
      return;
    ticket t{caf::actor_cast<caf::actor_addr>(from), what.id, std::move(p)};
    if (self_->state.peers.try_emplace(t.peer).second)
      self_->monitor(from);
    try {
      dispatch(what, t);
    } catch (...) {
      t.refuse(detail::current_exception_info());
    }
  }

  void gone(const caf::actor_addr& who) {
    const auto it = self_->state.peers.find(who);
    if (it == self_->state.peers.end())
      return;
    for (const auto& [id, r] : it->second.requests)
      if (r.reads)
        self_->send(engine_, cancel_request{r.token});
    for (const auto number : it->second.cursors)
      self_->send(engine_, cursor_close{{number}});
    for (const auto& [id, a] : it->second.answers)
      self_->state.held_bytes -= a.bytes.size();
    self_->state.peers.erase(it);
  }

private:
  void drop_old_answers() {
    const auto oldest = clock::now() - held_for;
    for (auto& [who, p] : self_->state.peers)
      std::erase_if(p.answers, [&](const auto& a) {
        if (a.second.since >= oldest)
          return false;
        self_->state.held_bytes -= a.second.bytes.size();
        return true;
      });
  }

  gateway_state::peer* find(const ticket& t) {
    const auto it = self_->state.peers.find(t.peer);
    return it == self_->state.peers.end() ? nullptr : &it->second;
  }

  template <class... Ts>
  static std::chrono::milliseconds read(const wire_request& what, Ts&... xs) {
    detail::decoder d(what.body, defaults::wire_decoded_bytes);
    std::int64_t timeout = 0;
    d(timeout, xs...);
    d.end();
    return std::chrono::milliseconds(timeout);
  }

  void dispatch(wire_request& what, ticket& t) {
    switch (static_cast<wire_kind>(what.kind)) {
    case wire_kind::hello: return hello(what, t);
    case wire_kind::execute: return write<execute_request, write_result>(what, t);
    case wire_kind::batch: return write<batch_request, batch_result>(what, t);
    case wire_kind::transaction: return write<transaction_request, transaction_result>(what, t);
    case wire_kind::script: return write<script_request, script_result>(what, t);
    case wire_kind::fetch: return fetch(what, t);
    case wire_kind::cursor_open: return open(what, t);
    case wire_kind::cursor_next: return next(what, t);
    case wire_kind::cursor_close: return close(what, t);
    case wire_kind::cancel: return cancel(what, t);
    case wire_kind::more: return more(what, t);
    case wire_kind::maintenance: return maintain(what, t);
    case wire_kind::backup: return write<backup_request, bool>(what, t);
    case wire_kind::backup_info: return ask<backup_info>(what, t, backup_info_request{});
    case wire_kind::statistics: return ask<statistics>(what, t, statistics_request{});
    case wire_kind::health: return ask<health_report>(what, t, health_request{});
    case wire_kind::database_info: return ask<database_info>(what, t, database_info_request{});
    }
    throw error(errc::protocol, "a request of unknown kind " + std::to_string(what.kind));
  }

  void check_writable() const {
    if (allowed_ == access::read_only)
      throw error(errc::read_only, "this port allows reading only");
  }

  /// Makes the request cancellable and hands it to the engine. `then` gets the result, `otherwise` the error.
  template <class Result, class Request, class F, class E>
  void run(ticket t, Request r, bool reads, F then, E otherwise) {
    const auto token = ++self_->state.last_token;
    if constexpr (requires { r.options; })
      r.options.cancel_token = token;
    find(t)->requests[t.id] = {token, reads};
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
                t.refuse(detail::current_exception_info());
              }
            },
            [t, done, otherwise](const caf::error& e) mutable {
              done();
              otherwise(t, to_info(e));
            });
  }
  template <class Result, class Request, class F>
  void run(ticket t, Request r, bool reads, F then) {
    run<Result>(std::move(t), std::move(r), reads, std::move(then),
                [](ticket& to, const error_info& why) { to.refuse(why); });
  }
  template <class Result>
  auto delivering() {
    return [this](ticket& to, const Result& x) { deliver(to, detail::encode(x)); };
  }

  /// Sends a result, in parts where it is large.
  void deliver(ticket& t, std::string bytes) {
    auto* p = find(t);
    if (p == nullptr)
      return t.deliver(wire_outcome::result, {}); // nobody is there to read it
    // So many unread answers, so much smaller the parts: together they stay below what the guard lets wait.
    const auto share = limits_.max_unread_output_bytes / 2 / (p->requests.size() + 1);
    const auto part = std::clamp(share, std::size_t{64} << 10, defaults::wire_part_bytes);
    if (bytes.size() <= part)
      return t.deliver(wire_outcome::result, std::move(bytes));
    drop_old_answers();
    auto& s = self_->state;
    if (s.held_bytes + bytes.size() > defaults::wire_held_bytes)
      return t.refuse({.code = errc::too_big,
                       .message = "the result has " + std::to_string(bytes.size()) +
                                  " bytes, more than this port may hold now (" +
                                  std::to_string(defaults::wire_held_bytes) +
                                  " for all its peers): use a cursor"});
    s.held_bytes += bytes.size();
    auto& h = p->answers[t.id];
    s.held_bytes -= h.bytes.size(); // an id used twice: the peer's own loss
    h = {std::move(bytes), 0, clock::now()};
    send_part(t, *p, t.id, part);
  }

  /// `whose`: the id of the request that made the answer; `t` may be one for more of it.
  void send_part(ticket& t, gateway_state::peer& p, std::uint64_t whose, std::size_t part) {
    auto& h = p.answers.at(whose);
    const auto n = std::min(part, h.bytes.size() - h.sent);
    auto body = detail::encode(static_cast<std::uint64_t>(h.bytes.size()));
    body.append(h.bytes, h.sent, n);
    h.sent += n;
    h.since = clock::now();
    if (h.sent == h.bytes.size()) {
      self_->state.held_bytes -= h.bytes.size();
      p.answers.erase(whose);
    }
    t.deliver(wire_outcome::part, std::move(body));
  }

  // -- the kinds ----------------------------------------------------------------------------------

  void hello(const wire_request& what, ticket& t) {
    // The version first: the rest of another one's greeting may look different.
    std::uint32_t protocol = 0;
    if (what.body.size() >= 12)
      std::memcpy(&protocol, what.body.data() + 8, sizeof protocol);
    if (protocol != wire_protocol)
      throw error(errc::protocol, "the server speaks version " + std::to_string(wire_protocol) +
                                      " of the protocol (dbengine " + std::string(version) +
                                      "), the client version " + std::to_string(protocol));
    std::string client;
    read(what, protocol, client);
    wire_welcome w{.version = std::string(version),
                   .read_only = allowed_ == access::read_only,
                   .max_frame_bytes = limits_.max_frame_bytes,
                   .max_requests = limits_.max_in_flight_requests,
                   .max_bytes = limits_.max_in_flight_bytes};
    t.deliver(wire_outcome::result, detail::encode(w));
  }

  template <class Request, class Result>
  void write(const wire_request& what, ticket& t) {
    check_writable();
    Request r;
    r.options.timeout = read(what, r);
    run<Result>(t, std::move(r), false, delivering<Result>());
  }

  template <class Result, class Request>
  void ask(const wire_request& what, ticket& t, Request r) {
    read(what);
    run<Result>(t, r, true, delivering<Result>());
  }

  void fetch(const wire_request& what, ticket& t) {
    fetch_request r;
    std::uint8_t may_write = 0;
    const auto timeout = read(what, r, may_write);
    r.options.timeout = timeout;
    const bool forbidden = allowed_ == access::read_only || r.options.read_only;
    if (forbidden)
      r.options.id.clear(); // its record is a write
    r.options.read_only = forbidden || may_write == 0;
    const bool ask_again = r.options.read_only && !forbidden;
    run<rows>(t, std::move(r), r.options.read_only, delivering<rows>(),
              [ask_again](ticket& to, const error_info& why) {
                if (ask_again && why.code == errc::read_only)
                  to.deliver(wire_outcome::needs_writer, {});
                else
                  to.refuse(why);
              });
  }

  void open(const wire_request& what, ticket& t) {
    cursor_open r;
    r.options.timeout = read(what, r);
    r.options.read_only = true;
    run<cursor_id>(t, std::move(r), true, [this](ticket& to, const cursor_id& x) {
      if (auto* p = find(to)) {
        p->cursors.insert(x.number);
        deliver(to, detail::encode(x));
      } else {
        self_->send(engine_, cursor_close{x});
        to.deliver(wire_outcome::result, {});
      }
    });
  }

  void next(const wire_request& what, ticket& t) {
    cursor_next r;
    r.timeout = read(what, r);
    const auto number = r.id.number;
    if (!find(t)->cursors.contains(number))
      throw error(errc::invalid_state, "cursor " + std::to_string(number) + " is not open");
    const auto forget = [this, peer = t.peer, number] {
      if (const auto it = self_->state.peers.find(peer); it != self_->state.peers.end())
        it->second.cursors.erase(number);
    };
    run<rows>(
        t, r, true,
        [this, forget](ticket& to, const rows& x) {
          if (x.empty())
            forget(); // the end: it is closed
          deliver(to, detail::encode(x));
        },
        [forget](ticket& to, const error_info& why) {
          forget(); // it is closed by its failure
          to.refuse(why);
        });
  }

  void close(const wire_request& what, ticket& t) {
    cursor_close r;
    read(what, r);
    if (find(t)->cursors.erase(r.id.number) != 0)
      self_->send(engine_, r);
    t.deliver(wire_outcome::result, {});
  }

  void cancel(const wire_request& what, ticket& t) {
    std::uint64_t id = 0;
    read(what, id);
    auto* p = find(t);
    if (const auto it = p->requests.find(id); it != p->requests.end())
      self_->send(engine_, cancel_request{it->second.token});
    if (const auto it = p->answers.find(id); it != p->answers.end()) {
      self_->state.held_bytes -= it->second.bytes.size();
      p->answers.erase(it);
    }
    t.deliver(wire_outcome::result, {});
  }

  void more(const wire_request& what, ticket& t) {
    std::uint64_t id = 0;
    read(what, id);
    auto* p = find(t);
    if (!p->answers.contains(id))
      throw error(errc::invalid_state, "there is no more of the answer " + std::to_string(id));
    send_part(t, *p, id, defaults::wire_part_bytes);
  }

  void maintain(const wire_request& what, ticket& t) {
    maintenance_request r;
    r.options.timeout = read(what, r);
    const bool reads =
        r.what == maintenance_kind::integrity_check || r.what == maintenance_kind::quick_check;
    if (!reads)
      check_writable();
    run<maintenance_result>(t, std::move(r), reads, delivering<maintenance_result>());
  }

  self_pointer self_;
  engine_actor engine_;
  access allowed_;
  peer_limits limits_;
};

} // namespace

gateway_actor::behavior_type gateway(self_pointer self, engine_actor engine, access allowed,
                                     peer_limits limits) {
  auto work = std::make_shared<serving>(self, std::move(engine), allowed, limits);
  self->set_down_handler([work](caf::scheduled_actor*, caf::down_msg& m) { work->gone(m.source); });
  return {
      [self, work](wire_request& what) -> caf::result<wire_answer> {
        const auto from = self->current_sender(); // the promise takes it away
        auto p = self->make_response_promise<wire_answer>();
        work->request(what, from, p);
        return p;
      },
  };
}

} // namespace dbengine::actors
