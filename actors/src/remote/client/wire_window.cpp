// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/wire_window.hpp"

#include <map>

namespace dbengine::actors::remote {

namespace {

// The windows of the connections that some link uses.
class wire_windows {
public:
  std::shared_ptr<wire_window> of(const void* gateway) {
    const base::scoped_lock l(mutex_);
    std::erase_if(all_, [](const auto& x) { return x.second.expired(); });
    auto& known = all_[gateway];
    auto window = known.lock();
    if (!window)
      known = window = std::make_shared<wire_window>();
    return window;
  }

private:
  base::mutex mutex_;
  std::map<const void*, std::weak_ptr<wire_window>> all_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace

std::shared_ptr<wire_window> window_of(const void* gateway) {
  static wire_windows windows;
  return windows.of(gateway);
}

} // namespace dbengine::actors::remote
