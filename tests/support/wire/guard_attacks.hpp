// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// The attacks of a hostile peer, by name, and endless random frames.
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
  /// The control: CAF's own port, given 1 GB of memory, does not survive the attack (crash, hang,
  /// or loss of the published actor).
  bool deadly;
  /// `many`: the repetitions of an attack that is harmful only when repeated.
  std::function<void(const connector&, std::uint32_t many)> run;
};

const std::vector<attack>& attacks();

/// Sends `count` random and mutated frames, equal for equal seeds; returns how many were sent. A
/// connection carries several frames until the victim closes it. Stops early if the victim accepts
/// no more connections.
std::uint64_t send_noise(const connector& connect, std::uint64_t seed, std::uint64_t count);

} // namespace dbengine::test
