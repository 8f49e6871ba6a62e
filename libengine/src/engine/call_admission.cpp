// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/call_admission.hpp"

#include "sqlite/functions/user_code.hpp"

#include <pthread.h>

namespace dbengine::engine {

namespace {

// Incremented in every forked child: an engine that was opened before the fork finds a number there
// that differs from its own.
std::atomic<int> forks{0};

void count_fork() {
  forks.fetch_add(1, std::memory_order_relaxed);
}

int count_of_forks() {
  static const int registered = ::pthread_atfork(nullptr, nullptr, &count_fork);
  static_cast<void>(registered);
  return forks.load(std::memory_order_relaxed);
}

} // namespace

call_admission::call_admission(const options& o) : options_(&o), forks_at_open_(count_of_forks()) {}

void call_admission::admit() const {
  check_process();
  refuse_nested();
  check_accepting();
}

void call_admission::check_process() const {
  if (forked())
    throw error(errc::forked, "this engine belongs to the parent process; open another one here");
}

void call_admission::refuse_nested() const {
  if (sqlite::user_code::runs() && sqlite::user_code::runs_for(*options_))
    throw error(errc::invalid_state, "this thread is in a function or collation that a statement "
                                     "of this engine calls: it cannot call the engine");
}

void call_admission::check_accepting() const {
  if (!accepting())
    throw error(errc::shut_down, "the engine is shut down");
}

bool call_admission::forked() const noexcept {
  return forks.load(std::memory_order_relaxed) != forks_at_open_;
}

sqlite::clock::time_point call_admission::deadline_of(const request_options& o) const noexcept {
  return sqlite::deadline_after(o.timeout.value_or(options_->request_timeout));
}

} // namespace dbengine::engine
