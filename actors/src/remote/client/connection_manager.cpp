// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/connection_manager.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "base/version.hpp"
#include "guard/network_broker.hpp"
#include "remote/client/client_scribe.hpp"
#include "sqlite/request_control.hpp"
#include "system/message_codec.hpp"
#include "workers/detached_spawn.hpp"
#include "workers/worker_failure.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/io/middleman.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>

namespace dbengine::actors::remote {

namespace {

using self_pointer = connection_manager_actor::stateful_pointer<connection_manager_state>;
using clock = std::chrono::steady_clock;

/// The bound from the start of TCP (and TLS) to the first bytes of the server.
constexpr std::chrono::seconds dial_timeout{2};
/// The bound from those bytes to the server's welcome.
constexpr std::chrono::seconds handshake_timeout{2};

void dialler(caf::event_based_actor* self, const connection_manager_actor& to,
             const endpoint& where, const std::shared_ptr<guard::tls_context>& tls,
             clock::time_point deadline, const std::shared_ptr<std::atomic<bool>>& stop) {
  // The manager waits for its result, so the result is sent even if memory is short.
  base::retry_on_bad_alloc([&] {
    auto r = std::make_shared<dial_result>();
    try {
      r->connection = dial(where, tls, deadline, *stop);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (...) {
      r->failure = base::current_exception_info();
    }
    self->send(to, std::move(r));
  });
}

class connection_work {
public:
  explicit connection_work(self_pointer self) : self_(self) {}

  void start() {
    const auto patience = state().first ? state().link->opts().connect_timeout
                                        : std::chrono::milliseconds(dial_timeout);
    try {
      workers::spawn_detached(self_->system(),
                              [me = connection_manager_actor(self_), where = state().link->to(),
                               tls = state().tls, deadline = sqlite::deadline_after(patience),
                               stop = state().stop](caf::event_based_actor* d) {
                                dialler(d, me, where, tls, deadline, stop);
                              });
    } catch (...) { // no thread is available
      handle_failure(base::current_exception_info());
    }
  }

  void handle_dialled(dial_result& r) {
    if (*state().stop)
      return;
    if (!r.connection)
      return handle_failure(std::move(r.failure));
    step([&] { shake_hands(*r.connection); });
  }

  void handle_down(const caf::down_msg& m) {
    if (!state().gateway || caf::actor_cast<caf::actor_addr>(state().gateway) != m.source)
      return;
    state().gateway = nullptr;
    ++attempt_;
    auto why = base::retry_on_bad_alloc([&] { return self_->system().render(m.reason); });
    base::retry_on_bad_alloc([&] {
      base::log(base::log_level::warning,
                "the connection to " + to_string(state().link->to()) + " is lost: " + why);
    });
    state().link->on_disconnect(std::move(why));
    state().backoff = std::chrono::milliseconds(0);
    state().lost_since = clock::now();
    schedule_attempt();
  }

  void end() {
    *state().stop = true;
    state().gateway = nullptr;
    self_->quit();
  }

private:
  connection_manager_state& state() { return self_->state; }

  /// A failure, of memory for instance, ends the attempt and not the manager.
  template <class F>
  void step(F&& f) {
    try {
      f();
    } catch (...) {
      handle_refusal(base::current_exception_info());
    }
  }

  void shake_hands(dialled& d) {
    state().forget_socket();
    state().socket = ::fcntl(d.socket, F_DUPFD_CLOEXEC, 0);
    auto scribe = make_scribe(self_->system().middleman().backend(), d);
    const auto broker = guard::network_broker(self_->system());
    const auto mine = ++attempt_;
    self_
        ->request(broker, handshake_timeout, caf::connect_atom_v, std::move(scribe),
                  state().link->to().port)
        .then(
            [this, mine](const caf::node_id&, caf::strong_actor_ptr& gateway,
                         const std::set<std::string>& offers) {
              if (mine == attempt_)
                step([&] { greet(gateway, offers); });
            },
            [this, mine](const caf::error& e) {
              if (mine != attempt_)
                return;
              step([&] {
                handle_refusal({.code = errc::unreachable,
                                .message = "the handshake with " + to_string(state().link->to()) +
                                           " failed: " + self_->system().render(e)});
              });
            });
  }

  void greet(const caf::strong_actor_ptr& gateway, const std::set<std::string>& offers) {
    const auto& where = state().link->to();
    if (!gateway ||
        !self_->system().assignable(offers, self_->system().message_types<gateway_actor>()))
      return handle_refusal(
          {.code = errc::protocol,
           .message =
               to_string(where) + ": the server speaks CAF but is not a dbengine of this version"});
    state().gateway = gateway;
    self_->monitor(gateway);
    wire_request hello{static_cast<std::uint8_t>(wire_kind::hello), 0,
                       base::encode(std::int64_t{0}, wire_protocol, std::string(version))};
    self_->request(caf::actor_cast<gateway_actor>(gateway), handshake_timeout, std::move(hello))
        .then(
            [this, mine = attempt_](const wire_answer& a) {
              if (mine == attempt_)
                step([&] { handle_welcome(a); });
            },
            [this, mine = attempt_](const caf::error& e) {
              if (mine == attempt_)
                step([&] {
                  handle_refusal({.code = errc::unreachable,
                                  .message = "no welcome from " + to_string(state().link->to()) +
                                             ": " + self_->system().render(e)});
                });
            });
  }

  void handle_welcome(const wire_answer& a) {
    if (!state().gateway)
      return; // lost since then: the down message was handled
    if (a.outcome == static_cast<std::uint8_t>(wire_outcome::failure)) {
      error_info why;
      base::decode(a.body, why);
      return handle_refusal(std::move(why));
    }
    wire_welcome w;
    base::decode(a.body, w);
    if (w.protocol != wire_protocol)
      throw error(errc::protocol, "another version of the protocol");
    state().backoff = std::chrono::milliseconds(0);
    state().forget_socket();
    state().link->on_connect(state().gateway, w);
    report_first({});
  }

  void handle_refusal(error_info why) {
    if (state().gateway)
      self_->demonitor(caf::actor_cast<caf::actor_addr>(state().gateway));
    state().gateway = nullptr;
    hang_up();
    handle_failure(std::move(why));
  }

  /// Closes a connection that cannot be used; its server must not keep it for ever.
  void hang_up() {
    if (state().socket >= 0)
      ::shutdown(state().socket, SHUT_RDWR);
    state().forget_socket();
  }

  void handle_failure(error_info why) {
    if (state().first) {
      report_first(std::move(why));
      return end();
    }
    state().link->on_disconnect(std::move(why.message));
    schedule_attempt();
  }

  void report_first(error_info how) {
    if (const auto p = std::exchange(state().first, nullptr))
      p->set_value(std::move(how));
  }

  /// The first attempt starts at once, the next ones after 50 ms and 100 ms, each delay between
  /// half and the whole of that. While calls wait that the lost connection affected, the delay
  /// stays there: a server may be up for a moment only, and a call must not miss it. Then the delay
  /// grows to 1 s.
  void schedule_attempt() {
    auto& b = state().backoff;
    std::uniform_int_distribution<std::int64_t> between(b.count() / 2, b.count());
    const std::chrono::milliseconds rest(between(random_));
    base::retry_on_bad_alloc([&] { self_->delayed_send(self_, rest, caf::connect_atom_v); });
    const bool calls_wait = clock::now() - state().lost_since < defaults::reconnect_patience;
    b = std::clamp<std::chrono::milliseconds>(2 * b, defaults::reconnect_backoff_min,
                                              calls_wait ? defaults::reconnect_backoff_waiting
                                                         : defaults::reconnect_backoff_max);
  }

  self_pointer self_;
  /// Counts connections. If a connection is lost before its welcome, the down message ends it, and
  /// its greeting fails a moment, or 2 s, later. That failure must neither end the next connection
  /// nor dial a second one.
  std::uint64_t attempt_ = 0;
  std::minstd_rand random_{std::random_device{}()};
};

} // namespace

void connection_manager_state::forget_socket() noexcept {
  if (socket >= 0)
    ::close(socket);
  socket = -1;
}

connection_manager_state::~connection_manager_state() {
  *stop = true;
  forget_socket();
  if (link)
    link->close(remote_call::clock::now());
  if (first)
    first->set_value({.code = errc::shut_down, .message = "the system ends"});
}

connection_manager_actor::behavior_type connection_manager(
    self_pointer self, remote_link_ptr link, std::shared_ptr<guard::tls_context> tls,
    std::shared_ptr<std::promise<error_info>> first) {
  workers::end_by_exceptions(self);
  self->state.link = std::move(link);
  self->state.tls = std::move(tls);
  self->state.first = std::move(first);
  auto work = std::make_shared<connection_work>(self);
  self->set_down_handler([work](caf::scheduled_actor*, caf::down_msg& m) { work->handle_down(m); });
  work->start();
  return {
      [work](caf::connect_atom) { work->start(); },
      [work](const dial_result_ptr& r) { work->handle_dialled(*r); },
      [self](caf::tick_atom) {
        // Without the next sweep calls would not time out, and waiting calls would not be sent.
        if (base::retry_on_bad_alloc([&] { return self->state.link->sweep(); }))
          base::retry_on_bad_alloc(
              [&] { self->delayed_send(self, defaults::remote_sweep, caf::tick_atom_v); });
      },
      [work](caf::close_atom) { work->end(); },
  };
}

} // namespace dbengine::actors::remote
