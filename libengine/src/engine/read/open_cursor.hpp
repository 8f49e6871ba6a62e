// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"
#include "connection/connection.hpp"

#include <memory>
#include <string_view>

namespace dbengine::engine {

/// One open cursor: a connection with a snapshot, and the statement that is stepped on it.
/// Thread safety: the thread that holds `stepping`.
/// Ownership: the connection, which is closed with the object.
class open_cursor {
public:
  /// Begins the snapshot and prepares the statement. Throws what the statement throws.
  open_cursor(std::unique_ptr<sqlite::connection> c, std::string_view sql, const params& p,
              sqlite::request_control& ctl);

  /// Held by the request that steps the cursor.
  base::mutex stepping;
  /// The next rows; empty at the end.
  rows next(std::size_t batch, sqlite::request_control& ctl) DBENGINE_REQUIRES(stepping) {
    return cursor_->next(batch, ctl);
  }

private:
  std::unique_ptr<sqlite::connection> connection_ DBENGINE_GUARDED_BY(stepping);
  /// Destroyed before its connection.
  std::unique_ptr<sqlite::connection::cursor> cursor_ DBENGINE_GUARDED_BY(stepping);
};

} // namespace dbengine::engine
