// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Measures subjects: threads that start together, operations counted over a fixed time, latencies beside.

#pragma once

#include "latencies.hpp"
#include "subject.hpp"

#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace dbengine::bench {

using random_source = std::mt19937_64;

/// One operation of a thread.
using step = std::function<void(client&, random_source&)>;

struct load {
  unsigned threads = 1;
  double seconds = 1;
  /// Every how many operations one is timed: the clock costs 50 ns, which a point read of 800 ns would show.
  unsigned time_every = 1;
  step operation;
  /// Of the threads, so that a profile tells the subjects apart; at most 15 characters.
  std::string thread_name = "load";
};

struct sample {
  /// Operations a second over all threads.
  double rate = 0;
  latencies times;
  /// Share of the machine that others used meanwhile.
  double foreign = 0;
};

/// Runs `l` against `s`: a fifth of the time (at least 0.1 s) to warm up, then the measurement. An exception of an
/// operation ends the run and is thrown here.
sample measure(subject& s, const load& l);

double median(std::vector<double> xs);

/// Ratios of paired rounds.
struct ratio {
  double median = 0, min = 0, max = 0;
};
ratio paired(std::span<const double> of, std::span<const double> to);

} // namespace dbengine::bench
