// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/gateway.hpp"

#include "error_map.hpp"
#include "log.hpp"
#include "message_codec.hpp"
#include "patience.hpp"
#include "remote/held_answers.hpp"
#include "remote/ticket.hpp"
#include "version.hpp"
#include "worker_failure.hpp"

#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include <cstring>

namespace dbengine::actors {

namespace {

using self_pointer = local_gateway_actor::stateful_pointer<gateway_state>;
using promise = ticket::promise;
using clock = std::chrono::steady_clock;

class serving {
public:
  serving(self_pointer self, engine_actor engine, access allowed, peer_limits limits)
      : self_(self), engine_(std::move(engine)), allowed_(allowed), limits_(limits),
        answers_(limits) {}

  void request(wire_request& what, const caf::strong_actor_ptr& from, promise p) {
    if (!from) // nobody to answer
      return;
    ticket t{caf::actor_cast<caf::actor_addr>(from), what.id, std::move(p)};
    try {
      if (self_->state.peers.try_emplace(t.peer).second)
        self_->monitor(from);
      dispatch(what, t);
    } catch (...) {
      give_up(t);
    }
  }

  void gone(const caf::actor_addr& who) {
    const auto it = self_->state.peers.find(who);
    if (it == self_->state.peers.end())
      return;
    for (const auto& [id, r] : it->second.requests)
      if (r.reads)
        self_->send(engine_, cancel_request{r.token});
    for (const auto& [number, used] : it->second.cursors)
      self_->send(engine_, cursor_close{{number}});
    answers_.forget(who);
    self_->state.peers.erase(it);
  }

private:
  /// Whatever happens to one request, the gateway goes on: without it the port would answer nobody.
  static void give_up(ticket& t) noexcept {
    const auto why = detail::current_exception_info();
    if (!detail::patiently_or_not([&] { t.refuse(why); }))
      detail::log(detail::log_level::error, "no memory to tell a peer that there is none");
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
    case wire_kind::statistics: return tell_statistics(what, t);
    case wire_kind::health: return ask<health_report>(what, t, health_request{});
    case wire_kind::database_info: return ask<database_info>(what, t, database_info_request{});
    }
    throw error(errc::protocol, "a request of unknown kind " + std::to_string(what.kind));
  }

  /// A peer's deadline, or the latest that it may have.
  std::chrono::milliseconds bounded(std::chrono::milliseconds timeout) const {
    return std::min(timeout, limits_.max_timeout);
  }

  void check_writable() const {
    if (allowed_ == access::read_only)
      throw error(errc::read_only, "this port allows reading only");
  }

