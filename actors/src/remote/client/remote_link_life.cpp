// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The link from connection to connection: connect, disconnect, sweep, close.

#include "remote/client/remote_link.hpp"

#include "base/retry_on_bad_alloc.hpp"

#include <caf/exit_reason.hpp>

#include <utility>
#include <vector>

namespace dbengine::actors::remote {

using clock = remote_call::clock;

namespace {

/// If there is no memory for the text, the error has its code only.
template <class Text>
error_info make_info(errc code, outcome outcome, const Text& text) noexcept {
  error_info why{.code = code, .outcome = outcome};
  try {
    why.message = text();
  } catch (...) {
    why.message = "out of memory"; // needs no allocation
  }
  return why;
}

outcome outcome_of(const remote_call& c) noexcept {
  return c.writes && c.sent ? outcome::unknown : outcome::not_run;
}

error_info closed_error(const remote_call& c, const endpoint& to) noexcept {
  return make_info(errc::shut_down, outcome_of(c),
                   [&] { return "the connection to " + to_string(to) + " was closed"; });
}

} // namespace

void remote_link::set_callbacks(std::function<void()> schedule_sweep,
                                std::function<void()> stop_manager) {
  const lock l(mutex_);
  schedule_ = std::move(schedule_sweep);
  stop_manager_ = std::move(stop_manager);
}

void remote_link::schedule_sweep() {
  if (!sweep_scheduled_ && schedule_) {
    schedule_();
    sweep_scheduled_ = true;
  }
}

void remote_link::on_connect(caf::strong_actor_ptr gateway, const wire_welcome& w) {
  auto window = window_of(gateway.get());
  auto welcome = w;
  finished_calls out;
  const lock l(mutex_);
  if (closed_)
    return;
  window_ = std::move(window);
  gateway_ = std::move(gateway);
  stopping_ = false;
  welcome_ = std::move(welcome);
  disconnect_reason_.clear();
  // The new server may be another one, which accepts smaller requests.
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    const auto at = it++;
    const auto c = at->second;
    if (!too_large(*c))
      continue;
    std::string text;
    try {
      text = too_large_text(*c);
    } catch (...) { // the error has its code only
    }
    waiting_.erase(at);
    fail(c, {.code = errc::too_big, .outcome = outcome_of(*c), .message = std::move(text)}, out);
  }
  send_waiting();
}

error_info remote_link::connection_lost_error(const remote_call& c) const noexcept {
  const bool unknown = outcome_of(c) == outcome::unknown;
  // clang analyses a lambda without the locks of its caller; this one runs within `make_info`.
  const auto text = [&]() DBENGINE_NO_THREAD_SAFETY_ANALYSIS {
    return unknown
               ? "the connection to " + to_string(to_) +
                     " was lost while the write was in flight: " + disconnect_reason_
               : "the engine at " + to_string(to_) + " cannot be reached: " + disconnect_reason_;
  };
  return make_info(unknown ? errc::outcome_unknown : errc::unreachable, outcome_of(c), text);
}

bool remote_link::may_retry(const remote_call& c) const {
  return c.repeatable && !c.cancelled_until && !closed_;
}

bool remote_link::should_retry(remote_call& c) const {
  if (!may_retry(c) || c.resent >= defaults::remote_resends)
    return false;
  ++c.resent;
  c.patience = clock::now() + defaults::reconnect_patience;
  return true;
}

void remote_link::on_disconnect(std::string why) noexcept {
  finished_calls out;
  const lock l(mutex_);
  disconnect_reason_ = std::move(why);
  const auto patience = clock::now() + defaults::reconnect_patience;
  if (gateway_)
    for (const auto& [id, c] : waiting_)
      c->patience = patience;
  gateway_ = nullptr;
  for (auto& [mid, f] : in_flight_) {
    if (f.open_call() == nullptr)
      continue;
    if (should_retry(*f.open_call()))
      waiting_.insert(std::move(f.place));
    else
      fail(f.place.mapped(), connection_lost_error(*f.place.mapped()), out);
  }
  in_flight_.clear();
  window_ = nullptr; // it ends with the connection, for all links
}

bool remote_link::sweep() {
  finished_calls out;
  const lock l(mutex_);
  const auto now = clock::now();
  fail_late_waiting(now, out);
  fail_late_in_flight(now, out);
  send_waiting(); // another link may have made room, or memory is available again
  return sweep_scheduled_ = count_ != 0; // while the link is being closed, too
}

void remote_link::fail_late_waiting(clock::time_point now, finished_calls& out) {
  const bool connected = gateway_ != nullptr;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    const auto at = it++;
    const auto c = at->second;
    const bool timed_out = now >= c->deadline;
    if (!timed_out && (connected || now < c->patience))
      continue;
    // As above: it runs within `make_info`, with the lock held.
    const auto text = [&]() DBENGINE_NO_THREAD_SAFETY_ANALYSIS {
      const std::string& reason = disconnect_reason_;
      std::string what = "the deadline passed while it waited";
      if (!connected)
        what += " for the connection to " + to_string(to_) + (reason.empty() ? "" : ": " + reason);
      return what;
    };
    auto why =
        timed_out ? make_info(errc::timeout, outcome_of(*c), text) : connection_lost_error(*c);
    waiting_.erase(at);
    fail(c, std::move(why), out);
  }
}

void remote_link::fail_late_in_flight(clock::time_point now, finished_calls& out) {
  std::vector<remote_call_ptr> late;
  for (const auto& [mid, f] : in_flight_) {
    const auto* c = f.open_call();
    if (c == nullptr)
      continue;
    const bool cancelled = c->cancelled_until && now >= *c->cancelled_until;
    if (cancelled ||
        (c->deadline != clock::time_point::max() && now >= c->deadline + defaults::remote_grace))
      late.push_back(f.place.mapped());
  }
  for (const auto& c : late) {
    send_control(wire_kind::cancel, c->id);
    const bool cancelled = c->cancelled_until && now >= *c->cancelled_until;
    fail(c,
         make_info(
             cancelled ? errc::cancelled : errc::timeout,
             c->writes ? outcome::unknown : outcome::not_run,
             [this] { return "the server at " + to_string(to_) + " has not answered in time"; }),
         out);
  }
}

void remote_link::close(clock::time_point deadline) {
  std::function<void()> stop;
  {
    finished_calls out;
    lock l(mutex_);
    closed_ = true;
    while (count_ != 0 && drained_.wait_until(l, deadline) != std::cv_status::timeout) {
    }
    for (const auto& [id, c] : waiting_)
      fail(c, closed_error(*c, to_), out);
    for (auto& [mid, f] : in_flight_) {
      if (f.open_call() != nullptr)
        fail(f.place.mapped(), closed_error(*f.open_call(), to_), out);
      f.place = {}; // counts for the other links of this connection until it is answered
    }
    waiting_.clear();
    gateway_ = nullptr;
    schedule_ = nullptr;
    stop = std::exchange(stop_manager_, nullptr);
  }
  if (stop) // the only way to end the manager, which the system waits for
    base::retry_on_bad_alloc(stop);
  // The middleman keeps a handle of every sender until the sender's end.
  cleanup(caf::exit_reason::user_shutdown, nullptr);
}

bool remote_link::read_only() const {
  const lock l(mutex_);
  return welcome_.read_only;
}

bool remote_link::ended() const {
  const lock l(mutex_);
  return closed_;
}

} // namespace dbengine::actors::remote
