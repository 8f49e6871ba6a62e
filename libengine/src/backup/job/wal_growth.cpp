// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/job/wal_growth.hpp"

#include <dbengine/error.hpp>

#include <algorithm>
#include <string>

namespace dbengine::backup {

void wal_growth::update(std::uint64_t bytes) noexcept {
  urgent_ = urgent_ || bytes > std::max(urgent_at_, at_start_);
  exceeded_ = exceeded_ || (limit_ > 0 && bytes > std::max(limit_, at_start_));
}

void wal_growth::throw_if_exceeded() const {
  if (exceeded_)
    throw error(errc::backup_failed,
                "the write-ahead log grew past " + std::to_string(limit_) +
                    " bytes while the snapshot was copied: the disk is too slow for this writer");
}

} // namespace dbengine::backup
