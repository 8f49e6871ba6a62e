// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/supervisor.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "engine/escalate.hpp"
#include "os/threads.hpp"
#include "workers/worker_failure.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <deque>
#include <random>
#include <utility>

namespace dbengine::actors::workers {

namespace {

using self_pointer = supervisor_actor::stateful_pointer<supervisor_state>;
using base::log;
using base::log_level;
using base::retry_on_bad_alloc;
using base::try_with_retries;

// An exit reason carried by a message means that this worker was ended, not that the engine ends.
error_info failure_of(const caf::error& reason) {
  if (reason.category() == caf::atom("exit"))
    return {.code = errc::unavailable,
            .message = "ended by an exit message: " +
                       caf::to_string(static_cast<caf::exit_reason>(reason.code()))};
  return to_info(reason);
}

// Drops only the log line if there is no memory for it.
template <class Text>
void log_if_possible(log_level level, Text text) noexcept {
  try {
    log(level, text());
  } catch (...) {
  }
}

// One child. Its states, all set by the supervisor:
//   running: it has a handle. Set by its start, ended by its `down_msg`.
//   restart_pending: `restart_child` is on its way. Set by its end, ended by that message.
//   neither: not started yet, or stopped (terminal once the supervisor stops).
// circuit: closed -> open when the budget is used up; open -> half_open at the probe's start;
// half_open -> closed when the probe reports readiness, or open again when it ends.
struct child {
  child_spec spec;
  caf::actor handle;
  /// The incarnation that runs or is being started.
  std::uint32_t incarnation = first_incarnation;
  /// The newest incarnation that reported readiness: the report can precede `child_started`.
  std::uint32_t ready_incarnation = 0;
  /// Its failures within the policy's period.
  std::deque<caf::actor_clock::time_point> failures;
  circuit_state circuit = circuit_state::closed;
  bool restart_pending = false;
  /// Killed because a child before it failed (rest_for_one). Set by that failure, ended by its
  /// `down_msg`.
  bool killed_along = false;
};

class supervision {
public:
  supervision(self_pointer self, std::shared_ptr<engine::engine> core,
              std::shared_ptr<worker_status_table> status, std::shared_ptr<supervisor_exit> exit,
              std::vector<child_spec> specs, restart_policy policy)
      : self_(self), core_(std::move(core)), status_(std::move(status)), exit_(std::move(exit)),
        children_(specs.size()), policy_(policy) {
    for (std::size_t i = 0; i < specs.size(); ++i)
      children_[i].spec = std::move(specs[i]);
  }

  void scan() {
    bool again = true;
    try {
      again = core_->supervision().scan();
    } catch (...) { // no memory for its findings: the next scan repeats them
    }
    if (again)
      retry_on_bad_alloc(
          [&] { self_->delayed_send(self_, defaults::watch_interval, watchdog_scan{}); });
  }

  void restart(std::uint32_t i) {
    auto& c = children_[i];
    c.restart_pending = false;
    if (stopping_ || c.handle)
      return;
    if (c.circuit == circuit_state::open) {
      c.circuit = circuit_state::half_open;
      status_->update(i, [](worker_health& w) { w.circuit = circuit_state::half_open; });
      log_if_possible(log_level::info,
                      [&] { return c.spec.name + " is tried again, the circuit is half-open"; });
    }
    try {
      if (c.spec.detached)
        os::require_threads(1);
    } catch (...) {
      return child_failed(i, base::current_exception_info());
    }
    const child_life life(supervisor_actor(self_), i, ++c.incarnation);
    adopt(retry_on_bad_alloc([&] { return start_child(c.spec, i, life); }));
  }

  void adopt(child_started s) {
    auto& c = children_[s.child];
    if (!s.handle)
      return child_failed(s.child, s.failure);
    c.handle = std::move(s.handle);
    retry_on_bad_alloc([&] { self_->monitor(c.handle); });
    if (c.incarnation == c.ready_incarnation)
      child_works(s.child);
    if (stopping_) // the child was started before the stop, and its message arrived after it
      retry_on_bad_alloc([&] { self_->send_exit(c.handle, caf::exit_reason::user_shutdown); });
  }

