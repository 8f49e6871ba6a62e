// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#ifdef DBENGINE_FAULTS

#include "support/faults/killer.hpp"

#include "base/fault.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <stdexcept>

namespace dbengine::test {

std::string to_string(death d) {
  return d == death::throws ? "throws" : d == death::exits ? "exits" : "stalls";
}

killer::killer(std::shared_ptr<actors::system::engine_system> h) : engine_(std::move(h)) {
  base::fault::set_hook([this](std::string_view point) { at(point); });
}

killer::~killer() {
  disarm();
  release();
  base::fault::set_hook({});
}

void killer::arm(plan p) {
  const std::lock_guard lock(mutex_);
  plans_.push_back(std::move(p));
  armed_.store(true);
}

void killer::disarm() {
  const std::lock_guard lock(mutex_);
  plans_.clear();
  armed_.store(false);
  changed_.notify_all();
}

void killer::release() {
  const std::lock_guard lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

bool killer::struck(std::chrono::milliseconds bound) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, bound, [this] { return plans_.empty(); });
}

std::string killer::left() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& p : plans_)
    text += (text.empty() ? "" : ", ") + p.point + " " + to_string(p.how);
  return text;
}

void killer::at(std::string_view point) {
  if (!armed_.load(std::memory_order_relaxed))
    return;
  death how{};
  {
    std::unique_lock lock(mutex_);
    auto it = plans_.begin();
    while (it != plans_.end() && it->point != point)
      ++it;
    if (it == plans_.end())
      return;
    if (it->after > 0) {
      --it->after;
      return;
    }
    how = it->how;
    plans_.erase(it);
    armed_.store(!plans_.empty());
    kills_.fetch_add(1);
    changed_.notify_all();
    if (how == death::stalls) {
      // Bounded, so that a broken test ends.
      changed_.wait_for(lock, std::chrono::seconds(60), [this] { return released_; });
      return;
    }
  }
  if (how == death::exits)
    return send_exit(point);
  throw std::runtime_error("killed at " + std::string(point));
}

void killer::send_exit(std::string_view point) {
  const auto handles = engine_->handles().read();
  const auto kill = [](const auto& h) {
    if (h)
      caf::anon_send_exit(h, caf::exit_reason::kill);
  };
  if (point.starts_with("reader.")) {
    std::size_t i = 0;
    {
      const std::lock_guard lock(mutex_);
      i = turn_++ % static_cast<std::size_t>(engine_->core().opts().num_workers);
    }
    kill(handles.readers[i]);
  } else if (point.starts_with("lease.") || point.starts_with("pool.")) {
    kill(handles.reader_pool);
  } else if (point.starts_with("backup.") || point.starts_with("scheduler.")) {
    kill(handles.backup_scheduler);
  } else if (point.starts_with("stats.")) {
    kill(handles.stats);
  } else { // the writer, also for writes on callers' threads
    kill(handles.writer);
  }
}

} // namespace dbengine::test

#endif
