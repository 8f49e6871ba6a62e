// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/supervisor.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "base/wait_for_memory.hpp"
#include "engine/escalate.hpp"
#include "os/threads.hpp"
#include "workers/worker_failure.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace dbengine::actors::workers {

namespace {

using self_pointer = supervisor_actor::stateful_pointer<supervisor_state>;
using base::log;
using base::log_level;
using base::patiently;
using base::patiently_or_not;

// Of a worker, an exit tells that somebody ended it, not that the engine has ended.
error_info why_it_ended(const caf::error& reason) {
  if (reason.category() == caf::atom("exit"))
    return {.code = errc::unavailable,
            .message = "ended by an exit message: " +
                       caf::to_string(static_cast<caf::exit_reason>(reason.code()))};
  return to_info(reason);
}

class supervising {
public:
  supervising(self_pointer self, std::shared_ptr<engine::engine> core,
              std::shared_ptr<worker_status_table> b, std::shared_ptr<supervisor_exit> ended,
              std::vector<child_spec> specs, restart_policy policy)
      : self_(self), core_(std::move(core)), board_(std::move(b)), ended_(std::move(ended)),
        children_(specs.size()), policy_(policy) {
    for (std::size_t i = 0; i < specs.size(); ++i)
      children_[i].spec = std::move(specs[i]);
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(children_.size()); }
  bool watch() {
    try {
      return core_->supervision().scan();
    } catch (...) { // no memory for what it found: at the next look
      return true;
    }
  }
  /// The supervisor ended otherwise than by `stop`. Nobody would restart its children, nor end them.
  void lost(const error_info& why) {
    tell(log_level::error, [&] { return "the supervisor failed: " + to_string(why); });
    core_->supervision().supervision_lost(why);
    for (auto& c : children_)
      if (const auto h = std::exchange(c.handle, nullptr))
        base::patiently_or_not([&] { caf::anon_send_exit(h, caf::exit_reason::user_shutdown); });
  }

  void start(std::uint32_t i) {
    auto& c = child(i);
    c.waiting = false;
    if (self_->state.stopping || c.handle)
      return;
    if (c.circuit == circuit_state::open) {
      c.circuit = circuit_state::half_open;
      board_->update(i, [](worker_health& w) { w.circuit = circuit_state::half_open; });
      tell(log_level::info,
           [&] { return c.spec.name + " is tried again, the circuit is half-open"; });
    }
    try {
      if (c.spec.detached)
        os::require_threads(1);
    } catch (...) {
      return failed(i, base::current_exception_info());
    }
    adopt(i, base::patiently([&] { return start_child(c.spec); }));
  }

  void adopt(std::uint32_t i, started_child s) {
    auto& c = child(i);
    if (!s.handle)
      return failed(i, s.failure);
    c.handle = std::move(s.handle);
    base::patiently([&] { self_->monitor(c.handle); });
    ++c.generation;
    // Weak: the child must not keep its supervisor alive.
    base::patiently([&] {
      s.ready->then([me = caf::actor_addr(self_->address()), i, generation = c.generation] {
        if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(me))
          caf::anon_send(caf::actor_cast<supervisor_actor>(strong), caf::ok_atom_v, i, generation);
      });
    });
  }

  void ready(std::uint32_t i, std::uint32_t generation) {
    auto& c = child(i);
    if (c.generation != generation || !c.handle)
      return;
    const bool was_open = c.circuit != circuit_state::closed;
    // The budget stays used up: one more failure within the period opens the circuit again.
    c.circuit = circuit_state::closed;
    board_->update(i, [](worker_health& w) {
      w.circuit = circuit_state::closed;
      w.state = worker_state::idle;
    });
    if (!was_open)
      return;
    tell(log_level::info, [&] { return c.spec.name + " is back, the circuit is closed"; });
    if (c.spec.circuit_closed)
      c.spec.circuit_closed();
    engine::escalate(core_->opts(), base::patiently([&] {
                       return escalation{.what = escalation_kind::circuit_closed,
                                         .worker = c.spec.name};
                     }));
  }

  void down(const caf::down_msg& m) {
    for (std::uint32_t i = 0; i < children_.size(); ++i) {
      auto& c = child(i);
      if (!c.handle || c.handle.address() != m.source)
        continue;
      c.handle = nullptr;
      if (self_->state.stopping) {
        board_->update(i, [](worker_health& w) { w.state = worker_state::stopped; });
        stop_next();
      } else if (std::exchange(c.taken_along, false)) {
        again(i, policy_.backoff_min); // no failure of its own
      } else {
        failed(i, base::patiently([&] { return why_it_ended(m.reason); }));
      }
      return;
    }
  }

  // The first time in order, the second time all at once; the third time without those that have not ended.
  void stop() {
    auto& all = children_;
    switch (++asked_) {
    case 1: self_->state.stopping = true; return stop_next();
    case 2:
      for (const auto& c : all)
        if (c.handle)
          base::patiently([&] { self_->send_exit(c.handle, caf::exit_reason::user_shutdown); });
      return;
    default: break;
    }
    std::vector<std::string> left;
    base::patiently([&] { left.reserve(all.size()); });
    for (auto& c : all)
      if (std::exchange(c.handle, nullptr)) // the exit waits for it and acts when it comes back
        base::patiently([&] { left.push_back(c.spec.name); });
    ended_->set(std::move(left));
    self_->quit();
  }

private:
  // The line is lost where there is no memory for it, and nothing else.
  template <class Text>
  static void tell(log_level level, Text text) noexcept {
    try {
      log(level, text());
    } catch (...) {
    }
  }

