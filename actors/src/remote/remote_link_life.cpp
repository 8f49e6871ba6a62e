// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The link from connection to connection: made, lost, looked after, closed.

#include "remote/remote_link.hpp"

#include "patience.hpp"

#include <caf/exit_reason.hpp>

#include <algorithm>
#include <utility>

namespace dbengine::actors {

using clock = remote_call::clock;

namespace {

/// Under way only between two others: its end means nothing to anybody.
bool is_call(const remote_call_ptr& c) {
  return c != nullptr;
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
  lock l(mutex_);
  if (closed_)
    return;
  window_ = window_of(gateway.get());
  gateway_ = std::move(gateway);
  leaving_ = false;
  welcome_ = w;
  why_lost_.clear();
  finished_calls out;
  // The server may be another one, which takes less at once.
  std::erase_if(waiting_, [&](const auto& waits) {
    const auto& c = waits.second;
    auto why = too_large(*c);
    if (!why)
      return false;
    fail(c, std::move(*why), out);
    return true;
  });
  send_waiting();
  l.unlock();
  tell(out);
}

error_info remote_link::gone(const remote_call& c, const std::string& why) const {
  if (c.writes && c.sent)
    return {.code = errc::outcome_unknown,
            .outcome = fate::unknown,
            .message = "the connection to " + to_string(to_) +
                       " was lost while the write was under way: " + why};
  return {.code = errc::unreachable,
          .message = "the engine at " + to_string(to_) + " cannot be reached: " + why};
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

void remote_link::lost(const std::string& why) {
  finished_calls out;
  {
    const lock l(mutex_);
    why_lost_ = why;
    const auto patience = clock::now() + defaults::reconnect_patience;
    if (gateway_)
      for (const auto& [id, c] : waiting_)
        c->patience = patience;
    gateway_ = nullptr;
    for (auto& [mid, f] : flights_) {
      if (!is_call(f.call) || f.call->done)
        continue;
      if (goes_again(*f.call)) {
        waiting_.emplace(f.call->id, f.call);
      } else {
        fail(f.call, gone(*f.call, why), out);
      }
    }
    flights_.clear();
    window_ = nullptr; // it ends with the connection, for all links
    if (!waiting_.empty())
      arm();
  }
  tell(out);
}

bool remote_link::sweep() {
  finished_calls out;
  bool again = false;
  {
    const lock l(mutex_);
    const auto now = clock::now();
    std::erase_if(waiting_, [&](const auto& waits) {
      const auto& c = waits.second;
      if (now >= c->deadline) {
        error_info why{.code = errc::timeout, .message = "the deadline passed while it waited"};
        if (!gateway_)
          why.message += " for the connection to " + to_string(to_) +
                         (why_lost_.empty() ? "" : ": " + why_lost_);
        if (c->writes && c->sent)
          why.outcome = fate::unknown;
        fail(c, std::move(why), out);
        return true;
      }
      if (!gateway_ && now >= c->patience) {
        fail(c, gone(*c, why_lost_), out);
        return true;
      }
      return false;
    });
    std::vector<std::uint64_t> given_up;
    for (auto& [mid, f] : flights_) {
      auto& c = f.call;
      if (!is_call(c) || c->done)
        continue;
      const bool cancelled = c->cancelled_until && now >= *c->cancelled_until;
      const bool late =
          c->deadline != clock::time_point::max() && now >= c->deadline + defaults::remote_grace;
      if (!cancelled && !late)
        continue;
      error_info why{.code = cancelled ? errc::cancelled : errc::timeout,
                     .message = "the server at " + to_string(to_) + " has not answered in time"};
      if (c->writes)
        why.outcome = fate::unknown;
      given_up.push_back(c->id);
      fail(c, std::move(why), out);
    }
    for (const auto id : given_up)
      say(wire_kind::cancel, id);
    send_waiting();               // another link may have left room
    again = armed_ = count_ != 0; // while it is being closed, too
  }
  tell(out);
  return again;
}

void remote_link::close(clock::time_point deadline) {
  finished_calls out;
  std::function<void()> stop;
  {
    lock l(mutex_);
    closed_ = true;
    drained_.wait_until(l, deadline, [this] { return count_ == 0; });
    const auto end = [&](const remote_call_ptr& c) {
      if (!is_call(c) || c->done)
        return;
      error_info why{.code = errc::shut_down,
                     .message = "the connection to " + to_string(to_) + " was closed"};
      if (c->writes && c->sent)
        why.outcome = fate::unknown;
      fail(c, std::move(why), out);
    };
    for (const auto& [id, c] : waiting_)
      end(c);
    for (auto& [mid, f] : flights_) {
      end(f.call);
      f.call = nullptr; // until it is answered it counts for the other links of this connection
    }
    waiting_.clear();
    gateway_ = nullptr;
    arm_ = nullptr;
    stop = std::exchange(stop_, nullptr);
  }
  tell(out);
  if (stop) // nobody else ends the keeper, for which the system waits
    detail::patiently(stop);
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

} // namespace dbengine::actors
