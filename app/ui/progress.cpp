// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "ui/progress.hpp"

#include "ui/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace dbengine::app::ui {

namespace {

using namespace std::chrono_literals;

constexpr auto redraw_interval = 100ms;
constexpr std::size_t widest_bar = 28;
constexpr std::size_t narrowest_bar = 4;

// In eighths of a column if the terminal shows UTF-8, otherwise in whole columns.
std::string bar(double share, std::size_t bar_columns, bool unicode) {
  static constexpr std::array eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double filled = share * static_cast<double>(bar_columns);
  const auto whole = std::min(static_cast<std::size_t>(filled), bar_columns);
  std::string out;
  for (std::size_t i = 0; i < whole; ++i)
    out += unicode ? "█" : "#";
  std::size_t used = whole;
  if (unicode && whole < bar_columns) {
    const auto part = static_cast<std::size_t>((filled - static_cast<double>(whole)) * 8);
    if (part > 0) {
      out += eighths[std::min<std::size_t>(part, 7)];
      ++used;
    }
  }
  for (; used < bar_columns; ++used)
    out += unicode ? "░" : "-";
  return out;
}

} // namespace

progress::progress(const terminal& t, std::string label, std::uint64_t total, unit u)
    : terminal_(t), label_(std::move(label)), unit_(u), total_(total) {}

progress::~progress() {
  finish();
}

void progress::advance(std::uint64_t by) {
  done_.fetch_add(by, std::memory_order_relaxed);
  draw_if_due();
}

void progress::set(std::uint64_t done, std::uint64_t total) {
  done_.store(done, std::memory_order_relaxed);
  total_.store(total, std::memory_order_relaxed);
  draw_if_due();
}

void progress::finish() {
  const std::lock_guard lock(drawing_);
  if (drawn_ && !finished_)
    std::fputs("\r\x1b[K", stderr);
  finished_ = true;
}

void progress::clear() {
  const std::lock_guard lock(drawing_);
  if (drawn_ && !finished_)
    std::fputs("\r\x1b[K", stderr);
}

void progress::draw_if_due() {
  if (!terminal_.interactive)
    return;
  const auto now = clock::now();
  auto due = next_draw_.load(std::memory_order_relaxed);
  if (now.time_since_epoch().count() < due)
    return;
  // One thread draws; the others continue.
  if (!next_draw_.compare_exchange_strong(due, (now + redraw_interval).time_since_epoch().count()))
    return;
  const std::lock_guard lock(drawing_);
  if (!finished_)
    draw(now);
}

std::string progress::count(std::uint64_t n) const {
  return unit_ == unit::bytes ? bytes_text(n) : grouped(n);
}

void progress::draw(clock::time_point now) {
  const auto done = done_.load(std::memory_order_relaxed);
  const auto total = total_.load(std::memory_order_relaxed);
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const double share =
      total > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total)) : 0;
  std::string line;
  if (total > 0) {
    std::array<char, 16> percent{};
    std::snprintf(percent.data(), percent.size(), " %3.0f%%  ", share * 100);
    line = percent.data() + count(done) + "/" + count(total);
  } else {
    line = count(done);
  }
  line += "  " + count(static_cast<std::uint64_t>(rate)) + "/s";
  if (total > done && rate > 0) {
    const auto left = static_cast<std::uint64_t>(static_cast<double>(total - done) / rate);
    std::array<char, 32> eta{};
    std::snprintf(eta.data(), eta.size(), "  %llu:%02llu left",
                  static_cast<unsigned long long>(left / 60),
                  static_cast<unsigned long long>(left % 60));
    line += eta.data();
  }
  // The bar gets the columns that the figures do not need.
  const std::size_t columns = std::max(terminal_.columns(), 2U) - 1;
  const std::size_t taken = display_width(label_) + 2 + display_width(line);
  if (total > 0 && taken + narrowest_bar <= columns)
    line.insert(0, bar(share, std::min(widest_bar, columns - taken), terminal_.unicode));
  line.insert(0, label_ + "  ");
  const auto shown = clip(line, columns);
  std::fprintf(stderr, "\r%.*s\x1b[K", static_cast<int>(shown.size()), shown.data());
  std::fflush(stderr);
  drawn_ = true;
}

} // namespace dbengine::app::ui
