// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/log.hpp"
#include "base/thread_annotations.hpp"

#include <map>
#include <string>

namespace dbengine::engine {

/// Logs conditions of the engine when they begin and end, however often they are checked.
/// Thread safety: any thread.
class alert_log {
public:
  /// The result of a check: the text of the condition of this kind, empty if absent.
  void update(const std::string& kind, base::log_level level, const std::string& text) {
    const base::scoped_lock lock(mutex_);
    const auto known = active_.find(kind);
    if (text.empty() == (known == active_.end()))
      return;
    if (text.empty()) {
      base::log(base::log_level::info, "over: " + known->second);
      active_.erase(known);
    } else {
      active_.emplace(kind, text);
      base::log(level, text);
    }
  }

private:
  base::mutex mutex_;
  std::map<std::string, std::string> active_
      DBENGINE_GUARDED_BY(mutex_); // by kind: the text that was logged
};

} // namespace dbengine::engine
