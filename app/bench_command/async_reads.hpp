// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reads as a CAF application sends them: one actor with many requests in flight.

#pragma once

#include "bench_command/measure.hpp"

#include <dbengine/params.hpp>

#include <filesystem>
#include <functional>
#include <string>

namespace dbengine::app::bench {

/// Opens `file` with this many reader actors in a separate actor system. Sends `sql` `count` times,
/// with `outstanding` requests in flight.
/// Errors: `error`, the first failure of a request.
finding measure_async_reads(const std::filesystem::path& file, int workers, std::size_t count,
                            std::size_t outstanding, const std::string& sql,
                            const std::function<params(std::size_t)>& values);

} // namespace dbengine::app::bench
