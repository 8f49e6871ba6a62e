// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Bytes from one descriptor to another: copied, hashed, compressed or unpacked, in constant memory.
// Thread rule: independent calls. Ownership: descriptors stay the caller's.

#pragma once

#include "os/directory.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

namespace dbengine::backup {

/// Told after each block, of input and of what it unpacks to, how many bytes of the input are done; false stops with
/// `errc::cancelled`.
using stream_progress = std::function<bool(std::uint64_t)>;

struct stream_result {
  /// Of the input, in hexadecimal.
  std::string sha256_in = {};
  /// Of the output.
  std::string sha256_out = {};
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

enum class stream_kind : std::uint8_t { plain, compress, unpack };

/// Reads `in` from its beginning. `out` of -1 only hashes. Throws `disk_full`, `io`, `cancelled`, and `corrupt` where
/// what is to be unpacked is no whole zstd frame, no database, or larger than `most_out` or than the database's own header says:
/// a few kilobytes can unpack to terabytes.
stream_result stream(stream_kind kind, int in, int out, const stream_progress& progress = {},
                     std::uint64_t most_out = std::numeric_limits<std::uint64_t>::max());

/// A nameless file of this process for what is only needed for a while.
os::unique_fd open_temporary_file();

} // namespace dbengine::backup
