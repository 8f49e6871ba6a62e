// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/call_admission.hpp"
#include "engine/database_file.hpp"
#include "engine/engine_counters.hpp"
#include "engine/request_queue.hpp"
#include "engine/worker_signals.hpp"
#include "engine/write/write_grouping.hpp"
#include "engine/write/writer_wake_up.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace dbengine::engine {

/// The lock around the write connection.
///
/// It is a word, not a mutex: a thread can take it and another one give it back, and nothing waits
/// in it. A request that finds it taken goes to the queue; the holder wakes the writer when it
/// unlocks.
/// Thread safety: any thread, unless a function says "holder only".
/// Ownership: the write connection, and the pragmas that each new one gets.
/// Cost: `try_lock_for_statement` and `unlock` are one atomic exchange and two stores when nothing
/// waits.
class writer_lock {
public:
  /// What the lock asks of its owner at the end.
  struct events {
    /// Called with the lock held, before the connection is closed for good.
    std::function<void(sqlite::connection&)> closing;
    /// Called with the lock held, after that.
    std::function<void()> closed;
  };

  /// The parts of the engine that the lock needs. All must outlive it.
  struct parts {
    const database_file& file;
    const request_queue& waiting; ///< its requests go first
    const write_grouping& grouping;
    writer_wake_up& wake_up;
    const call_admission& calls;
    const worker_signals& signals;
    worker_counters& counters;
  };

  writer_lock(const parts& p, events on_end) : p_(p), on_end_(std::move(on_end)) {}

  // -- taking and giving back ---------------------------------------------------------------------

  /// Takes the lock unless a request waits or another thread has it.
  bool try_lock() noexcept;
  /// For one statement, after which the caller unlocks at once. Waits some microseconds for a
  /// holder of the same kind.
  bool try_lock_for_statement() noexcept;
  /// For background work. Requests that wait do not keep it out. The holder is not
  /// `held_by_this_thread`.
  bool try_lock_for_worker() noexcept { return exchange(state::free, state::held); }
  /// The same, for work of some microseconds.
  bool try_lock_briefly() noexcept { return exchange(state::free, state::held_briefly); }
  /// Holder only. Wakes the writer if requests wait.
  void unlock() noexcept;
  /// Holder only. Closes the connection; the lock stays shut until the restarted writer has called
  /// `open`.
  void fail(const error_info& why) noexcept;
  /// The writer has handed the lock to this thread.
  void adopt() noexcept { holder_.store(std::this_thread::get_id()); }

  /// For the writer, at its start: opens the connection if there is none. Throws `error`.
  void open();
  /// For an engine that is being opened: sets the first connection, before any
  /// other thread has the lock.
  void start_with(std::unique_ptr<sqlite::connection> first) noexcept {
    connection_ = std::move(first);
  }
  /// Waits for the holder until then, and closes the connection for good. A holder that stays
  /// closes it at `unlock`.
  void close(sqlite::clock::time_point last_moment);

  // -- for the holder -----------------------------------------------------------------------------

  /// Holder only.
  sqlite::connection& connection() const noexcept { return *connection_; }
  /// Holder only. Throws `errc::internal` if the connection could not end a transaction.
  void check_sound() const;
  /// Holder only. Closes the connection and opens another one.
  void replace_connection();
  /// Holder only. Sets a pragma on `c` and on every later write connection.
  void set_pragma(sqlite::connection& c, const std::string& name, const std::string& text);
  /// Holder only. How often the lock was taken for requests.
  std::uint64_t turns() const noexcept { return turns_; }
  void count_turn() noexcept { ++turns_; }
  /// The holder is a host that has the native handle and runs no statement of this API.
  void set_held_outside(bool on) noexcept { held_outside_.store(on, std::memory_order_seq_cst); }

  // -- state --------------------------------------------------------------------------------------

  bool held_by_this_thread() const noexcept { return holder_.load() == std::this_thread::get_id(); }
  bool is_held() const noexcept {
    const auto now = state_.load(std::memory_order_seq_cst);
    return now == state::held || now == state::held_briefly;
  }
  /// Held by a thread that a shutdown waits for: not by this one, and not by a host outside this
  /// API.
  bool is_held_by_another() const noexcept {
    return is_held() && !held_outside_.load(std::memory_order_seq_cst) && !held_by_this_thread();
  }
  /// No connection: before the writer has opened, after a failure, after `close`.
  bool is_shut() const noexcept { return state_.load(std::memory_order_relaxed) == state::shut; }

private:
  /// free: any thread may take it. Set by `unlock`.
  /// held: a thread has the connection for as long as its work takes. Ended by `unlock` or `fail`.
  /// shut: there is no connection. Set at the start and by `fail`, ended by `open`; terminal after
  /// `close`.
  /// held_briefly: as held, for one statement of a caller's thread.
  enum class state : std::uint32_t { free = 0, held = 1, shut = 2, held_briefly = 3 };

  bool exchange(state from, state to) noexcept {
    return state_.compare_exchange_strong(from, to, std::memory_order_seq_cst);
  }
  /// Callers must queue their writes.
  bool must_queue() const noexcept { return p_.grouping.is_on() || !p_.waiting.empty(); }
  bool own() noexcept;
  void close_connection() noexcept;
  std::unique_ptr<sqlite::connection> open_connection() const;

  const parts p_;

  alignas(64) std::atomic<state> state_{state::shut};
  std::atomic<bool> closing_{false}; // the next thread that unlocks closes the connection
  std::atomic<bool> held_outside_{false};
  std::atomic<std::thread::id> holder_{};
  // The members below are the holder's.
  std::unique_ptr<sqlite::connection> connection_;
  std::uint64_t turns_ = 0;
  std::map<std::string, std::string> pragmas_;
  const events on_end_;
};

} // namespace dbengine::engine
