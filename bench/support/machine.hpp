// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What a figure was measured on, and whether the machine had other work meanwhile.

#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace dbengine::bench {

/// Cores, processor, kernel, compiler, SQLite and the file system below `directory`.
nlohmann::json describe_machine(const std::filesystem::path& directory);

/// One line of `describe_machine` for a person.
std::string machine_line(const nlohmann::json& machine);

/// The share of the machine's processor time that other processes took between construction and `other_share`,
/// from `/proc/stat` and this process's own times. In a virtual machine, time stolen by the host counts too.
class noise_watch {
public:
  noise_watch();
  /// 0 to 1 of all cores.
  double other_share() const;

private:
  struct ticks {
    std::uint64_t total = 0, idle = 0, own = 0;
  };
  static ticks now();
  ticks start_;
};

/// Beyond this share of foreign work a figure is marked as not trustworthy: one busy process of ten percent of a core
/// makes every wake-up and fsync wait.
inline constexpr double noisy_above = 0.05;

/// The load average of the last minute.
double load_average();

/// This process's resident memory in bytes.
std::uint64_t resident_bytes();

/// Voluntary context switches (each one a thread that slept and was woken) of all threads but the calling one.
std::uint64_t voluntary_switches_of_others();

/// Threads of this process.
std::size_t thread_count();

} // namespace dbengine::bench
