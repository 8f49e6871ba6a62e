// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/statement_cache.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

namespace dbengine::sqlite {

prepared::~prepared() {
  sqlite3_finalize(stmt);
}

prepared* statement_cache::find(std::string_view sql) {
  if (!lru_.empty()) { // repeated use of one statement needs no hash
    auto& p = *lru_.front();
    if (!p.in_use && p.sql == sql) {
      ++hits_;
      return &p;
    }
  }
  const auto it = index_.find(sql);
  if (it == index_.end() || (*it->second)->in_use) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  lru_.splice(lru_.begin(), lru_, it->second);
  return it->second->get();
}

const prepared* statement_cache::peek(std::string_view sql) const noexcept {
  if (!lru_.empty() && lru_.front()->sql == sql)
    return lru_.front().get();
  const auto it = index_.find(sql);
  return it == index_.end() ? nullptr : it->second->get();
}

prepared* statement_cache::insert(std::unique_ptr<prepared> p) {
  auto* raw = p.get();
  if (p->sql.size() > defaults::max_cached_sql_bytes || index_.contains(p->sql)) {
    loose_.push_back(std::move(p));
    return raw;
  }
  lru_.push_front(std::move(p));
  index_.emplace(raw->sql, lru_.begin());
  for (auto it = lru_.end(); lru_.size() > capacity_ && it != lru_.begin();) {
    --it;
    if ((*it)->in_use || it == lru_.begin())
      continue;
    index_.erase((*it)->sql);
    it = lru_.erase(it);
  }
  return raw;
}

void statement_cache::release(prepared* p) noexcept {
  if (p->stmt != nullptr)
    sqlite3_reset(p->stmt);
  p->in_use = false;
  if (!loose_.empty())
    loose_.remove_if([p](const auto& x) { return x.get() == p; });
}

void statement_cache::erase(prepared* p) noexcept {
  if (const auto it = index_.find(p->sql); it != index_.end() && it->second->get() == p) {
    const auto entry = it->second;
    index_.erase(it);
    lru_.erase(entry);
  } else {
    loose_.remove_if([p](const auto& x) { return x.get() == p; });
  }
}

void statement_cache::clear() noexcept {
  index_.clear();
  lru_.clear();
  loose_.clear();
}

} // namespace dbengine::sqlite
