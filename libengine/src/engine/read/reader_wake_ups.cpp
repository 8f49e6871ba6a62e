// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/read/reader_wake_ups.hpp"

#include "base/fault.hpp"
#include "base/retry_on_bad_alloc.hpp"

namespace dbengine::engine {

// The caller has claimed the reader.
void reader_wake_ups::send(std::size_t i) noexcept {
  if (signals_->flush_reader && !base::try_with_retries([&] { signals_->flush_reader(i); }))
    set_asleep(i); // the next caller tries again
}

void reader_wake_ups::wake(std::size_t i) noexcept {
  if ((*slots_)[i]->alive.load(std::memory_order_relaxed) && claim(i))
    send(i);
}

bool reader_wake_ups::wake_any() noexcept {
  for (std::size_t i = 0; i < slots_->size(); ++i) {
    const auto& s = *(*slots_)[i];
    if (s.role.load(std::memory_order_relaxed) != reader_role::active ||
        !s.alive.load(std::memory_order_relaxed) || is_awake(i))
      continue;
    DBENGINE_OBSERVE_POINT("reader.chosen");
    if (claim(i)) {
      send(i);
      return true;
    }
  }
  return false;
}

} // namespace dbengine::engine
