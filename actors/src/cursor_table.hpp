// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Cursors of clients that are not on the caller's thread: CAF actors and remote peers.
// Thread rule: any thread; one cursor is stepped by one worker at a time. Ownership: owns each cursor's connection.

#pragma once

#include "connection.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace dbengine::detail {

class cursor_table {
public:
  /// Opens a cursor on a connection of its own. `owner` is asked for again by `next` and `close`: nobody else's number works.
  /// Throws what the statement throws, or `errc::overloaded` where too many are open.
  std::uint64_t open(std::unique_ptr<connection> c, std::string_view sql, const params& p,
                     std::uint64_t owner, control& ctl);
  /// The next rows; at the end empty, and the cursor is closed. Throws `errc::invalid_state` for an unknown number.
  rows next(std::uint64_t number, std::uint64_t owner, std::size_t batch, control& ctl);
  void close(std::uint64_t number, std::uint64_t owner) noexcept;
  /// Those of a client that is gone.
  void close_owned(std::uint64_t owner) noexcept;
  /// Closes what nobody asked for in `cursor_idle`. True where cursors are left.
  bool expire() noexcept;
  void close_all() noexcept;
  std::size_t size() const noexcept;

private:
  struct entry {
    std::uint64_t owner = 0;
    std::mutex stepping;
    std::unique_ptr<connection> conn;
    std::unique_ptr<connection::cursor> cursor; // gone before its connection
    clock::time_point used = clock::now();
    bool done = false;

    ~entry() { cursor.reset(); }
  };
  std::shared_ptr<entry> find(std::uint64_t number, std::uint64_t owner);

  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<entry>> entries_;
  std::uint64_t last_ = 0;
};

} // namespace dbengine::detail
