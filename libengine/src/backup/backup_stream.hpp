// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Streaming of bytes from one descriptor to another: copying, hashing, compressing and
// decompressing, in constant memory.
// Thread safety: independent calls. Ownership: descriptors belong to the caller.

#pragma once

#include "os/directory.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

namespace dbengine::backup {

/// Called after each block of input and of output with the number of input bytes that are done.
/// Returning false stops the stream with `errc::cancelled`.
using stream_progress = std::function<bool(std::uint64_t)>;

struct stream_result {
  /// SHA-256 of the input, in hexadecimal.
  std::string sha256_in = {};
  /// SHA-256 of the output, in hexadecimal.
  std::string sha256_out = {};
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

enum class stream_kind : std::uint8_t { plain, compress, unpack };

/// Reads `in` from its beginning. An `out` of -1 only hashes.
/// Errors: `disk_full`, `io`, `cancelled`; `corrupt` if the input of an unpack is not a whole zstd
/// frame, not a database, or larger than `most_out` or than the database's own header says. A few
/// kilobytes can decompress to terabytes.
stream_result stream(stream_kind kind, int in, int out, const stream_progress& progress = {},
                     std::uint64_t most_out = std::numeric_limits<std::uint64_t>::max());

/// A file without a name, which is removed when its descriptor is closed.
os::unique_fd open_temporary_file();

} // namespace dbengine::backup
