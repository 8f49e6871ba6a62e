// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "bench_command/measure.hpp"

#include <algorithm>
#include <barrier>
#include <cstdio>
#include <exception>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

namespace dbengine::app::bench {

namespace {

using clock = std::chrono::steady_clock;
using micros = std::chrono::duration<double, std::micro>;

double processor_seconds() {
  rusage r{};
  ::getrusage(RUSAGE_SELF, &r);
  return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
         static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

double quantile(const std::vector<double>& sorted, double q) {
  return sorted[std::min(sorted.size() - 1,
                         static_cast<std::size_t>(q * static_cast<double>(sorted.size())))];
}

std::string text(const char* pattern, double x) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, pattern, x);
  return buffer;
}

} // namespace

double finding::figure(const std::string& name) const {
  for (const auto& [key, x] : more)
    if (key == name)
      return x;
  throw std::out_of_range("no figure " + name);
}

finding measure(std::size_t threads, std::size_t count,
                const std::function<void(std::size_t)>& operation) {
  std::vector<double> times(count);
  std::barrier<> start(static_cast<std::ptrdiff_t>(threads) + 1);
  std::mutex mutex;
  std::exception_ptr failure;
  std::vector<std::jthread> running;
  for (std::size_t t = 0; t < threads; ++t)
    running.emplace_back([&, t] {
      start.arrive_and_wait();
      try {
        for (std::size_t i = t; i < count; i += threads) {
          const auto before = clock::now();
          operation(i);
          times[i] = micros(clock::now() - before).count();
        }
      } catch (...) {
        const std::lock_guard guard(mutex);
        failure = std::current_exception();
      }
    });
  const stopwatch watch;
  start.arrive_and_wait();
  running.clear();
  auto f = watch.finish(std::move(times));
  if (failure)
    std::rethrow_exception(failure);
  return f;
}

stopwatch::stopwatch() : processor_(processor_seconds()), begin_(clock::now()) {}

finding stopwatch::finish(std::vector<double> times) const {
  const auto elapsed = std::chrono::duration<double>(clock::now() - begin_).count();
  std::sort(times.begin(), times.end());
  finding f;
  f.rate = static_cast<double>(times.size()) / elapsed;
  f.p50 = quantile(times, 0.5);
  f.p99 = quantile(times, 0.99);
  f.max = times.back();
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  f.processor = (processor_seconds() - processor_) / (elapsed * cores);
  return f;
}

std::uint64_t resident_bytes() {
  std::uint64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::string duration_text(double us) {
  if (us < 1e3)
    return text("%.1f us", us);
  return us < 1e6 ? text("%.2f ms", us / 1e3) : text("%.2f s", us / 1e6);
}

std::string rate_text(double rate) {
  if (rate >= 1e6)
    return text("%.2f M", rate / 1e6);
  return rate >= 1e3 ? text("%.1f k", rate / 1e3) : text("%.1f", rate);
}

} // namespace dbengine::app::bench
