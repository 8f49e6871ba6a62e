// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/files/file_checks.hpp"

#include "sqlite/files/mapping_policy.hpp"
#include "sqlite/files/truncation_check.hpp"

#include <sqlite3.h>

#include <utility>

namespace dbengine::sqlite {

void file_checks::record_identity() {
  if (!where_->memory)
    files_.record(where_->path.string());
}

const char* file_checks::fence_reason() const noexcept {
  return where_->truncation ? where_->truncation->failure() : nullptr;
}

void file_checks::throw_if_fenced(outcome o) const {
  if (const char* why = fence_reason(); why != nullptr) {
    error_info info{.code = errc::fenced, .outcome = o, .message = why};
    throw error(std::move(info));
  }
}

bool file_checks::is_truncated() noexcept {
  if (!where_->truncation)
    return false;
  bool read = false;
  if (!mapping_->is_mapped() || where_->truncation->is_longer_than(mmap_size_)) {
    int misses = 0;
    int high = 0;
    sqlite3_db_status(db_, SQLITE_DBSTATUS_CACHE_MISS, &misses, &high, 0);
    read = misses != std::exchange(cache_misses_, misses);
  }
  return where_->truncation->is_truncated(*index_, db_, read);
}

bool file_checks::is_truncated_now() noexcept {
  return where_->truncation && where_->truncation->is_truncated(*index_, db_, true);
}

std::string file_checks::check_identity() {
  if (where_->memory)
    return {};
  auto why = files_.check(*index_, *where_->truncation, db_);
  if (!why.empty())
    keep_wal();
  return why;
}

std::string file_checks::check_identity_if_stale() {
  if (where_->memory)
    return {};
  auto why = files_.check_if_stale(*index_, *where_->truncation, db_);
  if (!why.empty())
    keep_wal();
  return why;
}

void file_checks::keep_wal() noexcept {
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

} // namespace dbengine::sqlite
