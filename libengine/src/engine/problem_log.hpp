// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Problems of the engine in its log: one line when each begins, one when it ends, however often it is looked at.
// Thread rule: any thread.

#pragma once

#include "base/log.hpp"

#include <map>
#include <mutex>
#include <string>

namespace dbengine::engine {

class problem_log {
public:
  /// What a look found of one kind of problem: an empty text where there is none.
  void found(const std::string& kind, base::log_level level, const std::string& text) {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(kind);
    if (text.empty() == (known == known_.end()))
      return;
    if (text.empty()) {
      base::log(base::log_level::info, "over: " + known->second);
      known_.erase(known);
    } else {
      known_.emplace(kind, text);
      base::log(level, text);
    }
  }

private:
  std::mutex mutex_;
  std::map<std::string, std::string> known_; // by kind, what was said
};

} // namespace dbengine::engine
