// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workers/progress_channel.hpp"

#include <caf/send.hpp>

#include <chrono>

namespace dbengine::actors::workers {

namespace {

/// How often a worker that waits for a verdict checks that its backup is still wanted.
constexpr auto check_interval = std::chrono::milliseconds(20);

} // namespace

bool progress_channel::ask(const backup_progress& p, const std::function<bool()>& wanted) {
  {
    const base::scoped_lock lock(mutex_);
    progress_ = p;
    verdict_.reset();
  }
  caf::anon_send(listener_, backup_step{shared_from_this()});
  for (;;) {
    {
      base::scoped_lock lock(mutex_);
      if (!verdict_)
        decided_.wait_for(lock, check_interval);
      if (verdict_)
        return *verdict_;
    }
    if (!wanted())
      return false;
  }
}

void progress_channel::decide(bool go_on) {
  const base::scoped_lock lock(mutex_);
  verdict_ = go_on;
  decided_.notify_one();
}

} // namespace dbengine::actors::workers