  void note_ready(const child_ready& m) {
    auto& c = children_[m.child];
    c.ready_incarnation = std::max(c.ready_incarnation, m.incarnation);
    if (c.handle && m.incarnation == c.incarnation)
      child_works(m.child);
  }

  void note_end(const caf::down_msg& m) {
    for (std::uint32_t i = 0; i < children_.size(); ++i) {
      auto& c = children_[i];
      if (!c.handle || c.handle.address() != m.source)
        continue;
      c.handle = nullptr;
      if (stopping_) {
        status_->update(i, [](worker_health& w) { w.state = worker_state::stopped; });
        stop_next();
      } else if (std::exchange(c.killed_along, false)) {
        schedule_restart(i, policy_.backoff_min); // the child itself has not failed
      } else {
        child_failed(i, retry_on_bad_alloc([&] { return failure_of(m.reason); }));
      }
      return;
    }
  }

  void stop(stop_mode mode) {
    stopping_ = true;
    if (mode == stop_mode::abandon)
      return abandon();
    if (mode == stop_mode::all)
      for (const auto& c : children_)
        if (c.handle)
          retry_on_bad_alloc([&] { self_->send_exit(c.handle, caf::exit_reason::user_shutdown); });
    stop_next();
  }

  /// The supervisor ended for another reason than `stop`: its children have no supervisor any more,
  /// so they end, too.
  void end_without_stop(const error_info& why) {
    log_if_possible(log_level::error, [&] { return "the supervisor failed: " + to_string(why); });
    core_->supervision().supervision_lost(why);
    for (auto& c : children_)
      if (const auto h = std::exchange(c.handle, nullptr))
        try_with_retries([&] { caf::anon_send_exit(h, caf::exit_reason::user_shutdown); });
  }

private:
  void child_works(std::uint32_t i) {
    auto& c = children_[i];
    const bool was_open = c.circuit != circuit_state::closed;
    // The budget stays used up: one more failure within the period opens the circuit again.
    c.circuit = circuit_state::closed;
    status_->update(i, [](worker_health& w) {
      w.circuit = circuit_state::closed;
      w.state = worker_state::idle;
    });
    if (!was_open)
      return;
    log_if_possible(log_level::info,
                    [&] { return c.spec.name + " is back, the circuit is closed"; });
    if (c.spec.circuit_closed)
      c.spec.circuit_closed();
    engine::escalate(core_->opts(), retry_on_bad_alloc([&] {
                       return escalation{.what = escalation_kind::circuit_closed,
                                         .worker = c.spec.name};
                     }));
  }

  void child_failed(std::uint32_t i, const error_info& why) {
    auto& c = children_[i];
    const auto now = self_->clock().now();
    while (!c.failures.empty() && now - c.failures.front() > policy_.period)
      c.failures.pop_front();
    retry_on_bad_alloc([&] { c.failures.push_back(now); });
    const auto text = retry_on_bad_alloc([&] { return to_string(why); });
    const bool probed = c.circuit != circuit_state::closed;
    const bool open = probed || c.failures.size() > static_cast<std::size_t>(policy_.intensity);
    c.circuit = open ? circuit_state::open : circuit_state::closed;
    status_->update(i, [&](worker_health& w) {
      ++w.restarts;
      retry_on_bad_alloc([&] { w.last_failure = text; });
      w.state = worker_state::restarting;
      w.circuit = c.circuit;
    });
    if (!open)
      log_if_possible(log_level::warning,
                      [&] { return c.spec.name + " failed and is restarted: " + text; });
    else if (probed)
      log_if_possible(log_level::warning, [&] {
        return c.spec.name + " failed again, the circuit stays open: " + text;
      });
    else
      announce_open_circuit(c, why, text);
    schedule_restart(i, open ? policy_.backoff_max : random_delay(c.failures.size()));
    if (c.spec.restart == strategy::rest_for_one)
      kill_along(i);
  }

  void announce_open_circuit(const child& c, const error_info& why, const std::string& text) {
    log_if_possible(log_level::error, [&] {
      return c.spec.name + " failed " + std::to_string(c.failures.size()) + " times in " +
             std::to_string(policy_.period.count()) + " ms, the circuit is open: " + text;
    });
    if (c.spec.circuit_opened)
      c.spec.circuit_opened(why);
    engine::escalate(core_->opts(), retry_on_bad_alloc([&] {
                       return escalation{.what = escalation_kind::circuit_opened,
                                         .worker = c.spec.name,
                                         .reason = why};
                     }));
  }

