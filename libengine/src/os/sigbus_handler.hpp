// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A file that is mapped into memory and cut short by somebody else ends the process: the kernel answers a read behind its end by
// SIGBUS. With the handler installed it does not, for guarded files. The page reads as zeros, the guard says so, and what was
// read is not to be used. Without it a guard is never struck.
// Thread rule: any thread. Ownership: a guard has a place in a table of the process for as long as it lives. The table grows
// as it must and is never freed, so that the handler can look at it at any moment.
//
//   read behind the end ──> SIGBUS ──> in a guarded file?  yes: zeros in the page's place, `struck()` for all its guards
//                                                          no:  whoever handled SIGBUS before, else the process ends

#pragma once

#include <atomic>
#include <string>

struct stat;

namespace dbengine::os {

class sigbus_handler {
public:
  sigbus_handler() = default;
  ~sigbus_handler();
  sigbus_handler(const sigbus_handler&) = delete;
  sigbus_handler& operator=(const sigbus_handler&) = delete;

  /// Guards a file, from now on in the place of the one before. `path`: absolute, without links; `file`: what it is. Once at a
  /// time.
  void begin(const std::string& path, const struct stat& file);

  /// A page of a file could not be read since the guard first began.
  bool struck() const noexcept { return any_struck() && this_struck(); }

  /// The same of any guard of the process: asked first, several times a statement.
  static bool any_struck() noexcept { return any_struck_.load(std::memory_order_relaxed); }

  /// The handler of SIGBUS, for the whole process. Idempotent.
  static void install_handler() noexcept;

private:
  bool this_struck() const noexcept;

  static inline std::atomic<bool> any_struck_{false};

  struct place;
  struct chunk;
  static chunk table;
  static place* take_place();
  friend struct bus_handler;

  std::atomic<place*> place_{nullptr};
};

} // namespace dbengine::os
