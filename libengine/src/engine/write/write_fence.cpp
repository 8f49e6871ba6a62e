// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/write/write_fence.hpp"

#include "base/log.hpp"
#include "engine/escalate.hpp"

namespace dbengine::engine {

void write_fence::check() const {
  if (current() == level::permanent)
    throw error(errc::fenced, "writing is stopped: " + reason());
}

std::string write_fence::reason() const {
  const base::scoped_lock lock(mutex_);
  return reason_;
}

void write_fence::raise(level l, std::string why) {
  {
    const base::scoped_lock lock(mutex_);
    if (current() >= l)
      return;
    reason_ = why;
    level_.store(l, std::memory_order_seq_cst);
  }
  base::log(base::log_level::error, "writing is fenced: " + why);
  escalate(*options_, {.what = escalation_kind::writing_fenced,
                       .worker = "writer",
                       .reason = {.code = errc::fenced, .message = std::move(why)}});
}

void write_fence::lift() {
  {
    const base::scoped_lock lock(mutex_);
    if (current() != level::unresolved)
      return;
    reason_.clear();
    level_.store(level::none, std::memory_order_seq_cst);
  }
  base::log(base::log_level::info, "the failed commit is resolved, writing continues");
  escalate(*options_, {.what = escalation_kind::writing_resumed, .worker = "writer"});
}

void write_fence::check_identity(sqlite::connection& c) {
  auto why = c.files().check_identity();
  if (why.empty())
    return;
  raise_permanently(why);
  error_info info{.code = errc::fenced, .outcome = outcome::unknown, .message = std::move(why)};
  throw error(std::move(info));
}

void write_fence::raise_if_truncated() {
  if (const char* why = location_->truncation ? location_->truncation->failure() : nullptr)
    raise_permanently(why);
}

} // namespace dbengine::engine
