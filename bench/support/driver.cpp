// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "driver.hpp"

#include "machine.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <pthread.h>

namespace dbengine::bench {

namespace {

using clock = std::chrono::steady_clock;

// Counters of one thread, on separate cache lines.
struct alignas(128) thread_counters {
  std::uint64_t operations = 0;
  latencies times;
};

struct shared_state {
  explicit shared_state(unsigned threads) : start(threads + 1), counters(threads) {}

  std::atomic<bool> warm{false};
  std::atomic<bool> stop{false};
  std::barrier<> start;
  std::vector<thread_counters> counters;
  std::mutex mutex;
  std::exception_ptr failure;

  void fail(std::exception_ptr e) {
    const std::lock_guard guard(mutex);
    if (!failure)
      failure = std::move(e);
    stop = true;
  }
};

void run_thread(subject& s, const load& l, unsigned number, shared_state& state) {
  ::pthread_setname_np(::pthread_self(), l.thread_name.substr(0, 15).c_str());
  std::unique_ptr<client> c;
  random_source random(number + 1);
  try {
    c = s.make_client();
    while (!state.warm.load(std::memory_order_relaxed) &&
           !state.stop.load(std::memory_order_relaxed))
      l.operation(*c, random);
  } catch (...) {
    state.fail(std::current_exception());
  }
  state.start.arrive_and_wait();
  auto& mine = state.counters[number];
  try {
    while (!state.stop.load(std::memory_order_relaxed)) {
      if (mine.operations % l.time_every == 0) {
        const auto before = clock::now();
        l.operation(*c, random);
        mine.times.add(clock::now() - before);
      } else
        l.operation(*c, random);
      ++mine.operations;
    }
  } catch (...) {
    state.fail(std::current_exception());
  }
}

} // namespace

sample measure(subject& s, const load& l) {
  using seconds = std::chrono::duration<double>;
  shared_state state(l.threads);
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < l.threads; ++i)
    threads.emplace_back([&, i] { run_thread(s, l, i, state); });
  std::this_thread::sleep_for(seconds(std::max(0.1, l.seconds / 5)));
  state.warm = true;
  state.start.arrive_and_wait();
  const noise_monitor noise;
  const auto begin = clock::now();
  std::this_thread::sleep_for(seconds(l.seconds));
  state.stop = true;
  const auto elapsed = seconds(clock::now() - begin).count();
  sample result;
  result.foreign = noise.other_share();
  threads.clear();
  if (state.failure)
    std::rethrow_exception(state.failure);
  std::uint64_t operations = 0;
  for (const auto& t : state.counters) {
    operations += t.operations;
    result.times.merge(t.times);
  }
  result.rate = static_cast<double>(operations) / elapsed;
  return result;
}

double median(std::vector<double> xs) {
  if (xs.empty())
    throw std::invalid_argument("median of nothing");
  std::sort(xs.begin(), xs.end());
  const auto middle = xs.size() / 2;
  return xs.size() % 2 == 1 ? xs[middle] : (xs[middle - 1] + xs[middle]) / 2;
}

ratio paired(std::span<const double> of, std::span<const double> to) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(of.size(), to.size()); ++i)
    ratios.push_back(of[i] / to[i]);
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  return {median(ratios), *low, *high};
}

} // namespace dbengine::bench
