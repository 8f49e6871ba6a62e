// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"
#include "connection/connection.hpp"
#include "engine/counters.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <vector>

namespace dbengine::engine {

/// A reader connection that a thread of the facade may use.
/// Thread safety: the word by any thread; the other members by the holder.
struct alignas(64) lease {
  /// closed: no connection. Set at the start, by `close`, and when a broken connection is given
  /// back; ended by `take`.
  /// idle: any thread may take it. Set by `give_back`; ended by `take`, `recall`, `sweep` and
  /// `close`.
  /// busy: a thread has it, for one statement or for several (a cursor, a snapshot, a raw
  ///   connection). Ended by `give_back`. With these bits:
  ///   recalled: the holder must drop the snapshot when it gives the lease back. Set by `recall`.
  ///   parked: the holder runs nothing until `resume`; `close` takes the lease away.
  ///   outside: the host has the native handle, whose use is not visible here; `close` leaves it.
  enum : std::uint32_t { closed = 0, idle = 1, busy = 2, recalled = 4, parked = 8, outside = 16 };

  std::atomic<std::uint32_t> word{closed};
  /// The holder's. It is set and reset with the pool's mutex held, too, because `close` interrupts
  /// connections of other holders.
  std::unique_ptr<sqlite::connection> conn;
  std::uint32_t uses = 0;                  // by the holder
  std::uint32_t uses_at_sweep = 0;         // by the sweeper, while it holds the lease
  sqlite::wal_index::header newest_seen{}; // by the holder, when its snapshot was stale
  int quiet_reads = 0;                     // stale reads since then, without another commit
  lease_counters counts;
};

/// The leases of an engine.
///
/// A lease is held only while a statement runs. A thread first tries its last lease, whose page
/// cache and statements are warm; nothing is lost when a thread ends. The snapshot stays open
/// between calls while it is the newest.
/// Thread safety: any thread.
/// Ownership: the connections; a holder has a connection until it gives the lease back.
class reader_pool {
public:
  using opener = std::function<std::unique_ptr<sqlite::connection>()>;

  reader_pool(std::size_t size, opener open);

  /// Returns a lease for this thread, null if all are busy. Opens a connection if needed (throws
  /// `error`).
  lease* take();
  /// Waits for a lease; null at the deadline.
  lease* take_until(sqlite::clock::time_point deadline, const sqlite::request_control& c);
  /// `broken`: the connection is closed, and the next holder opens a new one.
  void give_back(lease& l, bool broken = false) noexcept;

  /// The holder runs nothing until it calls `resume`. `how`: `lease::parked` or `lease::outside`.
  void park(lease& l, std::uint32_t how = lease::parked) noexcept;
  /// Returns false if `close` has taken the lease away: its connection is closed.
  bool resume(lease& l) noexcept;

  /// Drops idle snapshots that were not used since the last sweep. Returns true if snapshots are
  /// still open.
  bool sweep() noexcept;
  /// Closes connections that were not used since the last sweep, to release the memory of their
  /// page caches.
  void close_idle() noexcept;
  /// Drops every snapshot: idle ones now, the others when they are given back. Returns how many
  /// were busy.
  std::size_t recall() noexcept;
  /// Ends all leases: the parked ones at once. Waits until `deadline` for running statements, then
  /// interrupts them and waits one more second. A connection that is still busy or outside then is
  /// closed when it is given back.
  void close(sqlite::clock::time_point deadline);

  std::size_t open_count() const noexcept { return open_.load(std::memory_order_relaxed); }
  template <class F>
  void for_each(F&& f) const {
    for (const auto& l : leases_)
      f(l->counts);
  }

private:
  lease* try_take(lease& l, std::uint32_t from) noexcept;
  void open(lease& l);
  /// Only the holder of `l` calls this.
  void set_connection(lease& l, std::unique_ptr<sqlite::connection> c) noexcept
      DBENGINE_REQUIRES(mutex_);
  void interrupt_busy() noexcept DBENGINE_REQUIRES(mutex_);

  std::vector<std::unique_ptr<lease>> leases_; // filled by the constructor only
  const opener opener_;
  std::atomic<std::size_t> open_{0}; // for statistics
  // `close` stores it and then waits until each lease is closed. A thread that opens a closed one
  // reads it again after it has stored the word, so one of the two sees the other.
  std::atomic<bool> closed_{false};
  // Threads in `take_until` and `close`. A thread that gives a lease back takes the mutex only if
  // there are some. They look again after some milliseconds, so a number read too early is no harm.
  std::atomic<int> waiting_{0};
  base::mutex mutex_; // the wait, and each change of a `lease::conn`
  std::condition_variable_any given_back_;
  const std::uint64_t id_;
};

} // namespace dbengine::engine
