// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"
#include "connection/connection.hpp"
#include "engine/read/open_cursor.hpp"

#include <dbengine/defaults.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace dbengine::engine {

/// The open cursors of CAF actors and remote peers.
///
/// A thread that closes a cursor must not wait for a disk: the cursor leaves the table at once, and
/// a worker closes its connection in `drop_closed`.
/// Thread safety: any thread; functions marked "by a worker" may block. One request at a time steps
/// a cursor.
/// Ownership: the open cursors; a request that steps one shares it.
class cursor_table {
public:
  /// A cursor without a request for `idle` is closed. Both functions are called from any thread.
  /// `look_after`: called for the first cursor. A worker must call `expire` in `idle`, and then as
  /// `expire` returns.
  /// `closed`: called when a cursor was closed. A worker must call `drop_closed` soon.
  explicit cursor_table(std::chrono::milliseconds idle = defaults::cursor_idle,
                        std::function<void()> look_after = {}, std::function<void()> closed = {});

  /// Opens a cursor on its own connection; by a worker. `next` and `close` find it only for the
  /// same `owner`.
  /// `peer`: the number of a port's peer, otherwise 0. Throws what the statement throws,
  /// `errc::overloaded` if too many are open or the peer has its share, `errc::shut_down` after
  /// `close_all`.
  /// `close_all`.
  std::uint64_t open(std::unique_ptr<sqlite::connection> c, std::string_view sql, const params& p,
                     std::uint64_t owner, sqlite::request_control& ctl, std::uint64_t peer = 0);
  /// Returns the next rows; by a worker. At the end they are empty, and the cursor is closed.
  /// Throws `errc::invalid_state` for an unknown number, `errc::busy` while another request steps
  /// the cursor.
  rows next(std::uint64_t number, std::uint64_t owner, std::size_t batch,
            sqlite::request_control& ctl);
  /// Closes the cursor; interrupts a request that steps it (`errc::cancelled`).
  void close(std::uint64_t number, std::uint64_t owner) noexcept;
  /// Returns true once for each owner until `close_owned`: the caller must monitor the owner.
  bool watch(std::uint64_t owner);
  /// Closes the cursors of a client that has ended.
  void close_owned(std::uint64_t owner) noexcept;
  /// Snapshots pin the WAL, which has this many bytes. Closes the cursors of peers that have pinned
  /// it for `defaults::cursor_wal_bytes`. Returns true if there were any.
  bool wal_pinned(std::uint64_t bytes) noexcept;
  /// Closes the connections of closed cursors; by a worker.
  void drop_closed() noexcept;
  /// Closes the idle cursors and calls `drop_closed`; by a worker. Returns the time to the next
  /// call; none if no cursor is left.
  std::optional<std::chrono::milliseconds> expire() noexcept;
  /// Closes all cursors on this thread and refuses new ones.
  void close_all() noexcept;
  std::size_t size() const noexcept;

private:
  struct entry {
    std::uint64_t owner = 0;
    std::uint64_t peer = 0;
    /// Shared with the request that steps it.
    std::shared_ptr<open_cursor> cursor;
    sqlite::clock::time_point used = sqlite::clock::now();
    std::optional<std::uint64_t> wal_bytes{}; // of the WAL when the cursor first pinned it
    sqlite::request_control* stepped_by = nullptr;
  };
  using entries = std::map<std::uint64_t, entry>;
  /// Finds the cursor and notes that it is used. Throws `errc::invalid_state`.
  std::shared_ptr<open_cursor> find(std::uint64_t number, std::uint64_t owner);
  /// A request is about to step the cursor. Throws `errc::cancelled` if it was closed meanwhile.
  void begin_step(std::uint64_t number, sqlite::request_control& ctl);
  /// That request ends. `last`: the cursor is removed.
  void end_step(std::uint64_t number, bool last) noexcept;
  /// Drops closed cursors if too many are open or closed. Throws as `check_share`.
  void make_room(std::uint64_t peer);
  void check_share(std::uint64_t peer) const DBENGINE_REQUIRES(mutex_);
  /// Moves `it` to the closed cursors, and interrupts the request that steps it. Returns the next
  /// one.
  entries::iterator set_aside(entries::iterator it) noexcept DBENGINE_REQUIRES(mutex_);
  void notify_closed() noexcept;

  const std::chrono::milliseconds idle_;
  const std::function<void()> look_after_;
  const std::function<void()> on_closed_;
  mutable base::mutex mutex_; // not held while a connection is used or closed
  entries entries_ DBENGINE_GUARDED_BY(mutex_);
  entries closed_ DBENGINE_GUARDED_BY(mutex_);        // not dropped yet
  bool notified_ DBENGINE_GUARDED_BY(mutex_) = false; // of `closed_`
  bool ended_ DBENGINE_GUARDED_BY(mutex_) = false;
  std::set<std::uint64_t> watched_ DBENGINE_GUARDED_BY(mutex_);
  bool looked_after_ DBENGINE_GUARDED_BY(mutex_) = false;
  std::set<std::uint64_t> pinned_
      DBENGINE_GUARDED_BY(mutex_); // the last ones that `wal_pinned` closed
  /// Starts at random: a number from an earlier engine must not name a cursor of this one.
  std::uint64_t last_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::engine
