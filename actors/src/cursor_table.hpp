// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Cursors of clients that are not on the caller's thread: CAF actors and remote peers.
// Thread rule: any thread; one cursor is stepped by one worker at a time. Ownership: owns each cursor's connection.

#pragma once

#include "connection.hpp"

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

namespace dbengine::detail {

class cursor_table {
public:
  /// A cursor that nobody asked for `idle` long may be closed. `look_after` is called (from any thread) when a cursor
  /// is opened and nobody calls `expire` yet: it must do so in `idle`, and again whenever `expire` says.
  explicit cursor_table(std::chrono::milliseconds idle = defaults::cursor_idle,
                        std::function<void()> look_after = {});

  /// Opens a cursor on a connection of its own. `owner` is asked for again by `next` and `close`: nobody else's number works.
  /// Throws what the statement throws, or `errc::overloaded` where too many are open.
  std::uint64_t open(std::unique_ptr<connection> c, std::string_view sql, const params& p,
                     std::uint64_t owner, control& ctl);
  /// The next rows; at the end empty, and the cursor is closed. Throws `errc::invalid_state` for an unknown number,
  /// `errc::busy` while another request steps the cursor.
  rows next(std::uint64_t number, std::uint64_t owner, std::size_t batch, control& ctl);
  /// A request that steps it is interrupted (`errc::cancelled`).
  void close(std::uint64_t number, std::uint64_t owner) noexcept;
  /// True once for each owner until `close_owned`: its end is to be watched from now on.
  bool watch(std::uint64_t owner);
  /// Those of a client that is gone.
  void close_owned(std::uint64_t owner) noexcept;
  /// Closes what was idle for too long. Returns when to look again; none where no cursor is left.
  std::optional<std::chrono::milliseconds> expire() noexcept;
  void close_all() noexcept;
  std::size_t size() const noexcept;

private:
  struct entry {
    std::uint64_t owner = 0;
    std::mutex stepping;
    std::unique_ptr<connection> conn;
    std::unique_ptr<connection::cursor> cursor; // gone before its connection
    clock::time_point used = clock::now();
    control* stepped_by = nullptr; // the request that is at it; guarded by the table's mutex

    ~entry() { cursor.reset(); }
    /// Nobody wants its rows any more.
    void stop() noexcept {
      if (stepped_by != nullptr)
        stepped_by->kill(errc::cancelled);
    }
  };
  std::shared_ptr<entry> find(std::uint64_t number, std::uint64_t owner);

  const std::chrono::milliseconds idle_;
  const std::function<void()> look_after_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<entry>> entries_;
  std::set<std::uint64_t> watched_;
  bool looked_after_ = false;
  /// From a number of chance: one of an engine that was here before must not name another cursor now.
  std::uint64_t last_;
};

} // namespace dbengine::detail
