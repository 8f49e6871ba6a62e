// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/log.hpp"

#include "ui/text.hpp"

#include <dbengine/standard_error.hpp>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <mutex>

#include <nlohmann/json.hpp>
#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

namespace dbengine::app::serve {

namespace {

std::string time_text(spdlog::log_clock::time_point at) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 48> whole{};
  std::snprintf(whole.data(), whole.size(), "%s.%03dZ", date.data(),
                static_cast<int>(milliseconds % 1000));
  return whole.data();
}

// Formats each message as one line, whatever it contains.
class line_formatter : public spdlog::formatter {
public:
  explicit line_formatter(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg& m, spdlog::memory_buf_t& to) override {
    const auto level_view = spdlog::level::to_string_view(m.level);
    const std::string level(level_view.data(), level_view.size());
    const std::string text(m.payload.data(), m.payload.size());
    std::string line;
    if (json_) {
      const nlohmann::ordered_json all{
          {"time", time_text(m.time)}, {"level", level}, {"message", text}};
      line = all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    } else {
      line = time_text(m.time) + " " + level + " " + ui::visible(text);
    }
    line += "\n";
    to.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<line_formatter>(json_);
  }

private:
  bool json_;
};

// A sink that does not block on a slow reader, so that signals and deadlines are handled.
class standard_error_sink final : public spdlog::sinks::base_sink<std::mutex> {
protected:
  void sink_it_(const spdlog::details::log_msg& m) override {
    spdlog::memory_buf_t line;
    formatter_->format(m, line);
    detail::write_to_standard_error({line.data(), line.size()});
  }
  void flush_() override {}
};

spdlog::logger& logger() {
  static const auto made = [] {
    // The engine's name for its log (see its DESIGN): the first logger registered under it is used.
    auto l = std::make_shared<spdlog::logger>("dbengine", std::make_shared<standard_error_sink>());
    spdlog::register_logger(l);
    return l;
  }();
  return *made;
}

} // namespace

const std::vector<std::string>& log_levels() {
  static const std::vector<std::string> all{"debug", "info", "warning", "error"};
  return all;
}

const std::vector<std::string>& log_formats() {
  static const std::vector<std::string> all{"text", "json"};
  return all;
}

void set_up_log(const std::string& level, const std::string& format) {
  static constexpr std::array levels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                     spdlog::level::err};
  const auto& names = log_levels();
  const auto at =
      static_cast<std::size_t>(std::find(names.begin(), names.end(), level) - names.begin());
  auto& l = logger();
  l.set_formatter(std::make_unique<line_formatter>(format == "json"));
  l.set_level(at < levels.size() ? levels[at] : spdlog::level::info);
  l.flush_on(spdlog::level::debug);
}

void log_info(const std::string& text) {
  logger().log(spdlog::level::info, "{}", text);
}

void log_warning(const std::string& text) {
  logger().log(spdlog::level::warn, "{}", text);
}

void log_error(const std::string& text) {
  logger().log(spdlog::level::err, "{}", text);
}

} // namespace dbengine::app::serve