  /// Makes the request cancellable and hands it to the engine. `then` gets the result, `otherwise` the error.
  template <class Result, class Request, class F, class E>
  void run(ticket t, Request r, bool reads, F then, E otherwise) {
    const auto token = ++self_->state.last_token;
    t.writes = !reads;
    if constexpr (requires { r.options; }) {
      r.options.cancel_token = token;
      auto& most = r.options.max_result_bytes;
      if (most == 0 || most > limits_.max_answer_bytes)
        most = limits_.max_answer_bytes;
    }
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
                give_up(t);
              }
            },
            [t, done, otherwise](const caf::error& e) mutable {
              done();
              try {
                otherwise(t, to_info(e));
              } catch (...) {
                give_up(t);
              }
            });
  }
  template <class Result, class Request, class F>
  void run(ticket t, Request r, bool reads, F then) {
    run<Result>(std::move(t), std::move(r), reads, std::move(then),
                [](ticket& to, const error_info& why) { to.refuse(why); });
  }
  template <class Result>
  auto delivering() {
    return [this](ticket& to, const Result& x) { deliver(to, x); };
  }

  /// Sends a result, in parts where it is large. False where it was refused.
  template <class Result>
  bool deliver(ticket& t, const Result& x) {
    auto* p = find(t);
    if (p == nullptr) { // nobody is there to read it
      t.deliver(wire_outcome::result, {});
      return true;
    }
    // So many unread answers, so much smaller the parts: together they stay below what the guard lets wait.
    const auto share = limits_.max_unread_output_bytes / 2 / (p->requests.size() + 1);
    const auto part = std::clamp(share, std::size_t{64} << 10, defaults::wire_part_bytes);
    // Looked at before it is encoded, too: that takes as much again.
    if (const auto n = memory_of(x); n > part && !answers_.may_hold(t, n))
      return false;
    auto bytes = detail::encode(x);
    if (bytes.size() <= part) {
      t.deliver(wire_outcome::result, std::move(bytes));
      return true;
    }
    if (!answers_.may_hold(t, bytes.size()))
      return false;
    answers_.hold(t, std::move(bytes), part);
    return true;
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
    const auto timeout = read(what, r);
    r.options.timeout = std::is_same_v<Request, backup_request> ? timeout : bounded(timeout);
    run<Result>(t, std::move(r), false, delivering<Result>());
  }

  template <class Result, class Request>
  void ask(const wire_request& what, ticket& t, Request r) {
    read(what);
    run<Result>(t, r, true, delivering<Result>());
  }

  void tell_statistics(const wire_request& what, ticket& t) {
    read(what);
    run<statistics>(t, statistics_request{}, true, [this](ticket& to, const statistics& x) {
      // Their texts hold the literals of others, who may see more than this port shows.
      statistics shown = x;
      if (allowed_ == access::read_only)
        shown.slowest.clear();
      deliver(to, shown);
    });
  }

  void fetch(const wire_request& what, ticket& t) {
    fetch_request r;
    std::uint8_t may_write = 0;
    const auto timeout = read(what, r, may_write);
    r.options.timeout = bounded(timeout);
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
    const auto timeout = read(what, r);
    r.options.timeout = bounded(timeout);
    r.options.read_only = true;
    auto& mine = *find(t);
    if (mine.cursors.size() + mine.opening >= limits_.max_cursors)
      forget_idle_cursors(mine);
    if (mine.cursors.size() + mine.opening >= limits_.max_cursors)
      throw error(errc::overloaded, "this peer has " + std::to_string(limits_.max_cursors) +
                                        " cursors open, as many as it may");
    ++mine.opening;
    run<cursor_id>(
        t, std::move(r), true,
        [this](ticket& to, const cursor_id& x) {
          if (auto* p = find(to)) {
            --p->opening;
            p->cursors[x.number] = clock::now();
          } else {
            self_->send(engine_, cursor_close{x});
          }
          deliver(to, x);
        },
        [this](ticket& to, const error_info& why) {
          if (auto* p = find(to))
            --p->opening;
          to.refuse(why);
        });
  }

  /// The engine closes them by itself when nobody asks for so long.
  void forget_idle_cursors(gateway_state::peer& p) {
    const auto oldest = clock::now() - defaults::cursor_idle;
    for (auto c = p.cursors.begin(); c != p.cursors.end();) {
      if (c->second < oldest) {
        self_->send(engine_, cursor_close{{c->first}});
        c = p.cursors.erase(c);
      } else {
        ++c;
      }
    }
  }

  void next(const wire_request& what, ticket& t) {
    cursor_next r;
    const auto timeout = read(what, r);
    r.timeout = bounded(timeout);
    const auto number = r.id.number;
    auto& mine = find(t)->cursors;
    const auto used = mine.find(number);
    if (used == mine.end())
      throw error(errc::invalid_state, "cursor " + std::to_string(number) + " is not open");
    used->second = clock::now();
    const auto forget = [this, peer = t.peer, number] {
      if (const auto it = self_->state.peers.find(peer); it != self_->state.peers.end())
        it->second.cursors.erase(number);
    };
    run<rows>(
        t, r, true,
        [this, forget, number](ticket& to, const rows& x) {
          if (x.empty())
            forget();            // the end: it is closed
          if (!deliver(to, x)) { // without these rows the next ones are worth nothing
            self_->send(engine_, cursor_close{{number}});
            forget();
          }
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
    const auto& running = find(t)->requests;
    if (const auto it = running.find(id); it != running.end())
      self_->send(engine_, cancel_request{it->second.token});
    answers_.forget(t.peer, id);
    t.deliver(wire_outcome::result, {});
  }

  void more(const wire_request& what, ticket& t) {
    std::uint64_t id = 0;
    read(what, id);
    answers_.more(t, id);
  }

  void maintain(const wire_request& what, ticket& t) {
    maintenance_request r;
    const auto timeout = read(what, r);
    r.options.timeout = bounded(timeout);
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
  held_answers answers_;
};

} // namespace

local_gateway_actor::behavior_type gateway(self_pointer self, engine_actor engine, access allowed,
                                           peer_limits limits) {
  end_by_exceptions(self);
  auto work = std::make_shared<serving>(self, std::move(engine), allowed, limits);
  self->set_down_handler([work](caf::scheduled_actor*, caf::down_msg& m) { work->gone(m.source); });
  return {
      [self, work](wire_request& what) -> caf::result<wire_answer> {
        const auto from = self->current_sender(); // the promise takes it away
        auto p = self->make_response_promise<wire_answer>();
        work->request(what, from, p);
        return p;
      },
      [](const left_behind_ptr&) {},
  };
}

} // namespace dbengine::actors
