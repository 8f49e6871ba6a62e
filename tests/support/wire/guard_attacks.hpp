// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// What a hostile peer can send, by name, and without end.
#pragma once

#include "support/wire/raw_peer.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace dbengine::test {

using connector = std::function<raw_peer()>;

struct attack {
  const char* name;
  /// CAF's own port, given 1 GB of memory, does not survive it (crash, hang, or the published actor
  /// lost): the control.
  bool deadly;
  /// `many`: how often what must be repeated to hurt.
  std::function<void(const connector&, std::uint32_t many)> run;
};

const std::vector<attack>& attacks();

/// Sends `count` random and mutated frames, the same ones for the same seed; returns how many.
/// Connections carry several frames until the victim closes them. Stops early when it does not
/// accept any more.
std::uint64_t send_noise(const connector& connect, std::uint64_t seed, std::uint64_t count);

} // namespace dbengine::test
