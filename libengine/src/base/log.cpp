// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "base/log.hpp"

#include "base/thread_annotations.hpp"

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
  static mutex creation_mutex;
  const scoped_lock lock(creation_mutex);
  if (auto found = spdlog::get("dbengine"))
    return found;
  auto made = std::make_shared<spdlog::logger>("dbengine", std::make_shared<standard_error_sink>());
  made->set_level(spdlog::level::debug);
  spdlog::register_logger(made);
  return made;
}

// Rate limit per kind of line: the first line of a kind is written, further ones within `period`
// are counted.
class rate_limit {
public:
  /// Lines of this kind that were suppressed since the last one that was written; -1 if this one is
  /// suppressed.
  std::int64_t admit(const char* kind) {
    constexpr auto period = std::chrono::seconds(10);
    const auto now = std::chrono::steady_clock::now();
    const scoped_lock lock(mutex_);
    auto& k = kinds_[kind];
    if (k.written && now - *k.written < period) {
      ++k.suppressed;
      return -1;
    }
    k.written = now;
    return std::exchange(k.suppressed, 0);
  }

private:
  struct entry {
    std::optional<std::chrono::steady_clock::time_point> written;
    std::int64_t suppressed = 0;
  };
  mutex mutex_;
  std::map<std::string, entry, std::less<>> kinds_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace

void log_limited(log_level level, const char* kind, std::string_view text) noexcept {
  try {
    // never destroyed, like the logger: a worker may log while the process ends
    static auto* const limit = new rate_limit;
    const auto suppressed = limit->admit(kind);
    if (suppressed == 0)
      log(level, text);
    else if (suppressed > 0)
      log(level,
          std::string(text) + " (" + std::to_string(suppressed) + " more of this kind since)");
  } catch (...) { // a log that cannot be written must not stop the engine
  }
}

void log(log_level level, std::string_view text) noexcept {
  try {
    static constexpr spdlog::level::level_enum levels[] = {
        spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    logger()->log(levels[static_cast<int>(level)], "{}", text);
  } catch (...) { // a log that cannot be written must not stop the engine
  }
}

} // namespace dbengine::base
