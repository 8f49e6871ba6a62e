// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/read/snapshot_sweeper.hpp"

namespace dbengine::engine {

bool snapshot_sweeper::sweep() {
  // Armed during the sweep: otherwise a thread that arms the timer would start a second chain of
  // messages. A restarted reader pool actor begins without a message.
  timer_.set_armed();
  if (sweep_all())
    return true;
  timer_.disarm();
  // Repeated: a thread that opened a snapshot during the sweep may have found the timer armed.
  return sweep_all() && timer_.rearm();
}

bool snapshot_sweeper::sweep_all() noexcept {
  const bool leases = leases_->sweep();
  return sweep_writer() || leases;
}

// As with the leases, the writer's snapshot is closed if it was not used since the last sweep.
bool snapshot_sweeper::sweep_writer() noexcept {
  if (read_only_)
    return false;
  if (!lock_->try_lock_briefly())
    return !lock_->is_shut(); // a connection that is being opened has no snapshot
  auto& c = lock_->connection();
  if (lock_->turns() == turns_at_sweep_)
    c.snapshot().drop();
  turns_at_sweep_ = lock_->turns();
  const bool open = c.snapshot().is_open();
  lock_->unlock();
  return open;
}

} // namespace dbengine::engine
