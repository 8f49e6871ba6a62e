// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "request_queue.hpp"

#include "patience.hpp"

#include <algorithm>
#include <array>

namespace dbengine::detail {

namespace {

bool comes_alone(const request& r) {
  return r.what == request::kind::lend || r.what == request::kind::task ||
         r.urgency == priority::maintenance;
}

} // namespace

void request_queue::push(request_ptr r) {
  const auto bytes = r->bytes();
  const std::lock_guard lock(mutex_);
  if (closed_)
    throw error(*closed_);
  auto& a = *admission_;
  const auto waiting = a.requests.fetch_add(1, std::memory_order_relaxed);
  const auto held = a.bytes.fetch_add(bytes, std::memory_order_relaxed);
  // One request larger than the bound alone is let in: it could never run otherwise.
  if (waiting >= a.max_requests || (held + bytes > a.max_bytes && waiting != 0)) {
    a.requests.fetch_sub(1, std::memory_order_relaxed);
    a.bytes.fetch_sub(bytes, std::memory_order_relaxed);
    a.refused.fetch_add(1, std::memory_order_relaxed);
    throw error(errc::overloaded,
                std::to_string(waiting) + " requests with " + std::to_string(held) +
                    " bytes are waiting (bounds: " + std::to_string(a.max_requests) +
                    " requests, " + std::to_string(a.max_bytes) + " bytes)");
  }
  r->held_bytes = bytes;
  try {
    classes_[static_cast<std::size_t>(r->urgency)].push_back(std::move(r));
  } catch (...) {
    a.requests.fetch_sub(1, std::memory_order_relaxed);
    a.bytes.fetch_sub(bytes, std::memory_order_relaxed);
    throw;
  }
  size_.fetch_add(1, std::memory_order_seq_cst);
}

void request_queue::push_front(const std::vector<request_ptr>& rs) {
  std::vector<request_ptr> refused;
  patiently(
      [&] { refused.reserve(rs.size()); }); // those put back were taken out: they must not get lost
  std::optional<error_info> why;
  {
    const std::lock_guard lock(mutex_);
    patiently([&] { why = closed_; });
    for (auto it = rs.rbegin(); it != rs.rend(); ++it) {
      if (closed_) {
        refused.push_back(*it);
        continue;
      }
      auto& c = classes_[static_cast<std::size_t>((*it)->urgency)];
      patiently([&] { c.push_front(*it); });
      (*it)->held_bytes = (*it)->bytes();
      admission_->requests.fetch_add(1, std::memory_order_relaxed);
      admission_->bytes.fetch_add((*it)->held_bytes, std::memory_order_relaxed);
      size_.fetch_add(1, std::memory_order_seq_cst);
    }
  }
  for (const auto& r : refused)
    r->fail(*why);
}

void request_queue::forget(const request_ptr& r) noexcept {
  size_.fetch_sub(1, std::memory_order_seq_cst);
  admission_->requests.fetch_sub(1, std::memory_order_relaxed);
  admission_->bytes.fetch_sub(r->held_bytes, std::memory_order_relaxed);
}

std::deque<request_ptr>* request_queue::next_class() {
  // Every 16th turn one of the others goes first, batch and maintenance in turns, so that neither waits for ever.
  static constexpr std::array<std::array<std::size_t, 3>, 3> orders{
      {{0, 1, 2}, {1, 2, 0}, {2, 1, 0}}};
  ++turn_;
  for (const auto i : orders[turn_ % 16 != 0 ? 0 : turn_ % 32 != 0 ? 1 : 2])
    if (!classes_[i].empty())
      return &classes_[i];
  return nullptr;
}

std::vector<request_ptr> request_queue::pop_group(std::size_t max_requests, std::size_t max_bytes) {
  std::vector<request_ptr> group;
  const std::lock_guard lock(mutex_);
  auto* c = next_class();
  if (c == nullptr)
    return group;
  // A batch request goes alone: interactive ones that come meanwhile wait for it and no longer.
  if (c->front()->urgency != priority::interactive)
    max_requests = 1;
  group.reserve(std::min(max_requests, c->size()));
  std::size_t bytes = 0;
  while (!c->empty() && group.size() < max_requests) {
    auto& r = c->front();
    if (!group.empty() && (comes_alone(*r) || bytes + r->held_bytes > max_bytes))
      break;
    bytes += r->held_bytes;
    forget(r);
    group.push_back(std::move(r));
    c->pop_front();
    if (comes_alone(*group.back()))
      break;
  }
  return group;
}

request_ptr request_queue::pop() {
  const std::lock_guard lock(mutex_);
  auto* c = next_class();
  if (c == nullptr)
    return nullptr;
  auto r = std::move(c->front());
  c->pop_front();
  forget(r);
  return r;
}

std::vector<request_ptr> request_queue::expire(clock::time_point now) {
  std::vector<request_ptr> gone;
  const std::lock_guard lock(mutex_);
  gone.reserve(size_.load(std::memory_order_relaxed)); // first: one that is taken out must be told
  for (auto& c : classes_)
    std::erase_if(c, [&](const request_ptr& r) {
      if (r->deadline > now && r->now() == request::state::waiting && !r->cancelled())
        return false;
      forget(r);
      gone.push_back(r);
      return true;
    });
  return gone;
}

std::vector<request_ptr> request_queue::close(error_info why) {
  std::vector<request_ptr> rest;
  const std::lock_guard lock(mutex_);
  patiently([&] { rest.reserve(size_.load(std::memory_order_relaxed)); });
  closed_ = std::move(why);
  for (auto& c : classes_) {
    for (auto& r : c) {
      forget(r);
      rest.push_back(std::move(r));
    }
    c.clear();
  }
  return rest;
}

void request_queue::open() {
  const std::lock_guard lock(mutex_);
  closed_.reset();
}

} // namespace dbengine::detail
