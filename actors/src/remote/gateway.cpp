// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/gateway.hpp"

#include "error_map.hpp"
#include "fault.hpp"
#include "log.hpp"
#include "message_codec.hpp"
#include "patience.hpp"
#include "remote/decode_line.hpp"
#include "remote/held_answers.hpp"
#include "remote/ticket.hpp"
#include "version.hpp"
#include "worker_failure.hpp"

#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <cstring>

namespace dbengine::actors {

namespace {

using self_pointer = local_gateway_actor::stateful_pointer<gateway_state>;
using promise = ticket::promise;
using clock = std::chrono::steady_clock;

class serving {
public:
  serving(self_pointer self, engine_actor engine, gateway_rules rules)
      : self_(self), engine_(std::move(engine)), rules_(std::move(rules)), limits_(rules_.limits),
        answers_(limits_),
        line_(self, rules_.decoder, [this](wire_request& what, ticket& t, decoded_request* d) {
          try {
            d != nullptr ? ask(*d, t) : dispatch(what, t);
          } catch (...) {
            give_up(t);
          }
        }) {
    if (rules_.decoder)
      self_->link_to(rules_.decoder); // it ends with the gateway
  }

  void request(wire_request& what, const caf::strong_actor_ptr& from, promise p) {
    if (!from) // nobody to answer
      return;
    ticket t{caf::actor_cast<caf::actor_addr>(from), what.id, std::move(p)};
    try {
      const auto [peer, first] = self_->state.peers.try_emplace(t.peer);
      if (first) {
        peer->second.number = rules_.peers ? rules_.peers->of(from->id()) : peer_number({});
        self_->monitor(from);
      }
      check_unused(peer->second, t);
      if (carries_statements(static_cast<wire_kind>(what.kind)))
        check_allowed(what);
      if (!line_.take(what, t, peer->second.number))
        dispatch(what, t);
    } catch (...) {
      give_up(t);
    }
  }

  void gone(const caf::actor_addr& who) {
    const auto it = self_->state.peers.find(who);
    if (it == self_->state.peers.end())
      return;
    const auto writes = std::make_shared<std::vector<std::uint64_t>>();
    for (const auto& [id, r] : it->second.requests)
      if (r.reads)
        self_->send(engine_, cancel_request{r.token});
      else
        writes->push_back(r.token);
    if (!writes->empty()) {
      std::sort(writes->begin(), writes->end());
      self_->delayed_send(self_, defaults::orphan_grace, orphans_ptr(writes));
    }
    line_.forget(who);
    for (const auto& [number, used] : it->second.cursors)
      self_->send(engine_, cursor_close{{number}});
    answers_.forget(who);
    self_->state.peers.erase(it);
  }

  /// The last first: whoever resends them on another connection must find those done that came before one that is.
  void stop_orphans(const std::vector<std::uint64_t>& writes) {
    for (auto token = writes.rbegin(); token != writes.rend(); ++token)
      self_->send(engine_, cancel_request{*token});
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

  /// An answer, a cancellation and a connection's end find a request by its id.
  void check_unused(const gateway_state::peer& p, const ticket& t) const {
    if (DBENGINE_FLAW("takes an id that is under way"))
      return;
    if (p.requests.count(t.id) != 0 || answers_.has(t.peer, t.id) || line_.has(t.peer, t.id))
      throw error(errc::invalid_state, "a request with the number " + std::to_string(t.id) +
                                           " is under way on this connection");
  }

  /// Before it is decoded, which may cost much.
  void check_allowed(const wire_request& what) const {
    switch (static_cast<wire_kind>(what.kind)) {
    case wire_kind::execute:
    case wire_kind::batch:
    case wire_kind::transaction:
    case wire_kind::script: return check_writable();
    default: break;
    }
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
    case wire_kind::execute:
    case wire_kind::batch:
    case wire_kind::transaction:
    case wire_kind::script:
    case wire_kind::fetch:
    case wire_kind::cursor_open:
    case wire_kind::maintenance: {
      auto d = decode_request(static_cast<wire_kind>(what.kind), what.body);
      return ask(d, t);
    }
    case wire_kind::cursor_next: return next(what, t);
    case wire_kind::cursor_close: return close(what, t);
    case wire_kind::cancel: return cancel(what, t);
    case wire_kind::more: return more(what, t);
    case wire_kind::backup: return back_up(what, t);
    case wire_kind::backup_info: return ask<backup_info>(what, t, backup_info_request{});
    case wire_kind::statistics: return tell_statistics(what, t);
    case wire_kind::health: return ask<health_report>(what, t, health_request{});
    case wire_kind::database_info: return ask<database_info>(what, t, database_info_request{});
    }
    throw error(errc::protocol, "a request of unknown kind " + std::to_string(what.kind));
  }

  void ask(decoded_request& d, ticket& t) {
    const auto timeout = bounded(d.timeout);
    const auto deciding = [&](auto& r) {
      r.options.timeout = timeout;
      using request = std::decay_t<decltype(r)>;
      if constexpr (std::is_same_v<request, execute_request>)
        write<write_result>(r, t);
      else if constexpr (std::is_same_v<request, batch_request>)
        write<batch_result>(r, t);
      else if constexpr (std::is_same_v<request, transaction_request>)
        write<transaction_result>(r, t);
      else if constexpr (std::is_same_v<request, script_request>)
        write<script_result>(r, t);
      else if constexpr (std::is_same_v<request, fetch_request>)
        fetch(r, d.may_write, t);
      else if constexpr (std::is_same_v<request, cursor_open>)
        open(r, t);
      else
        maintain(r, t);
    };
    std::visit(deciding, d.what);
  }

