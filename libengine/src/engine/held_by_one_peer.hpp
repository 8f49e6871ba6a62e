// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Whether one peer of a port has every reader that works.
// Thread rule: with the lock of who works; takes each reader's own.

#pragma once

#include <cstdint>
#include <mutex>

namespace dbengine::engine {

/// `slots`: the readers; `active`: the part of those that work; `except`: one that does not count.
template <class Slots, class Part>
bool held_by_one_peer(const Slots& slots, Part active, const void* except = nullptr) {
  std::uint64_t peer = 0;
  for (const auto& s : slots) {
    if (s->part != active || s.get() == except)
      continue;
    const std::lock_guard lock(s->mutex);
    const auto holds = s->current ? s->current->peer : 0;
    if (holds == 0 || (peer != 0 && holds != peer))
      return false;
    peer = holds;
  }
  return peer != 0;
}

} // namespace dbengine::engine
