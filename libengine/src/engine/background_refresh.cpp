// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/background_refresh.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "os/threads.hpp"

#include <condition_variable>
#include <thread>

namespace dbengine::engine {

void background_refresh::notify(std::vector<std::function<void()>>& all) noexcept {
  for (const auto& done : all)
    done();
  all.clear();
}

void background_refresh::request(std::function<void()> done) {
  base::scoped_lock lock(mutex_);
  waiting_for_next_.push_back(std::move(done));
  if (closed_)
    return notify(waiting_for_next_);
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
  } catch (...) { // no thread, or no memory for one: the last results are used
    running_ = false;
    notify(waiting_for_next_);
  }
}

void background_refresh::run() {
  base::scoped_lock lock(mutex_);
  while (!waiting_for_next_.empty() && !closed_) {
    waiting_for_this_.swap(waiting_for_next_);
    began_ = clock::now();
    lock.unlock();
    try {
      refresh_();
    } catch (...) {
      base::log_limited(base::log_level::warning, "background look",
                        "refreshing a sample or list failed: " +
                            to_string(base::current_exception_info()));
    }
    lock.lock();
    notify(waiting_for_this_);
  }
  running_ = false;
}

bool background_refresh::wait_until(clock::time_point until) {
  struct answer {
    base::mutex mutex;
    std::condition_variable_any arrived;
    bool there DBENGINE_GUARDED_BY(mutex) = false;
  };
  const auto a = std::make_shared<answer>();
  request([a] {
    const base::scoped_lock lock(a->mutex);
    a->there = true;
    a->arrived.notify_one();
  });
  base::scoped_lock lock(a->mutex);
  while (!a->there)
    if (a->arrived.wait_until(lock, until) == std::cv_status::timeout)
      return a->there;
  return true;
}

background_refresh::clock::duration background_refresh::running_for() const {
  const base::scoped_lock lock(mutex_);
  return waiting_for_this_.empty() ? clock::duration(0) : clock::now() - began_;
}

void background_refresh::close() {
  const base::scoped_lock lock(mutex_);
  closed_ = true;
  notify(waiting_for_this_);
  notify(waiting_for_next_);
}

} // namespace dbengine::engine
