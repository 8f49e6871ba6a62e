// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Protection against the truncation of a mapped file by another process. A read beyond the end of
// the file raises SIGBUS, which ends a process without a handler.
//
//   read beyond the end -> SIGBUS -> is the mapped file guarded?
//     yes: its page is replaced by zeros, and page_faulted() of all its guards returns true
//     no:  the handler installed before is called; without one the process ends
//
// Thread safety: any thread.
// Ownership: a guard owns an entry in a table of the process while it exists. The table grows as
// needed and is never freed, because the signal handler may read it at any time.

#pragma once

#include <atomic>
#include <string>

struct stat;

namespace dbengine::os {

/// Installs the SIGBUS handler of the process. Idempotent. Without it no guard ever faults.
void install_sigbus_handler() noexcept;

/// The guard of one mapped file. After a page fault the process continues with a page of zeros, so
/// data read from the file must not be used.
class guarded_mapping {
public:
  guarded_mapping() = default;
  ~guarded_mapping();
  guarded_mapping(const guarded_mapping&) = delete;
  guarded_mapping& operator=(const guarded_mapping&) = delete;

  /// Guards a file instead of the previous one. `path`: absolute, without links; `file`: its
  /// identity. Thread safety: one call at a time.
  void set_file(const std::string& path, const struct stat& file);

  /// True if a page of a file could not be read since the first `set_file`.
  bool page_faulted() const noexcept { return any_page_faulted() && this_page_faulted(); }

  /// The same for any guard of the process. Cost: one relaxed load; it is checked several times per
  /// statement.
  static bool any_page_faulted() noexcept {
    return any_page_faulted_.load(std::memory_order_relaxed);
  }

private:
  struct slot;
  struct slot_block;
  friend struct sigbus_handler;

  bool this_page_faulted() const noexcept;
  static slot* claim_slot();

  static inline std::atomic<bool> any_page_faulted_{false};
  static slot_block table;

  std::atomic<slot*> slot_{nullptr};
};

} // namespace dbengine::os
