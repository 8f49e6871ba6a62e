// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Queries that are stepped in batches.

#include "connection/connection.hpp"
#include "sqlite/binder.hpp"

#include <algorithm>
#include <utility>

namespace dbengine::sqlite {

namespace {

constexpr const char* only_reads =
    "a cursor reads; use execute or fetch for a statement that writes";

} // namespace

connection::cursor::cursor(connection& c, std::string_view sql, const params_view& p,
                           request_control& ctl)
    : connection_(&c), statement_(nullptr) {
  const request_scope r(c, ctl);
  auto* found = c.prepare(sql);
  if (found->needs_writer || !found->read_only)
    throw error(errc::not_allowed, only_reads);
  c.check_change_counts(*found);
  values_ = p.owned();
  binder(c.db_, *found).bind(values_);
  found->in_use = true;
  statement_ = found;
}

connection::cursor::~cursor() {
  if (statement_ != nullptr)
    connection_->cache_.release(statement_);
}

rows connection::cursor::next(std::size_t batch, request_control& ctl) {
  if (failed_) // an empty batch would mean that all rows were returned
    throw error(errc::invalid_state, "the cursor has failed and returns no more rows");
  if (done_) {
    auto empty = std::make_shared<detail::arena>();
    empty->columns = statement_->columns;
    return rows(std::move(empty));
  }
  const request_scope r(*connection_, ctl);
  try {
    return connection_->collect(*statement_, std::max<std::size_t>(batch, 1), done_, ctl);
  } catch (const needs_writer&) {
    failed_ = true;
    throw error(errc::not_allowed, only_reads);
  } catch (...) {
    failed_ = true; // stepped again, a failed statement would start from its beginning
    throw;
  }
}

} // namespace dbengine::sqlite
