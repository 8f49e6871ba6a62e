// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "guard/listener_state.hpp"

#include "guard/doorman.hpp"
#include "guard/peer.hpp"

namespace dbengine::actors::guard {

listener_state::listener_state(const options& how_, identity who_, std::vector<node_bytes> names_,
                               std::shared_ptr<guard::counters> counts_,
                               std::shared_ptr<tls_context> security_)
    : how(how_), who(std::move(who_)), counts(std::move(counts_)), security(std::move(security_)),
      names(names_.begin(), names_.end()) {}

void listener_state::evict_half_open() {
  if (!half_open.empty())
    half_open.front()->fail(close_reason::half_open_evicted);
}

void listener_state::want_tick() {
  if (timer != nullptr)
    timer->arm();
}

bool listener_state::sweep(clock::time_point now) {
  bool pending = false;
  for (auto* x : peers)
    pending |= x->sweep(now);
  return pending;
}

void listener_state::close_all(close_reason why) {
  for (auto* x : peers)
    x->fail(why);
}

bool listener_state::hold(std::int64_t change) {
  auto now = counts->buffered += change;
  return now <= static_cast<std::int64_t>(how.limits.max_buffered_bytes);
}

void listener_state::peer_started() {
  const base::scoped_lock lock(mutex_);
  ++peers_alive_;
}

void listener_state::doorman_gone() {
  {
    const base::scoped_lock lock(mutex_);
    has_doorman_ = false;
  }
  gone_.notify_all();
}

void listener_state::peer_gone() {
  {
    const base::scoped_lock lock(mutex_);
    --peers_alive_;
  }
  gone_.notify_all();
}

bool listener_state::wait_gone(std::chrono::milliseconds at_most) {
  const auto deadline = clock::now() + at_most;
  base::scoped_lock lock(mutex_);
  while (has_doorman_ || peers_alive_ != 0)
    if (gone_.wait_until(lock, deadline) == std::cv_status::timeout)
      return !has_doorman_ && peers_alive_ == 0;
  return true;
}

} // namespace dbengine::actors::guard
