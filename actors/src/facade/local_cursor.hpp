// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A cursor of the facade: a query stepped on the caller's thread.
// Thread safety: the thread that opened it. Ownership: holds its own lease and returns it at its
// end.

#pragma once

#include "system/engine_system.hpp"

#include <dbengine/backend.hpp>

#include <chrono>
#include <memory>

namespace dbengine::actors::facade {

class local_cursor final : public detail::cursor_source {
public:
  /// Constructed before its lease is taken: if there were no memory for the lease's owner, the
  /// lease would never be returned.
  local_cursor(engine::engine& core, std::shared_ptr<system::engine_system> h, std::size_t batch,
               const request_options& o);
  void open(engine::lease& l, std::string_view sql, const params_view& p);
  ~local_cursor() override;
  rows next() override;

private:
  sqlite::request_control control_now() const;

  std::shared_ptr<system::engine_system> engine_system_;
  engine::lease* lease_ = nullptr;
  std::unique_ptr<sqlite::connection::cursor> cursor_;
  std::size_t batch_;
  request_options options_;
  std::chrono::milliseconds timeout_;
};

} // namespace dbengine::actors::facade
