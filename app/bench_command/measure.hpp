// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Measures time, memory and processor use.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::app::bench {

/// The result of one measurement.
struct finding {
  std::string test;
  std::string label;
  std::string unit;
  /// Units per second.
  double rate = 0;
  /// Of one operation, in microseconds.
  double p50 = 0, p99 = 0, max = 0;
  /// Processor time of this process divided by the time of all cores, 0 to 1.
  double processor = 0;
  /// Further figures, by name.
  std::vector<std::pair<std::string, double>> more = {};

  double figure(const std::string& name) const;
};

/// Calls `operation(index)` for each index below `count`, distributed over threads that start
/// together, and times each call.
/// Errors: those of `operation`.
finding measure(std::size_t threads, std::size_t count,
                const std::function<void(std::size_t)>& operation);

/// A measurement from construction to `finish`.
class stopwatch {
public:
  stopwatch();
  /// Returns the result. `times`: one per operation, in microseconds, in any order.
  finding finish(std::vector<double> times) const;

private:
  double processor_;
  std::chrono::steady_clock::time_point begin_;
};

/// This process's resident memory in bytes.
std::uint64_t resident_bytes();

/// "12.3 us", "4.56 ms" for a duration in microseconds.
std::string duration_text(double micros);
/// "1.23 M", "45.6 k" for a rate.
std::string rate_text(double rate);

} // namespace dbengine::app::bench
