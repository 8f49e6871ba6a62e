// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/threads.hpp"

#include <dbengine/error.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <pthread.h>
#include <string>
#include <sys/syscall.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace dbengine::os {

void name_thread(const char* name) noexcept {
  // a thread without a name works as well
  static_cast<void>(::pthread_setname_np(::pthread_self(), name));
}

void require_threads(std::size_t n) {
  std::atomic<bool> done{false};
  std::vector<std::thread> all;
  all.reserve(n);
  std::vector<std::atomic<pid_t>> ids(n);
  std::exception_ptr why;
  try {
    while (all.size() < n)
      all.emplace_back([&done, &id = ids[all.size()]] {
        id = static_cast<pid_t>(::syscall(SYS_gettid));
        done.wait(false);
      });
  } catch (...) { // rethrown when the created threads have ended
    why = std::current_exception();
  }
  done = true;
  done.notify_all();
  for (auto& t : all)
    t.join();
  // A joined thread counts against the limit for a short time: wait until its number is unused.
  const auto enough = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (std::size_t i = 0; i < all.size(); ++i)
    while (::syscall(SYS_tgkill, ::getpid(), ids[i].load(), 0) == 0 &&
           std::chrono::steady_clock::now() < enough)
      std::this_thread::yield();
  if (!why)
    return;
  try {
    std::rethrow_exception(why);
  } catch (const std::system_error& e) {
    throw error(errc::cannot_open, std::to_string(n) + " threads are needed and only " +
                                       std::to_string(all.size()) + " are available: " + e.what());
  }
}

} // namespace dbengine::os
