// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/http/page_makers.hpp"

#include <utility>

namespace dbengine::app::serve::http {

page_makers::page_makers(std::size_t threads, std::size_t waiting) : most_(waiting) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

page_makers::~page_makers() {
  for (auto& t : threads_)
    t.request_stop();
}

bool page_makers::start(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (tasks_.size() >= most_)
    return false;
  tasks_.push_back(std::move(task));
  filled_.notify_one();
  return true;
}

void page_makers::work(const std::stop_token& stop) {
  for (;;) {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, stop, [this] { return !tasks_.empty(); });
    if (stop.stop_requested())
      return;
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
  }
}

} // namespace dbengine::app::serve::http
