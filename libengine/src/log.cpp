// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <mutex>

namespace dbengine::detail {

namespace {

std::shared_ptr<spdlog::logger> logger() {
  if (auto found = spdlog::get("dbengine"))
    return found;
  static std::mutex making;
  const std::lock_guard lock(making);
  if (auto found = spdlog::get("dbengine"))
    return found;
  auto made = std::make_shared<spdlog::logger>(
      "dbengine", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  made->set_level(spdlog::level::debug);
  spdlog::register_logger(made);
  return made;
}

} // namespace

void log(log_level level, std::string_view text) noexcept {
  try {
    static constexpr spdlog::level::level_enum levels[] = {
        spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    logger()->log(levels[static_cast<int>(level)], "{}", text);
  } catch (...) { // a log that cannot be written must not take the engine down
  }
}

} // namespace dbengine::detail
