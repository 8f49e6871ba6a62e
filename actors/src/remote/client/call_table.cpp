// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/call_table.hpp"

#include <dbengine/defaults.hpp>

#include <random>
#include <string>

namespace dbengine::actors::remote {

namespace {

std::uint64_t random_start() {
  std::random_device r;
  return ((std::uint64_t{r()} << 32) | r()) >> 1; // so that additions never overflow
}

} // namespace

call_table::call_table(std::size_t max_calls, std::size_t max_bytes)
    : max_calls_(max_calls), max_bytes_(max_bytes), last_id_(random_start()) {}

void call_table::check_bounds(const remote_call& c) const {
  if (count_ >= max_calls_ || bytes_ + c.body.size() > max_bytes_)
    throw error(errc::overloaded, std::to_string(count_) + " requests with " +
                                      std::to_string(bytes_) + " bytes are in flight");
}

void call_table::add(const remote_call_ptr& c) {
  c->id = next_id();
  c->patience = clock::now() + defaults::reconnect_patience;
  waiting_.emplace(c->id, c);
  ++count_;
  bytes_ += c->body.size();
}

void call_table::finish(const remote_call_ptr& c, finished_calls& out) noexcept {
  c->done = true;
  --count_;
  bytes_ -= c->body.size();
  out.add(c);
  if (count_ == 0)
    emptied_.notify_all();
}

void call_table::fail(const remote_call_ptr& c, error_info why, finished_calls& out) noexcept {
  c->failure = std::move(why);
  finish(c, out);
}

void call_table::wait_until_empty(base::scoped_lock& l, clock::time_point deadline) {
  while (count_ != 0 && emptied_.wait_until(l, deadline) != std::cv_status::timeout) {
  }
}

remote_call* call_table::first_waiting() const noexcept {
  return waiting_.empty() ? nullptr : waiting_.begin()->second.get();
}

call_table::node call_table::take_sent(std::size_t bytes) noexcept {
  auto call = waiting_.extract(waiting_.begin());
  bytes_ -= bytes - call.mapped()->body.size();
  return call;
}

void call_table::put_back(node call) noexcept {
  waiting_.insert(std::move(call));
}

void call_table::renew_patience() noexcept {
  const auto patience = clock::now() + defaults::reconnect_patience;
  for (const auto& [id, c] : waiting_)
    c->patience = patience;
}

void call_table::fail_waiting(const remote_call_ptr& c, error_info why,
                              finished_calls& out) noexcept {
  waiting_.erase(c->id);
  fail(c, std::move(why), out);
}

} // namespace dbengine::actors::remote
