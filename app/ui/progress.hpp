// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A progress bar on standard error. Silent where nobody looks.
// Thread rule: `advance` from any thread; everything else from the thread that made it.
#pragma once

#include "ui/terminal.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace dbengine::app::ui {

/// How the count is written.
enum class unit { items, bytes };

/// Draws at most ten times a second, removes itself at the end. With a total of 0 it shows the count and the
/// rate alone.
class progress {
public:
  progress(const terminal& t, std::string label, std::uint64_t total, unit u = unit::items);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void advance(std::uint64_t by);
  /// Sets the state as a whole.
  void set(std::uint64_t done, std::uint64_t total);
  /// Takes the bar off the line, so that something else can be written there; it comes back by itself.
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