  /// A peer's deadline, or the latest that it may have.
  std::chrono::milliseconds bounded(std::chrono::milliseconds timeout) const {
    return std::min(timeout, limits_.max_timeout);
  }

  void check_writable() const {
    if (rules_.allowed == access::read_only)
      throw error(errc::read_only, "this port allows reading only");
  }

  /// Makes the request cancellable and hands it to the engine. `then` gets the result, `otherwise` the error.
  template <class Result, class Request, class F, class E>
  void run(ticket t, Request r, bool reads, F then, E otherwise) {
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
                   .read_only = rules_.allowed == access::read_only,
                   .max_frame_bytes = limits_.max_frame_bytes,
                   .max_requests = limits_.max_in_flight_requests,
                   .max_bytes = limits_.max_in_flight_bytes};
    t.deliver(wire_outcome::result, detail::encode(w));
  }

  template <class Result, class Request>
  void write(Request& r, ticket& t) {
    check_writable();
    run<Result>(t, std::move(r), false, delivering<Result>());
  }

  void back_up(const wire_request& what, ticket& t) {
    check_writable();
    if (!rules_.allow_backup)
      throw error(errc::not_allowed, "this port makes no backups for its peers");
    backup_request r;
    r.options.timeout = read(what, r);
    run<bool>(t, std::move(r), false, delivering<bool>());
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
      if (rules_.allowed == access::read_only)
        shown.slowest.clear();
      deliver(to, shown);
    });
  }

  void fetch(fetch_request& r, bool may_write, ticket& t) {
    const bool forbidden = rules_.allowed == access::read_only || r.options.read_only;
    if (forbidden)
      r.options.id.clear(); // its record is a write
    r.options.read_only = forbidden || !may_write;
    const bool ask_again = r.options.read_only && !forbidden;
    const bool reads = r.options.read_only;
    run<rows>(t, std::move(r), reads, delivering<rows>(),
              [ask_again](ticket& to, const error_info& why) {
                if (ask_again && why.code == errc::read_only)
                  to.deliver(wire_outcome::needs_writer, {});
                else
                  to.refuse(why);
              });
  }

  /// Those of all connections of the peer.
  std::size_t cursors_of(std::uint64_t number) const {
    std::size_t n = 0;
    for (const auto& [who, p] : self_->state.peers)
      n += p.number == number ? p.cursors.size() + p.opening : 0;
    return n;
  }

  void open(cursor_open& r, ticket& t) {
    r.options.read_only = true;
    auto& mine = *find(t);
    if (cursors_of(mine.number) >= limits_.max_cursors)
      forget_idle_cursors(mine.number);
    if (cursors_of(mine.number) >= limits_.max_cursors)
      throw error(errc::overloaded, "this peer has " + std::to_string(limits_.max_cursors) +
                                        " cursors open, as many as it may");
    ++mine.opening;
    run<cursor_id>(
        t, std::move(r), true,
        [this](ticket& to, const cursor_id& x) {
          if (auto* p = find(to)) {
            --p->opening;
            p->cursors[x.number] = {clock::now(), clock::now()};
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
  void forget_idle_cursors(std::uint64_t number) {
    const auto oldest = clock::now() - defaults::cursor_idle;
    for (auto& [who, p] : self_->state.peers)
      for (auto c = p.cursors.begin(); p.number == number && c != p.cursors.end();) {
        const auto at = c++;
        if (at->second.used < oldest) {
          self_->send(engine_, cursor_close{{at->first}});
          p.cursors.erase(at);
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
    const auto now = clock::now();
    if (now - used->second.opened > limits_.max_cursor_age) {
      self_->send(engine_, cursor_close{r.id});
      mine.erase(used);
      throw error(errc::invalid_state, "cursor " + std::to_string(number) +
                                           " was closed: it was open for longer than this port "
                                           "allows");
    }
    used->second.used = now;
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
    line_.cancel(t.peer, id);
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

  void maintain(maintenance_request& r, ticket& t) {
    const bool reads =
        r.what == maintenance_kind::integrity_check || r.what == maintenance_kind::quick_check;
    if (!reads)
      check_writable();
    run<maintenance_result>(t, std::move(r), reads, delivering<maintenance_result>());
  }

  self_pointer self_;
  engine_actor engine_;
  gateway_rules rules_;
  const peer_limits limits_;
  held_answers answers_;
  decode_line line_;
};

} // namespace

local_gateway_actor::behavior_type gateway(self_pointer self, engine_actor engine,
                                           gateway_rules rules) {
  end_by_exceptions(self);
  auto work = std::make_shared<serving>(self, std::move(engine), std::move(rules));
  self->set_down_handler([work](caf::scheduled_actor*, caf::down_msg& m) { work->gone(m.source); });
  return {
      [self, work](wire_request& what) -> caf::result<wire_answer> {
        const auto from = self->current_sender(); // the promise takes it away
        auto p = self->make_response_promise<wire_answer>();
        work->request(what, from, p);
        return p;
      },
      [](const left_behind_ptr&) {},
      [work](const orphans_ptr& writes) { work->stop_orphans(*writes); },
  };
}

} // namespace dbengine::actors
