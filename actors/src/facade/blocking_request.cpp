// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/blocking_request.hpp"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace dbengine::actors::facade {

namespace {

constexpr int yields_before_sleep = 20;

long futex(std::atomic<std::uint32_t>& word, int what, std::uint32_t value,
           const timespec* until) noexcept {
  return ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), what, value, until, nullptr,
                   FUTEX_BITSET_MATCH_ANY);
}

} // namespace

bool blocking_request::wait_until(sqlite::clock::time_point t) noexcept {
  timespec until{};
  const bool forever = t == sqlite::clock::time_point::max();
  if (!forever) {
    const auto ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
    until.tv_sec = ns / 1'000'000'000;
    until.tv_nsec = ns % 1'000'000'000;
  }
  // A group is answered within some tens of microseconds. A few checks, each after a yield, save
  // the sleep and the wake-up, which cost more than the request (bench/README.md has the figures).
  for (int i = 0; i < yields_before_sleep; ++i) {
    if (word_.load(std::memory_order_acquire) == answer_set)
      return true;
    ::sched_yield();
  }
  const auto end_wait = [this] { // true if the answer is set
    auto now = word_.load(std::memory_order_acquire);
    while (now != answer_set && now != awake &&
           !word_.compare_exchange_weak(now, awake, std::memory_order_acq_rel)) {
    }
    return now == answer_set;
  };
  std::uint32_t expected = awake;
  if (!word_.compare_exchange_strong(expected, asleep, std::memory_order_acq_rel))
    return end_wait();
  // steady_clock is CLOCK_MONOTONIC, which FUTEX_WAIT_BITSET takes as an absolute time.
  while (word_.load(std::memory_order_acquire) == asleep)
    if (futex(word_, FUTEX_WAIT_BITSET_PRIVATE, asleep, forever ? nullptr : &until) != 0 &&
        errno == ETIMEDOUT)
      break;
  return end_wait();
}

void blocking_request::wake() noexcept {
  auto now = word_.load(std::memory_order_acquire);
  while (now == awake || now == asleep)
    if (word_.compare_exchange_weak(now, woken, std::memory_order_acq_rel)) {
      if (now == asleep)
        futex(word_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr);
      return;
    }
}

void blocking_request::refuse(const error_info& why) noexcept {
  try {
    refusal_ = why;
  } catch (...) { // no memory for the text
    refusal_.emplace().code = why.code;
    refusal_->outcome = why.outcome;
  }
  answered();
}

void blocking_request::answered() noexcept {
  if (word_.exchange(answer_set, std::memory_order_acq_rel) == asleep)
    futex(word_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr);
}

} // namespace dbengine::actors::facade
