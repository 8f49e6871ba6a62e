// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One write statement on the free write connection, on the caller's thread: no queue, no other
// thread.
// Thread safety: a thread that has just locked the write connection. Ownership: returns the write
// connection on every path.

#pragma once

#include "facade/queued_calls.hpp"

#include <optional>
#include <string_view>

namespace dbengine::actors::facade {

class inline_write {
public:
  explicit inline_write(engine::engine& core) : core_(&core) {}

  /// Empty if the worker failed under the statement and nothing was committed: the writer is
  /// restarted, and the statement can run again. Throws the statement's error.
  std::optional<write_result> run(std::string_view sql, const params_view& p,
                                  const queued_calls& calls, const request_options& o);

private:
  void finish(std::string_view sql, const write_result& result, bool committed);
  [[noreturn]] void fail(const error& e);

  engine::engine* core_;
};

} // namespace dbengine::actors::facade
