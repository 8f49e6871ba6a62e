// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"
#include "connection/connection.hpp"

#include <dbengine/options.hpp>

#include <atomic>
#include <cstdint>
#include <string>

namespace dbengine::engine {

/// Stops writing while the state of the file is in doubt.
/// Thread safety: any thread.
/// Errors: a change of the state is logged and escalated to the owner, outside the lock.
/// Cost: one relaxed load while writing is allowed.
class write_fence {
public:
  /// none: writing is allowed. The state of a new engine; `lift` returns to it.
  /// unresolved: a failed commit may reappear at the next open. Set by `raise_unresolved`, ended by
  ///   `lift` after the commit is resolved, or by `raise_permanently`.
  /// permanent: the file is replaced, removed or truncated. Set by `raise_permanently`. Terminal.
  enum class level : std::uint8_t { none, unresolved, permanent };

  /// `o` and `l` must outlive the fence.
  write_fence(const options& o, const sqlite::location& l) : options_(&o), location_(&l) {}

  level current() const noexcept { return level_.load(std::memory_order_relaxed); }
  /// Throws `errc::fenced` if the fence is permanent.
  void check() const;
  /// The reason why writing is fenced; empty if it is not.
  std::string reason() const;

  void raise_permanently(std::string why) { raise(level::permanent, std::move(why)); }
  void raise_unresolved(std::string why) { raise(level::unresolved, std::move(why)); }
  /// The failed commit is resolved. A permanent fence stays.
  void lift();

  /// Called after a commit: fences permanently and throws `errc::fenced`, outcome `unknown`, if
  /// another file has replaced the database.
  void check_identity(sqlite::connection& c);
  /// Fences permanently if a reader found the file truncated.
  void raise_if_truncated();

private:
  void raise(level l, std::string why);

  const options* options_;
  const sqlite::location* location_;
  mutable base::mutex mutex_;
  std::string reason_ DBENGINE_GUARDED_BY(mutex_);
  std::atomic<level> level_{level::none}; // stored with the mutex held
};

} // namespace dbengine::engine
