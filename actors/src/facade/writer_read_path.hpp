// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reads on the idle write connection.
// Thread safety: any thread, each with its own lease. Ownership: none.
//
// After another commit, refreshing a lease's snapshot is expensive: lock calls, and the connection
// discards its page cache. The write connection kept its cache through its own commits, so a short
// read runs there while no write runs or waits. A write that arrives during the read waits for some
// microseconds; at the first call of the progress handler the read gives way.

#pragma once

#include "engine/engine.hpp"

#include <string_view>

namespace dbengine::actors::facade {

class writer_read_path {
public:
  explicit writer_read_path(engine::engine& core) : core_(&core) {}

  /// True if the read ran and `result` is its result. False: the caller runs it on its lease, which
  /// reports the result or the error. `failed_workers` grows if the write connection failed. Throws
  /// only if the request's own deadline or cancellation ended it.
  bool try_fetch(engine::lease& l, std::string_view sql, const params_view& p,
                 sqlite::request_control& ctl, rows& result, int& failed_workers);

private:
  /// Whether a read of this lease is faster on the write connection.
  bool is_worthwhile(engine::lease& l, std::string_view sql) const;

  engine::engine* core_;
};

} // namespace dbengine::actors::facade
