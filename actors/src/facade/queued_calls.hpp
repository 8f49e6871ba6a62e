// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Sends the facade's requests to the engine's queues and blocks until they are answered.
// Thread safety: any thread. Ownership: none; the engine outlives it. Errors: the request's
// failure, thrown.

#pragma once

#include "engine/engine.hpp"
#include "facade/blocking_request.hpp"

#include <dbengine/options.hpp>

#include <memory>
#include <string_view>

namespace dbengine::actors::facade {

class queued_calls {
public:
  explicit queued_calls(engine::engine& core) : core_(&core) {}

  /// The deadline and the cancel token of a call that starts now. Throws if either has passed.
  sqlite::request_control control_of(const request_options& o) const;
  std::shared_ptr<blocking_request> make(engine::request::kind k, const request_options& o) const;
  /// Queues the request for the writer or for a reader and waits. A write runs on this thread if
  /// the write connection is free.
  void run(const std::shared_ptr<blocking_request>& r, bool write, const request_options& o);
  /// The same for a request whose parameter sets belong to the caller: they are copied only if it
  /// has to wait in the queue.
  void run_batch(const std::shared_ptr<blocking_request>& r, const request_options& o);
  /// `attempts`: the number of workers that this statement has made fail already.
  rows fetch(std::string_view sql, const params_view& p, const request_options& o, bool write,
             int attempts = 0);

private:
  /// False if the write connection is not free. Otherwise the request is answered, or is in the
  /// queue because the worker failed.
  bool run_inline(const std::shared_ptr<blocking_request>& r);
  void wait(const std::shared_ptr<blocking_request>& r, const request_options& o);
  void leave_if_overdue(blocking_request& r, const request_options& o);

  engine::engine* core_;
};

} // namespace dbengine::actors::facade
