// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The link from connection to connection: made, lost, looked after, closed.

#include "remote/client/remote_link.hpp"

#include "base/retry_on_bad_alloc.hpp"

#include <caf/exit_reason.hpp>

#include <utility>
#include <vector>

namespace dbengine::actors::remote {

using clock = remote_call::clock;

namespace {

/// Where there is no memory for the words, the code says it alone.
template <class Text>
error_info told(errc code, outcome outcome, const Text& text) noexcept {
  error_info why{.code = code, .outcome = outcome};
  try {
    why.message = text();
  } catch (...) {
    why.message = "out of memory"; // needs none
  }
  return why;
}

outcome fate_of(const remote_call& c) noexcept {
  return c.writes && c.sent ? outcome::unknown : outcome::not_run;
}

} // namespace

void remote_link::keep(std::function<void()> arm, std::function<void()> stop) {
  const lock l(mutex_);
  arm_ = std::move(arm);
  stop_ = std::move(stop);
}

void remote_link::arm() {
  if (!armed_ && arm_) {
    arm_();
    armed_ = true;
  }
}

void remote_link::connected(caf::strong_actor_ptr gateway, const wire_welcome& w) {
  auto window = window_of(gateway.get());
  auto welcome = w;
  finished_calls out;
  const lock l(mutex_);
  if (closed_)
    return;
  window_ = std::move(window);
  gateway_ = std::move(gateway);
  leaving_ = false;
  welcome_ = std::move(welcome);
  why_lost_.clear();
  // The server may be another one, which takes less at once.
  std::erase_if(waiting_, [&](const auto& waits) {
    const auto& c = waits.second;
    if (!too_large(*c))
      return false;
    fail(c, told(errc::too_big, fate_of(*c), [&] { return too_large_text(*c); }), out);
    return true;
  });
  send_waiting();
}

error_info remote_link::gone(const remote_call& c) const noexcept {
  const bool unknown = fate_of(c) == outcome::unknown;
  return told(unknown ? errc::outcome_unknown : errc::unreachable, fate_of(c), [&] {
    return unknown ? "the connection to " + to_string(to_) +
                         " was lost while the write was under way: " + why_lost_
                   : "the engine at " + to_string(to_) + " cannot be reached: " + why_lost_;
  });
}

bool remote_link::may_go_again(const remote_call& c) const {
  return c.repeatable && !c.cancelled_until && !closed_;
}

bool remote_link::goes_again(remote_call& c) const {
  if (!may_go_again(c) || c.resent >= defaults::remote_resends)
    return false;
  ++c.resent;
  c.patience = clock::now() + defaults::reconnect_patience;
  return true;
}

void remote_link::lost(std::string why) noexcept {
  finished_calls out;
  const lock l(mutex_);
  why_lost_ = std::move(why);
  const auto patience = clock::now() + defaults::reconnect_patience;
  if (gateway_)
    for (const auto& [id, c] : waiting_)
      c->patience = patience;
  gateway_ = nullptr;
  for (auto& [mid, f] : flights_) {
    if (f.open_call() == nullptr)
      continue;
    if (goes_again(*f.open_call()))
      waiting_.insert(std::move(f.place));
    else
      fail(f.place.mapped(), gone(*f.place.mapped()), out);
  }
  flights_.clear();
  window_ = nullptr; // it ends with the connection, for all links
}

bool remote_link::sweep() {
  finished_calls out;
  const lock l(mutex_);
  const auto now = clock::now();
  std::erase_if(waiting_, [&](const auto& waits) {
    const auto& c = waits.second;
    if (now >= c->deadline) {
      fail(c,
           told(errc::timeout, fate_of(*c),
                [this] {
                  std::string why = "the deadline passed while it waited";
                  if (!gateway_)
                    why += " for the connection to " + to_string(to_) +
                           (why_lost_.empty() ? "" : ": " + why_lost_);
                  return why;
                }),
           out);
      return true;
    }
    if (!gateway_ && now >= c->patience) {
      fail(c, gone(*c), out);
      return true;
    }
    return false;
  });
  std::vector<remote_call_ptr> late;
  for (const auto& [mid, f] : flights_) {
    const auto* c = f.open_call();
    if (c == nullptr)
      continue;
    const bool cancelled = c->cancelled_until && now >= *c->cancelled_until;
    if (cancelled ||
        (c->deadline != clock::time_point::max() && now >= c->deadline + defaults::remote_grace))
      late.push_back(f.place.mapped());
  }
  for (const auto& c : late) {
    say(wire_kind::cancel, c->id);
    const bool cancelled = c->cancelled_until && now >= *c->cancelled_until;
    fail(c,
         told(cancelled ? errc::cancelled : errc::timeout,
              c->writes ? outcome::unknown : outcome::not_run,
              [this] { return "the server at " + to_string(to_) + " has not answered in time"; }),
         out);
  }
  send_waiting();              // another link may have left room, or memory is there again
  return armed_ = count_ != 0; // while it is being closed, too
}

void remote_link::close(clock::time_point deadline) {
  std::function<void()> stop;
  {
    finished_calls out;
    lock l(mutex_);
    closed_ = true;
    drained_.wait_until(l, deadline, [this] { return count_ == 0; });
    const auto end = [&](const remote_call_ptr& c) {
      fail(c,
           told(errc::shut_down, fate_of(*c),
                [this] { return "the connection to " + to_string(to_) + " was closed"; }),
           out);
    };
    for (const auto& [id, c] : waiting_)
      end(c);
    for (auto& [mid, f] : flights_) {
      if (f.open_call() != nullptr)
        end(f.place.mapped());
      f.place = {}; // until it is answered it counts for the other links of this connection
    }
    waiting_.clear();
    gateway_ = nullptr;
    arm_ = nullptr;
    stop = std::exchange(stop_, nullptr);
  }
  if (stop) // nobody else ends the keeper, for which the system waits
    base::retry_on_bad_alloc(stop);
  // The middleman keeps a handle of whoever has sent something, until its end.
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
