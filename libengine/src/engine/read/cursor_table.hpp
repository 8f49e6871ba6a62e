// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Cursors of clients that are not on the caller's thread: CAF actors and remote peers.
// Thread rule: any thread; one cursor is stepped by one worker at a time. Whoever closes one may not wait for a disk: it goes out of
// the table at once, and a worker closes its connection. Ownership: owns each cursor's connection.

#pragma once

#include "connection/connection.hpp"

#include <dbengine/defaults.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace dbengine::engine {

class cursor_table {
public:
  /// A cursor that nobody asked for `idle` long may be closed. `look_after` is called (from any thread) when a cursor
  /// is opened and nobody calls `expire` yet: it must do so in `idle`, and again whenever `expire` says. `closed` is called
  /// (from any thread) when one was closed and nobody was told yet: a worker must call `drop_closed` soon.
  explicit cursor_table(std::chrono::milliseconds idle = defaults::cursor_idle,
                        std::function<void()> look_after = {}, std::function<void()> closed = {});

  /// Opens a cursor on a connection of its own. `owner` is asked for again by `next` and `close`: nobody else's number works.
  /// Throws what the statement throws, `errc::overloaded` where too many are open or `peer` (not 0: one of a port's) has its share,
  /// or `errc::shut_down` after `close_all`. By a worker.
  std::uint64_t open(std::unique_ptr<sqlite::connection> c, std::string_view sql, const params& p,
                     std::uint64_t owner, sqlite::request_control& ctl, std::uint64_t peer = 0);
  /// The next rows; at the end empty, and the cursor is closed. Throws `errc::invalid_state` for an unknown number,
  /// `errc::busy` while another request steps the cursor. By a worker.
  rows next(std::uint64_t number, std::uint64_t owner, std::size_t batch,
            sqlite::request_control& ctl);
  /// It is open no more; a request that steps it is interrupted (`errc::cancelled`).
  void close(std::uint64_t number, std::uint64_t owner) noexcept;
  /// True once for each owner until `close_owned`: its end is to be watched from now on.
  bool watch(std::uint64_t owner);
  /// Those of a client that is gone.
  void close_owned(std::uint64_t owner) noexcept;
  /// Snapshots keep the WAL, which has so many bytes, from beginning anew: closes the cursors of peers that have kept it for
  /// `defaults::cursor_wal_bytes`. True where there were any.
  bool wal_pinned(std::uint64_t bytes) noexcept;
  /// Ends the connections of cursors that were closed. By a worker.
  void drop_closed() noexcept;
  /// Closes what was idle for too long, and does what `drop_closed` does. Returns when to look again; none where no cursor is
  /// left. By a worker.
  std::optional<std::chrono::milliseconds> expire() noexcept;
  /// Closes all of them on this thread; none is opened any more.
  void close_all() noexcept;
  std::size_t size() const noexcept;

private:
  struct entry {
    std::uint64_t owner = 0;
    std::uint64_t peer = 0;
    std::optional<std::uint64_t> wal_bytes; // when it first kept the WAL from beginning anew
    std::mutex stepping;
    std::unique_ptr<sqlite::connection> conn;
    std::unique_ptr<sqlite::connection::cursor> cursor; // gone before its connection
    sqlite::clock::time_point used = sqlite::clock::now();
    sqlite::request_control* stepped_by =
        nullptr; // the request that is at it; guarded by the table's mutex

    ~entry() { cursor.reset(); }
    /// Nobody wants its rows any more.
    void stop() noexcept {
      if (stepped_by != nullptr)
        stepped_by->deadline.kill(errc::cancelled);
    }
  };
  using entries = std::map<std::uint64_t, std::shared_ptr<entry>>;
  std::shared_ptr<entry> find(std::uint64_t number, std::uint64_t owner);
  /// Where too many are open or wait to be dropped, drops those.
  void make_room(std::uint64_t peer);
  /// With the table's mutex.
  void check_share(std::uint64_t peer) const;
  /// With the table's mutex: `it` goes to those that were closed. Returns the next one.
  entries::iterator set_aside(entries::iterator it) noexcept;
  void tell_closed() noexcept;

  const std::chrono::milliseconds idle_;
  const std::function<void()> look_after_;
  const std::function<void()> on_closed_;
  mutable std::mutex mutex_; // never held where a connection is used or ended
  entries entries_;
  entries closed_;    // out of the table, and not dropped yet
  bool told_ = false; // of those
  bool ended_ = false;
  std::set<std::uint64_t> watched_;
  bool looked_after_ = false;
  std::set<std::uint64_t> pinned_; // the last that `wal_pinned` closed
  /// From a number of chance: one of an engine that was here before must not name another cursor now.
  std::uint64_t last_;
};

} // namespace dbengine::engine
