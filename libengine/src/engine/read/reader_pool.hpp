// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reader connections lent to the threads of the facade.
// Thread rule: any thread. Ownership: owns the connections; a holder has one until it gives it back.
//
// A lease is owned only while a statement runs: between calls its word says "idle" and whoever comes next may take it. A
// thread tries the one it had last, so its page cache and statements are warm, and nothing is lost when a thread ends. The open
// snapshot stays in the connection from call to call as long as it is the newest.

#pragma once

#include "connection/connection.hpp"
#include "engine/counters.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace dbengine::engine {

struct alignas(64) lease {
  /// closed: no connection. idle: anybody may take it. busy: somebody has it. The recall bit on a busy lease asks its holder
  /// to give up the snapshot when it is done. A busy lease may be held over several statements (a cursor, a snapshot, a raw
  /// connection): between them its holder sets `parked`, and `close` takes it away; or `outside` where the host has the native handle,
  /// whose use cannot be seen from here, and `close` leaves it.
  enum : std::uint32_t { closed = 0, idle = 1, busy = 2, recalled = 4, parked = 8, outside = 16 };

  std::atomic<std::uint32_t> word{closed};
  std::unique_ptr<sqlite::connection> conn;
  std::uint32_t uses = 0;                  // by the holder
  std::uint32_t uses_at_sweep = 0;         // by the sweeper, while it holds the lease
  sqlite::wal_index::header newest_seen{}; // by the holder, when its snapshot was stale
  int quiet_reads = 0;                     // stale reads since, without another commit
  lease_counters counts;
};

class reader_pool {
public:
  using opener = std::function<std::unique_ptr<sqlite::connection>()>;

  reader_pool(std::size_t size, opener open);

  /// A lease for this thread, null where all are out. Opens a connection where that is needed (throws `error`).
  lease* take();
  /// Waits for one; null at the deadline.
  lease* take_until(sqlite::clock::time_point deadline, const sqlite::request_control& c);
  /// `broken`: the connection is closed and opened anew by the next holder.
  void give_back(lease& l, bool broken = false) noexcept;

  /// The holder runs nothing until it calls `resume`. `how`: `lease::parked` or `lease::outside`.
  void park(lease& l, std::uint32_t how = lease::parked) noexcept;
  /// False where `close` has taken the lease away meanwhile: its connection is no more.
  bool resume(lease& l) noexcept;

  /// Gives up idle snapshots that were not used since the last sweep. True where snapshots are still open.
  bool sweep() noexcept;
  /// Closes connections that were not used since the last sweep: their page caches are memory others can use.
  void close_idle() noexcept;
  /// Every snapshot is given up: idle ones now, the others when their holder is done. Returns how many were busy.
  std::size_t recall() noexcept;
  /// No more leases. Takes the parked ones at once; waits until `deadline` for those that run something, then interrupts what runs,
  /// and a second more. A connection that is still out then, or outside, is closed when it is given back.
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

  std::vector<std::unique_ptr<lease>> leases_;
  opener opener_;
  std::atomic<std::size_t> open_{0};
  std::atomic<bool> closed_{false};
  std::atomic<int> waiting_{0};
  std::mutex mutex_;
  std::condition_variable given_back_;
  const std::uint64_t id_;
};

} // namespace dbengine::engine