  supervisor_state::child& child(std::uint32_t i) { return children_[i]; }

  void failed(std::uint32_t i, const error_info& why) {
    auto& c = child(i);
    const auto now = self_->clock().now();
    while (!c.failures.empty() && now - c.failures.front() > policy_.period)
      c.failures.pop_front();
    base::patiently([&] { c.failures.push_back(now); });
    const auto text = base::patiently([&] { return to_string(why); });
    const bool probed = c.circuit != circuit_state::closed;
    const bool open = probed || c.failures.size() > static_cast<std::size_t>(policy_.intensity);
    c.circuit = open ? circuit_state::open : circuit_state::closed;
    board_->update(i, [&](worker_health& w) {
      ++w.restarts;
      base::patiently([&] { w.last_failure = text; });
      w.state = worker_state::restarting;
      w.circuit = c.circuit;
    });
    if (!open) {
      tell(log_level::warning, [&] { return c.spec.name + " failed and is restarted: " + text; });
    } else if (probed) {
      tell(log_level::warning,
           [&] { return c.spec.name + " failed again, the circuit stays open: " + text; });
    } else {
      tell(log_level::error, [&] {
        return c.spec.name + " failed " + std::to_string(c.failures.size()) + " times in " +
               std::to_string(policy_.period.count()) + " ms, the circuit is open: " + text;
      });
      if (c.spec.circuit_opened)
        c.spec.circuit_opened(why);
      engine::escalate(core_->opts(), base::patiently([&] {
                         return escalation{.what = escalation_kind::circuit_opened,
                                           .worker = c.spec.name,
                                           .reason = why};
                       }));
    }
    again(i, open ? policy_.backoff_max : delay(c.failures.size()));
    if (c.spec.restart == strategy::rest_for_one)
      for (auto k = i + 1; k < children_.size(); ++k)
        if (auto& after = child(k); after.handle && after.spec.restart == strategy::rest_for_one) {
          after.taken_along = true;
          base::patiently([&] { self_->send_exit(after.handle, caf::exit_reason::kill); });
        }
  }

  std::chrono::milliseconds delay(std::size_t failures) {
    const auto most = policy_.backoff(failures).count();
    return std::chrono::milliseconds(
        std::uniform_int_distribution<std::int64_t>(most / 2, most)(self_->state.jitter));
  }

  void again(std::uint32_t i, std::chrono::milliseconds delay) {
    auto& c = child(i);
    if (c.waiting)
      return;
    c.waiting = true;
    base::patiently([&] { self_->delayed_send(self_, delay, caf::spawn_atom_v, i); });
  }

  // Children end in the reverse order of their start, one after the other.
  void stop_next() {
    auto& all = children_;
    for (auto it = all.rbegin(); it != all.rend(); ++it)
      if (it->handle) {
        base::patiently([&] { self_->send_exit(it->handle, caf::exit_reason::user_shutdown); });
        return;
      }
    ended_->set({});
    self_->quit();
  }

  self_pointer self_;
  std::shared_ptr<engine::engine> core_;
  std::shared_ptr<worker_status_table> board_;
  std::shared_ptr<supervisor_exit> ended_;
  std::vector<supervisor_state::child> children_;
  restart_policy policy_;
  int asked_ = 0; // to stop
};

} // namespace

started_child start_child(const child_spec& spec) {
  started_child s{.handle = {}, .ready = std::make_shared<ready_signal>(), .failure = {}};
  try {
    s.handle = spec.start([ready = s.ready] { ready->set(); });
  } catch (...) {
    s.failure = base::current_exception_info();
  }
  return s;
}

supervisor_actor::behavior_type supervisor(self_pointer self, std::shared_ptr<engine::engine> core,
                                           std::shared_ptr<worker_status_table> b,
                                           std::vector<child_spec> specs,
                                           std::vector<started_child> first,
                                           std::shared_ptr<supervisor_exit> ended,
                                           restart_policy policy) {
  end_by_exceptions(self);
  const auto work = std::make_shared<supervising>(self, core, b, ended, std::move(specs), policy);
  // However it ends, nobody waits for it for ever.
  base::patiently([&] {
    self->attach_functor([work, ended](const caf::error& reason) {
      if (!ended->wait_until(sqlite::clock::now()))
        work->lost(why_it_ended(reason));
      ended->set({});
    });
  });
  base::patiently([&] {
    self->set_down_handler([work](caf::scheduled_actor*, caf::down_msg& m) { work->down(m); });
  });
  for (std::uint32_t i = 0; i < work->size(); ++i)
    work->adopt(i, std::move(first[i]));
  const auto handlers = base::patiently([&]() -> supervisor_actor::behavior_type {
    return {
        [self, work](caf::tick_atom) {
          if (work->watch())
            base::patiently(
                [&] { self->delayed_send(self, defaults::watch_interval, caf::tick_atom_v); });
        },
        [work](caf::spawn_atom, std::uint32_t i) { work->start(i); },
        [work](caf::ok_atom, std::uint32_t i, std::uint32_t generation) {
          work->ready(i, generation);
        },
        [work](caf::close_atom) { work->stop(); },
    };
  });
  // CAF puts them into a list after this and ends the actor where it has no memory for that: now the list has room.
  base::patiently([&] { self->become(handlers); });
  base::patiently([&] { self->unbecome(); });
  return handlers;
}

} // namespace dbengine::actors::workers
