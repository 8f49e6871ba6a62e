// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reads as a CAF application asks them: one actor that keeps many requests under way.

#pragma once

#include "bench_command/measure.hpp"

#include <dbengine/params.hpp>

#include <filesystem>
#include <functional>
#include <string>

namespace dbengine::app::bench {

/// Opens `file` with this many reader actors, in an actor system of its own, and asks `sql` `count` times, `outstanding`
/// requests under way at a time. Throws `error`: the first failure of a request.
finding measure_async_reads(const std::filesystem::path& file, int workers, std::size_t count,
                            std::size_t outstanding, const std::string& sql,
                            const std::function<params(std::size_t)>& values);

} // namespace dbengine::app::bench
