// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "base/log.hpp"

#include <dbengine/standard_error.hpp>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace dbengine::base {

namespace {

class standard_error_sink final : public spdlog::sinks::base_sink<std::mutex> {
protected:
  void sink_it_(const spdlog::details::log_msg& m) override {
    spdlog::memory_buf_t line;
    formatter_->format(m, line);
    detail::write_to_standard_error({line.data(), line.size()});
  }
  void flush_() override {}
};

std::shared_ptr<spdlog::logger> logger() {
  if (auto found = spdlog::get("dbengine"))
    return found;
  static std::mutex making;
  const std::lock_guard lock(making);
  if (auto found = spdlog::get("dbengine"))
    return found;
  auto made = std::make_shared<spdlog::logger>("dbengine", std::make_shared<standard_error_sink>());
  made->set_level(spdlog::level::debug);
  spdlog::register_logger(made);
  return made;
}

// Lines of one kind: the first is written, those that follow within `period` are counted.
class kinds {
public:
  /// How many were left out since the last one that was written; -1: this one is left out, too.
  std::int64_t pass(const char* kind) {
    constexpr auto period = std::chrono::seconds(10);
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    auto& k = all_[kind];
    if (k.written && now - *k.written < period) {
      ++k.left_out;
      return -1;
    }
    k.written = now;
    return std::exchange(k.left_out, 0);
  }

private:
  struct entry {
    std::optional<std::chrono::steady_clock::time_point> written;
    std::int64_t left_out = 0;
  };
  std::mutex mutex_;
  std::map<std::string, entry, std::less<>> all_;
};

} // namespace

void log_limited(log_level level, const char* kind, std::string_view text) noexcept {
  try {
    static auto* const seen = new kinds; // as the log: for the life of the process
    const auto left_out = seen->pass(kind);
    if (left_out == 0)
      log(level, text);
    else if (left_out > 0)
      log(level, std::string(text) + " (" + std::to_string(left_out) + " more of this kind since)");
  } catch (...) { // as there
  }
}

void log(log_level level, std::string_view text) noexcept {
  try {
    static constexpr spdlog::level::level_enum levels[] = {
        spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    logger()->log(levels[static_cast<int>(level)], "{}", text);
  } catch (...) { // a log that cannot be written must not take the engine down
  }
}

} // namespace dbengine::base
