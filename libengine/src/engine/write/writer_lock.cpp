// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/write/writer_lock.hpp"

#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"

namespace dbengine::engine {

namespace {

constexpr const char* unsound_connection = "it could not end a transaction";

} // namespace

bool writer_lock::try_lock() noexcept {
  if (must_queue() || !exchange(state::free, state::held))
    return false;
  return own();
}

bool writer_lock::try_lock_for_statement() noexcept {
  for (int looks = 0;; ++looks) {
    if (must_queue())
      return false;
    const auto now = state_.load(std::memory_order_relaxed);
    if (now == state::free && exchange(state::free, state::held_briefly))
      return own();
    if (now == state::held || now == state::shut || looks == defaults::gate_yields)
      return false;
    std::this_thread::yield();
  }
}

// The lock was just taken.
bool writer_lock::own() noexcept {
  // `close` waits for the holder after the engine has stopped accepting: it sees this holder, or
  // this holder sees that the engine has stopped.
  if (!p_.calls.accepting_in_order()) {
    unlock();
    return false;
  }
  holder_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  ++turns_;
  return true;
}

void writer_lock::unlock() noexcept {
  if (connection_) {
    if (!connection_->transaction().is_usable())
      return fail({.code = errc::internal, .message = unsound_connection});
    const auto n = connection_->read_counters();
    p_.counters.cache_hits.raise_to(n.cache_hits);
    p_.counters.cache_misses.raise_to(n.cache_misses);
  }
  holder_.store({}, std::memory_order_relaxed);
  state_.store(state::free, std::memory_order_seq_cst);
  if (closing_.load(std::memory_order_seq_cst))
    close_connection();
  else if (!p_.waiting.empty())
    p_.wake_up.send();
}

void writer_lock::fail(const error_info& why) noexcept {
  holder_.store({}, std::memory_order_relaxed);
  connection_.reset();
  state_.store(state::shut, std::memory_order_seq_cst);
  try {
    base::log(base::log_level::error, "the write connection failed: " + to_string(why));
  } catch (...) { // no memory for the text
  }
  if (closing_.load(std::memory_order_seq_cst))
    close_connection(); // no other holder follows
  else if (p_.signals.writer_failed)
    // If the message is lost, the writer finds the lock shut at its next wake-up.
    base::try_with_retries([&] { p_.signals.writer_failed(why); });
}

void writer_lock::open() {
  // Only while the lock is shut: else a caller's thread has a sound connection, or may take it.
  // Held meanwhile, so that `close` waits for this thread.
  if (exchange(state::shut, state::held)) {
    try {
      if (!connection_)
        connection_ = open_connection();
    } catch (...) {
      state_.store(state::shut, std::memory_order_seq_cst);
      if (closing_.load(std::memory_order_seq_cst))
        close_connection();
      throw;
    }
    unlock();
  }
  p_.wake_up.mark_received();
  if (!p_.waiting.empty())
    p_.wake_up.send();
}

void writer_lock::replace_connection() {
  const bool statistics = connection_->auth().statistics_changed;
  connection_.reset(); // first: it may hold locks that the next one needs
  connection_ = open_connection();
  if (statistics)
    connection_->maintenance().publish_statistics();
}

std::unique_ptr<sqlite::connection> writer_lock::open_connection() const {
  auto c = p_.file.open_writer();
  for (const auto& [name, text] : pragmas_)
    c->own_sql().set_pragma(name, text);
  return c;
}

void writer_lock::set_pragma(sqlite::connection& c, const std::string& name,
                             const std::string& text) {
  c.own_sql().set_pragma(name, text);
  pragmas_[name] = text;
}

void writer_lock::check_sound() const {
  if (!connection_->transaction().is_usable())
    throw error(errc::internal, unsound_connection);
}

void writer_lock::close(sqlite::clock::time_point last_moment) {
  closing_.store(true, std::memory_order_seq_cst);
  while (is_held_by_another() && sqlite::clock::now() < last_moment)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  close_connection();
}

// The thread that gets the lock closes. A holder calls this when it unlocks.
void writer_lock::close_connection() noexcept {
  for (const auto from : {state::free, state::shut}) {
    if (!exchange(from, state::held))
      continue;
    if (connection_)
      on_end_.closing(*connection_);
    connection_.reset();
    on_end_.closed();
    state_.store(state::shut, std::memory_order_seq_cst);
    return;
  }
}

} // namespace dbengine::engine
