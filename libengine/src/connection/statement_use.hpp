// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A statement of a connection's cache while it is used.
// Thread rule: the connection's user.

#pragma once

#include "connection/connection.hpp"

namespace dbengine::sqlite {

/// A statement in use; reset when the use ends, however it ends.
class connection::statement_use {
public:
  statement_use(connection& c, prepared* p) noexcept : cache_(&c.cache_), p_(p) {
    p->in_use = true;
  }
  ~statement_use() { cache_->release(p_); }
  statement_use(const statement_use&) = delete;
  statement_use& operator=(const statement_use&) = delete;
  prepared& operator*() const noexcept { return *p_; }
  prepared* operator->() const noexcept { return p_; }

private:
  statement_cache* cache_;
  prepared* p_;
};

} // namespace dbengine::sqlite
