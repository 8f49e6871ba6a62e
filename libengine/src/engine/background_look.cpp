// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/background_look.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "os/threads.hpp"

#include <condition_variable>
#include <thread>

namespace dbengine::engine {

void background_look::tell(std::vector<std::function<void()>>& all) noexcept {
  for (const auto& done : all)
    done();
  all.clear();
}

void background_look::ask(std::function<void()> done) {
  std::unique_lock lock(mutex_);
  next_.push_back(std::move(done));
  if (closed_)
    return tell(next_);
  if (running_)
    return;
  running_ = true;
  if (!own_thread_) {
    lock.unlock();
    return run();
  }
  try {
    std::thread([self = shared_from_this()] {
      os::name_thread("dbengine.look");
      self->run();
    }).detach();
  } catch (...) { // no thread, or no memory for one: what is known has to do
    running_ = false;
    tell(next_);
  }
}

void background_look::run() {
  std::unique_lock lock(mutex_);
  while (!next_.empty() && !closed_) {
    now_.swap(next_);
    began_ = clock::now();
    lock.unlock();
    try {
      look_();
    } catch (...) {
      base::log_limited(base::log_level::warning, "background look",
                        "a look at the disk failed: " + to_string(base::current_exception_info()));
    }
    lock.lock();
    tell(now_);
  }
  running_ = false;
}

bool background_look::wait(clock::time_point until) {
  struct answer {
    std::mutex mutex;
    std::condition_variable told;
    bool there = false;
  };
  const auto a = std::make_shared<answer>();
  ask([a] {
    const std::lock_guard lock(a->mutex);
    a->there = true;
    a->told.notify_one();
  });
  std::unique_lock lock(a->mutex);
  return a->told.wait_until(lock, until, [&] { return a->there; });
}

background_look::clock::duration background_look::under_way() const {
  const std::lock_guard lock(mutex_);
  return now_.empty() ? clock::duration(0) : clock::now() - began_;
}

void background_look::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  tell(now_);
  tell(next_);
}

} // namespace dbengine::engine
