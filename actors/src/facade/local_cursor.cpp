// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/local_cursor.hpp"

namespace dbengine::actors::facade {

using sqlite::connection;
using sqlite::request_control;

local_cursor::local_cursor(engine::engine& core, std::shared_ptr<system::engine_system> h,
                           std::size_t batch, const request_options& o)
    : engine_system_(std::move(h)), batch_(batch), options_(o),
      timeout_(o.timeout.value_or(core.opts().request_timeout)) {}

void local_cursor::open(engine::lease& l, std::string_view sql, const params_view& p) {
  auto& c = *l.conn;
  try {
    c.snapshot().drop();
    c.transaction().begin_snapshot();
    auto ctl = control_now();
    cursor_ = std::make_unique<connection::cursor>(c, sql, p, ctl);
    l.counts.cursor.count.add();
  } catch (...) {
    l.counts.cursor.count.add();
    l.counts.cursor.errors.add();
    c.transaction().rollback();
    engine_system_->core().leases().give_back(l);
    throw;
  }
  lease_ = &l;
  engine_system_->core().leases().park(l);
}

local_cursor::~local_cursor() {
  if (lease_ == nullptr) // it was never opened
    return;
  if (!engine_system_->core().leases().resume(*lease_)) {
    cursor_->abandon();
    return;
  }
  cursor_.reset();
  lease_->conn->transaction().rollback();
  engine_system_->core().leases().give_back(*lease_);
}

sqlite::request_control local_cursor::control_now() const {
  return {timeout_, options_.cancel};
}

rows local_cursor::next() {
  auto& core = engine_system_->core();
  core.calls().admit();
  auto ctl = control_now();
  if (!core.leases().resume(*lease_))
    throw error(errc::shut_down, "the engine is shut down");
  struct parking {
    engine::reader_pool& table;
    engine::lease& mine;
    ~parking() { table.park(mine); }
  } const parked{core.leases(), *lease_};
  auto& counts = lease_->counts.cursor;
  const auto begin = sqlite::clock::now();
  try {
    auto r = cursor_->next(batch_, ctl);
    counts.count.add();
    counts.rows.add(r.size());
    counts.run.record(sqlite::clock::now() - begin);
    return r;
  } catch (const error& e) {
    counts.count.add();
    counts.errors.add();
    if (e.code() == errc::timeout)
      lease_->counts.timeouts.add();
    throw;
  }
}

} // namespace dbengine::actors::facade
