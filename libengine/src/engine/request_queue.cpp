// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/request_queue.hpp"

#include "base/fault.hpp"
#include "base/retry_on_bad_alloc.hpp"

#include <algorithm>
#include <array>

namespace dbengine::engine {

namespace {

bool comes_alone(const request& r) {
  return r.what == request::kind::acquire_writer || r.what == request::kind::maintenance ||
         r.urgency == priority::maintenance;
}

} // namespace

request_queue::lane& request_queue::lane_of(const request& r) {
  auto& c = classes_[static_cast<std::size_t>(r.urgency)];
  // Loopback peers are connections; peers of other hosts are addresses, whose numbers have the
  // highest bit set (peer_numbers.cpp). The writes of all loopback connections share one lane; only
  // their shares are separate.
  const bool ordered = peer_may_run_ == std::numeric_limits<std::size_t>::max();
  const auto key = ordered && r.peer != 0 && r.peer >> 63 == 0 ? 1 : r.peer;
  for (auto& l : c)
    if (l.peer == key)
      return l;
  return c.emplace_back(lane{key, {}});
}

void request_queue::push(request_ptr r) {
  const auto bytes = r->bytes();
  const base::scoped_lock lock(mutex_);
  if (closed_)
    throw error(*closed_);
  auto& l = lane_of(*r); // if a later step fails, an empty lane is left
  admission_->charge(*r, bytes);
  try {
    admission_->check_bounds(*r);
    l.waiting.push_back(r);
  } catch (...) {
    admission_->discharge(*r);
    throw;
  }
  size_.fetch_add(1, std::memory_order_seq_cst);
}

void request_queue::push_front(const std::vector<request_ptr>& rs) {
  std::vector<request_ptr> refused;
  // First, because a request that got lost here would never be answered.
  base::retry_on_bad_alloc([&] { refused.reserve(rs.size()); });
  std::optional<error_info> why;
  {
    const base::scoped_lock lock(mutex_);
    // The lambdas run here, with the lock held, which the analysis does not see.
    base::retry_on_bad_alloc([&]() DBENGINE_NO_THREAD_SAFETY_ANALYSIS { why = closed_; });
    for (auto it = rs.rbegin(); it != rs.rend(); ++it) {
      if (closed_) {
        refused.push_back(*it);
        continue;
      }
      base::retry_on_bad_alloc([&]() DBENGINE_NO_THREAD_SAFETY_ANALYSIS {
        auto& l = lane_of(**it);
        l.waiting.push_front(*it);
        try {
          admission_->charge(**it, (*it)->bytes());
        } catch (...) { // no memory for its share
          l.waiting.pop_front();
          throw;
        }
      });
      size_.fetch_add(1, std::memory_order_seq_cst);
    }
  }
  for (const auto& r : refused)
    r->fail(*why);
}

bool request_queue::may_run(std::uint64_t peer) const noexcept {
  if (peer == 0)
    return true;
  const auto it = running_.find(peer);
  return it == running_.end() || it->second < peer_may_run_;
}

request_queue::lanes::iterator request_queue::first_of(lanes& c) noexcept {
  for (auto it = c.begin(); it != c.end(); ++it)
    if (!it->waiting.empty() && may_run(it->peer))
      return it;
  return c.end();
}

request_queue::place request_queue::next_lane() {
  // In every 16th turn, background and maintenance go first alternately.
  static constexpr std::array<std::array<std::size_t, 3>, 3> orders{
      {{0, 1, 2}, {1, 2, 0}, {2, 1, 0}}};
  ++turn_;
  for (const auto i : orders[turn_ % 16 != 0 ? 0 : turn_ % 32 != 0 ? 1 : 2])
    if (const auto at = first_of(classes_[i]); at != classes_[i].end())
      return {&classes_[i], at};
  return {};
}

request_ptr request_queue::take(place p) {
  auto r = std::move(p.at->waiting.front());
  p.at->waiting.pop_front();
  size_.fetch_sub(1, std::memory_order_seq_cst);
  admission_->discharge(*r);
  // The process's own lane stays: most engines have no other.
  if (p.at->waiting.empty() && p.at->peer != 0)
    p.of->erase(p.at);
  else if (!DBENGINE_MUTANT("serves peers as they come"))
    p.of->splice(p.of->end(), *p.of, p.at);
  return r;
}

std::vector<request_ptr> request_queue::pop_group(std::size_t max_requests, std::size_t max_bytes) {
  std::vector<request_ptr> group;
  const base::scoped_lock lock(mutex_);
  auto p = next_lane();
  if (p.of == nullptr)
    return group;
  // A background request runs alone: interactive ones that arrive during it wait for this one only.
  if (p.at->waiting.front()->urgency != priority::interactive)
    max_requests = 1;
  group.reserve(std::min(max_requests, size_.load(std::memory_order_relaxed)));
  std::size_t bytes = 0;
  while (p.at != p.of->end() && group.size() < max_requests) {
    const auto& r = p.at->waiting.front();
    if (!group.empty() && (comes_alone(*r) || bytes + r->held_bytes > max_bytes))
      break;
    bytes += r->held_bytes;
    group.push_back(take(p));
    if (comes_alone(*group.back()))
      break;
    p.at = first_of(*p.of);
  }
  return group;
}

request_ptr request_queue::pop() {
  const base::scoped_lock lock(mutex_);
  const auto p = next_lane();
  if (p.of == nullptr)
    return nullptr;
  if (const auto peer = p.at->peer; peer != 0) {
    ++running_[peer]; // first: it may find no memory
    peers_running_.fetch_add(1, std::memory_order_relaxed);
  }
  return take(p);
}

void request_queue::done(const request& r) noexcept {
  if (r.peer == 0)
    return;
  const base::scoped_lock lock(mutex_);
  peers_running_.fetch_sub(1, std::memory_order_relaxed);
  if (const auto it = running_.find(r.peer); it != running_.end() && --it->second == 0)
    running_.erase(it);
}

bool request_queue::has_work() const noexcept {
  if (empty())
    return false;
  const base::scoped_lock lock(mutex_);
  for (const auto& c : classes_)
    for (const auto& l : c)
      if (!l.waiting.empty() && may_run(l.peer))
        return true;
  return false;
}

std::vector<request_ptr> request_queue::expire(sqlite::clock::time_point now) {
  std::vector<request_ptr> expired;
  const base::scoped_lock lock(mutex_);
  expired.reserve(
      size_.load(std::memory_order_relaxed)); // first: a removed request must be answered
  for (auto& c : classes_) {
    for (auto& l : c)
      std::erase_if(l.waiting, [&](const request_ptr& r) {
        if (r->deadline > now && r->now() == request::state::waiting && !r->cancelled())
          return false;
        size_.fetch_sub(1, std::memory_order_seq_cst);
        admission_->discharge(*r);
        expired.push_back(r);
        return true;
      });
    std::erase_if(c, [](const lane& l) { return l.waiting.empty() && l.peer != 0; });
  }
  return expired;
}

std::vector<request_ptr> request_queue::close(error_info why) {
  std::vector<request_ptr> closed;
  const base::scoped_lock lock(mutex_);
  base::retry_on_bad_alloc([&] { closed.reserve(size_.load(std::memory_order_relaxed)); });
  closed_ = std::move(why);
  for (auto& c : classes_) {
    for (auto& l : c)
      for (auto& r : l.waiting) {
        size_.fetch_sub(1, std::memory_order_seq_cst);
        admission_->discharge(*r);
        closed.push_back(std::move(r));
      }
    c.clear();
  }
  return closed;
}

void request_queue::open() {
  const base::scoped_lock lock(mutex_);
  closed_.reset();
}

} // namespace dbengine::engine
