// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/job/job_progress.hpp"

namespace dbengine::backup {

void job_progress::throw_if_cancelled() const {
  if (is_cancelled())
    throw error(errc::cancelled, "the backup was cancelled");
}

void job_progress::report() {
  reported_ = std::chrono::steady_clock::now();
  if (callback_ == nullptr || !*callback_ || thrown_)
    return;
  try {
    if (!(*callback_)(pages()))
      cancel();
  } catch (...) {
    thrown_ = std::current_exception();
    cancel();
  }
}

void job_progress::rethrow_callback_exception() const {
  if (thrown_)
    std::rethrow_exception(thrown_);
}

} // namespace dbengine::backup
