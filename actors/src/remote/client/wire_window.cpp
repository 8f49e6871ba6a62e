// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/wire_window.hpp"

#include <map>
#include <mutex>

namespace dbengine::actors::remote {

std::shared_ptr<wire_window> window_of(const void* gateway) {
  static std::mutex mutex;
  static std::map<const void*, std::weak_ptr<wire_window>> all;
  const std::lock_guard l(mutex);
  std::erase_if(all, [](const auto& x) { return x.second.expired(); });
  auto& known = all[gateway];
  auto window = known.lock();
  if (!window)
    known = window = std::make_shared<wire_window>();
  return window;
}

} // namespace dbengine::actors::remote
