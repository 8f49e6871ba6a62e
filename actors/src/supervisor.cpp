// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "supervisor.hpp"

#include "error_map.hpp"
#include "log.hpp"

#include <algorithm>
#include <thread>

namespace dbengine::actors {

namespace {

using self_pointer = supervisor_actor::stateful_pointer<supervisor_state>;
using detail::log;
using detail::log_level;

class supervising {
public:
  supervising(self_pointer self, std::shared_ptr<detail::engine_core> core,
              std::shared_ptr<board> b, std::shared_ptr<std::promise<void>> stopped)
      : self_(self), core_(std::move(core)), board_(std::move(b)), stopped_(std::move(stopped)) {}

  void start(std::uint32_t i) {
    auto& c = child(i);
    c.waiting = false;
    if (self_->state.stopping || c.handle)
      return;
    const auto generation = ++c.generation;
    // Weak: the child must not keep its supervisor alive.
    const caf::actor_addr me = self_->address();
    auto ready = [me, i, generation] {
      if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(me))
        caf::anon_send(caf::actor_cast<supervisor_actor>(strong), caf::ok_atom_v, i, generation);
    };
    try {
      // A detached spawn that gets no thread leaves CAF waiting for it for ever: find out first.
      std::thread([] {}).join();
      c.handle = c.spec.start(std::move(ready));
    } catch (...) {
      return failed(i, detail::current_exception_info());
    }
    self_->monitor(c.handle);
    board_->update(i, [](worker_health& w) { w.state = worker_state::idle; });
  }

  void ready(std::uint32_t i, std::uint32_t generation) {
    auto& c = child(i);
    if (c.generation != generation || c.circuit == circuit_state::closed)
      return;
    c.circuit = circuit_state::closed;
    c.restarts.clear();
    board_->update(i, [](worker_health& w) { w.circuit = circuit_state::closed; });
    log(log_level::info, c.spec.name + " is back, the circuit is closed");
    if (c.spec.circuit_closed)
      c.spec.circuit_closed();
  }

  void down(const caf::down_msg& m) {
    for (std::uint32_t i = 0; i < self_->state.children.size(); ++i) {
      auto& c = child(i);
      if (!c.handle || c.handle.address() != m.source)
        continue;
      c.handle = nullptr;
      if (self_->state.stopping) {
        board_->update(i, [](worker_health& w) { w.state = worker_state::stopped; });
        stop_next();
      } else {
        failed(i, to_info(m.reason));
      }
      return;
    }
  }

  void stop() {
    if (self_->state.stopping)
      return;
    self_->state.stopping = true;
    stop_next();
  }

private:
  supervisor_state::child& child(std::uint32_t i) { return self_->state.children[i]; }

  void failed(std::uint32_t i, const error_info& why) {
    auto& c = child(i);
    const auto now = detail::clock::now();
    while (!c.restarts.empty() && now - c.restarts.front() > defaults::restart_period)
      c.restarts.pop_front();
    c.restarts.push_back(now);
    const bool too_often =
        c.restarts.size() > static_cast<std::size_t>(defaults::restart_intensity);
    board_->update(i, [&](worker_health& w) {
      ++w.restarts;
      w.last_failure = to_string(why);
      w.state = worker_state::restarting;
    });
    if (too_often && c.circuit != circuit_state::open) {
      c.circuit = circuit_state::open;
      board_->update(i, [](worker_health& w) { w.circuit = circuit_state::open; });
      log(log_level::error, c.spec.name + " failed " + std::to_string(c.restarts.size()) +
                                " times in a minute, the circuit is open: " + to_string(why));
      if (c.spec.circuit_opened)
        c.spec.circuit_opened(why);
    } else {
      log(log_level::warning, c.spec.name + " failed and is restarted: " + to_string(why));
    }
    again(i, too_often ? defaults::restart_backoff_max : backoff(c.restarts.size()));
    if (c.spec.restart == strategy::rest_for_one)
      for (auto k = i + 1; k < self_->state.children.size(); ++k)
        if (child(k).handle && child(k).spec.restart == strategy::rest_for_one)
          self_->send_exit(child(k).handle, caf::exit_reason::kill);
  }

  // 10 ms, 20, 40 … 5 s, each between half and the whole of it.
  std::chrono::milliseconds backoff(std::size_t restarts) {
    const auto doubled =
        defaults::restart_backoff_min * (1LL << std::min<std::size_t>(restarts - 1, 12));
    const auto most =
        std::min<std::chrono::milliseconds>(doubled, defaults::restart_backoff_max).count();
    return std::chrono::milliseconds(
        std::uniform_int_distribution<std::int64_t>(most / 2, most)(self_->state.jitter));
  }

  void again(std::uint32_t i, std::chrono::milliseconds delay) {
    auto& c = child(i);
    if (c.waiting)
      return;
    c.waiting = true;
    self_->delayed_send(self_, delay, caf::spawn_atom_v, i);
  }

  // Children end in the reverse order of their start, one after the other.
  void stop_next() {
    auto& all = self_->state.children;
    for (auto it = all.rbegin(); it != all.rend(); ++it)
      if (it->handle) {
        self_->send_exit(it->handle, caf::exit_reason::user_shutdown);
        return;
      }
    stopped_->set_value();
    self_->quit();
  }

  self_pointer self_;
  std::shared_ptr<detail::engine_core> core_;
  std::shared_ptr<board> board_;
  std::shared_ptr<std::promise<void>> stopped_;
};

} // namespace

supervisor_actor::behavior_type supervisor(self_pointer self,
                                           std::shared_ptr<detail::engine_core> core,
                                           std::shared_ptr<board> b, std::vector<child_spec> specs,
                                           std::shared_ptr<std::promise<void>> stopped) {
  auto work = std::make_shared<supervising>(self, core, b, std::move(stopped));
  b->resize(specs.size());
  for (std::uint32_t i = 0; i < specs.size(); ++i) {
    b->update(i, [&](worker_health& w) { w.name = specs[i].name; });
    self->state.children.push_back({std::move(specs[i]), {}, 0, {}, circuit_state::closed, false});
  }
  self->set_down_handler([work](caf::scheduled_actor*, caf::down_msg& m) { work->down(m); });
  for (std::uint32_t i = 0; i < self->state.children.size(); ++i)
    work->start(i);
  return {
      [self, core](caf::tick_atom) {
        if (core->watch())
          self->delayed_send(self, defaults::watch_interval, caf::tick_atom_v);
      },
      [self, work](caf::spawn_atom, std::uint32_t i) {
        auto& c = self->state.children[i];
        if (c.circuit == circuit_state::open)
          c.circuit = circuit_state::half_open;
        work->start(i);
      },
      [work](caf::ok_atom, std::uint32_t i, std::uint32_t generation) {
        work->ready(i, generation);
      },
      [work](caf::close_atom) { work->stop(); },
  };
}

} // namespace dbengine::actors
