// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Describes the machine of a measurement, and its other load during the measurement.

#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace dbengine::bench {

/// Cores, processor, kernel, compiler, SQLite and the file system of `directory`.
nlohmann::json describe_machine(const std::filesystem::path& directory);

/// `describe_machine` as one line of text.
std::string machine_line(const nlohmann::json& machine);

/// The day of the measurement (UTC), "2026-01-31".
std::string today();

/// Measures the share of the machine's processor time that other processes used between
/// construction and `other_share`. Sources: `/proc/stat` and the times of this process. In a
/// virtual machine, time stolen by the host counts as well.
class noise_monitor {
public:
  noise_monitor();
  /// 0 to 1 of all cores.
  double other_share() const;

private:
  struct ticks {
    std::uint64_t total = 0, idle = 0, own = 0;
  };
  static ticks now();
  ticks start_;
};

/// Above this share of other load a figure is marked as unreliable: a process that uses ten percent
/// of a core delays every wake-up and fsync.
inline constexpr double noisy_above = 0.05;

/// The load average of the last minute.
double load_average();

/// This process's resident memory in bytes.
std::uint64_t resident_bytes();

/// Voluntary context switches of all threads except the calling one. Each is a thread that slept
/// and was woken.
std::uint64_t voluntary_switches_of_others();

/// Number of threads of this process.
std::size_t thread_count();

} // namespace dbengine::bench