  // The rest_for_one children after the i-th are restarted together with it.
  void kill_along(std::uint32_t i) {
    for (auto k = i + 1; k < children_.size(); ++k)
      if (auto& after = children_[k];
          after.handle && after.spec.restart == strategy::rest_for_one) {
        after.killed_along = true;
        retry_on_bad_alloc([&] { self_->send_exit(after.handle, caf::exit_reason::kill); });
      }
  }

  // The delay is random, so that workers that failed together do not restart together.
  std::chrono::milliseconds random_delay(std::size_t failures) {
    const auto most = policy_.backoff(failures).count();
    return std::chrono::milliseconds(
        std::uniform_int_distribution<std::int64_t>(most / 2, most)(jitter_));
  }

  void schedule_restart(std::uint32_t i, std::chrono::milliseconds delay) {
    auto& c = children_[i];
    if (c.restart_pending)
      return;
    c.restart_pending = true;
    retry_on_bad_alloc([&] { self_->delayed_send(self_, delay, restart_child{i}); });
  }

  // Ends the last running child, or the supervisor itself if none runs.
  void stop_next() {
    for (auto it = children_.rbegin(); it != children_.rend(); ++it)
      if (it->handle) {
        retry_on_bad_alloc([&] { self_->send_exit(it->handle, caf::exit_reason::user_shutdown); });
        return;
      }
    exit_->set({});
    self_->quit();
  }

  void abandon() {
    std::vector<std::string> abandoned;
    retry_on_bad_alloc([&] { abandoned.reserve(children_.size()); });
    for (auto& c : children_)
      if (std::exchange(c.handle, nullptr)) // its exit message takes effect when its statement ends
        retry_on_bad_alloc([&] { abandoned.push_back(c.spec.name); });
    exit_->set(std::move(abandoned));
    self_->quit();
  }

  self_pointer self_;
  std::shared_ptr<engine::engine> core_;
  std::shared_ptr<worker_status_table> status_;
  std::shared_ptr<supervisor_exit> exit_;
  std::vector<child> children_;
  restart_policy policy_;
  std::minstd_rand jitter_{std::random_device{}()};
  bool stopping_ = false; // set by the first `stop_children`; terminal
};

} // namespace

child_started start_child(const child_spec& spec, std::uint32_t child, const child_life& life) {
  child_started s{.child = child};
  try {
    s.handle = spec.start(life);
  } catch (...) {
    s.failure = base::current_exception_info();
  }
  return s;
}

supervisor_actor::behavior_type supervisor(self_pointer self, std::shared_ptr<engine::engine> core,
                                           std::shared_ptr<worker_status_table> status,
                                           std::vector<child_spec> specs,
                                           std::shared_ptr<supervisor_exit> exit,
                                           restart_policy policy) {
  end_by_exceptions(self);
  const auto work = std::make_shared<supervision>(self, std::move(core), std::move(status), exit,
                                                  std::move(specs), policy);
  // However the supervisor ends, the thread that waits for its exit must continue.
  retry_on_bad_alloc([&] {
    self->attach_functor([work, exit](const caf::error& reason) {
      if (!exit->wait_until(sqlite::clock::now()))
        work->end_without_stop(failure_of(reason));
      exit->set({});
    });
  });
  retry_on_bad_alloc([&] {
    self->set_down_handler([work](caf::scheduled_actor*, caf::down_msg& m) { work->note_end(m); });
  });
  const auto handlers = retry_on_bad_alloc([&]() -> supervisor_actor::behavior_type {
    return {
        [work](watchdog_scan) { work->scan(); },
        [work](child_started& m) { work->adopt(std::move(m)); },
        [work](const child_ready& m) { work->note_ready(m); },
        [work](restart_child m) { work->restart(m.child); },
        [work](stop_children m) { work->stop(m.mode); },
    };
  });
  // After this function CAF puts the handlers into a list, and ends the actor if it has no memory
  // for that. This call gives the list its capacity.
  retry_on_bad_alloc([&] { self->become(handlers); });
  retry_on_bad_alloc([&] { self->unbecome(); });
  return handlers;
}

} // namespace dbengine::actors::workers
