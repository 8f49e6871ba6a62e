// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Measures subjects: threads start together, operations are counted over a fixed time, latencies
// are sampled.

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
  /// One of this many operations is timed: the clock costs 50 ns, which would distort a point read
  /// of 800 ns.
  unsigned time_every = 1;
  step operation;
  /// The name of the threads, so that a profile distinguishes the subjects; at most 15 characters.
  std::string thread_name = "load";
};

struct sample {
  /// Operations per second over all threads.
  double rate = 0;
  latencies times;
  /// The share of the machine that other processes used during the measurement.
  double foreign = 0;
};

/// Runs `l` against `s`: a fifth of the time (at least 0.1 s) as a warm-up, then the measurement.
/// Errors: an exception of an operation ends the run and is rethrown here.
sample measure(subject& s, const load& l);

double median(std::vector<double> xs);

/// Ratios of paired rounds.
struct ratio {
  double median = 0, min = 0, max = 0;
};
ratio paired(std::span<const double> of, std::span<const double> to);

} // namespace dbengine::bench
