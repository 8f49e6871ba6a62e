// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A progress bar on standard error.
#pragma once

#include "ui/terminal.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace dbengine::app::ui {

/// The unit of the count.
enum class unit { items, bytes };

/// A progress bar that is drawn at most ten times a second and removed at the end. With a total of
/// 0 it shows only the count and the rate. It draws nothing unless standard error is an interactive
/// terminal.
/// Thread safety: `advance` from any thread; everything else from the thread that created it.
class progress {
public:
  progress(const terminal& t, std::string label, std::uint64_t total, unit u = unit::items);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void advance(std::uint64_t by);
  /// Sets both count and total.
  void set(std::uint64_t done, std::uint64_t total);
  /// Removes the bar from the line, so that other text can be written there. The next update draws
  /// it again.
  void clear();
  /// Removes the bar; nothing is drawn afterwards.
  void finish();

private:
  using clock = std::chrono::steady_clock;

  void draw_if_due();
  void draw(clock::time_point now);
  std::string count(std::uint64_t n) const;

  const terminal terminal_;
  const std::string label_;
  const unit unit_;
  const clock::time_point start_ = clock::now();
  std::atomic<std::uint64_t> total_;
  std::atomic<std::uint64_t> done_{0};
  std::atomic<clock::rep> next_draw_{0};
  std::mutex drawing_;
  bool drawn_ = false;
  bool finished_ = false;
};

} // namespace dbengine::app::ui
