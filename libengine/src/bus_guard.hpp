// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A file that is mapped into memory and cut short by somebody else ends the process: the kernel answers a read behind its end by
// SIGBUS. For guarded files it does not. The page reads as zeros, the guard says so, and what was read is not to be used.
// Thread rule: any thread. Ownership: a guard has a place in a table of the process for as long as it lives.
//
//   read behind the end ──> SIGBUS ──> in a guarded file?  yes: zeros in the page's place, `struck()`
//                                                          no:  whoever handled SIGBUS before, else the process ends

#pragma once

#include <cstddef>
#include <string>

struct stat;

namespace dbengine::detail {

class bus_guard {
public:
  /// Files that can be guarded at a time; one more is not guarded.
  static constexpr std::size_t places = 64;

  bus_guard() = default;
  /// `path`: absolute, without links; `file`: what it is.
  bus_guard(const std::string& path, const struct stat& file);
  bus_guard(bus_guard&& other) noexcept;
  bus_guard& operator=(bus_guard&& other) noexcept;
  ~bus_guard();

  /// A page of the file could not be read since the guard began.
  bool struck() const noexcept;

private:
  struct place;
  static place table[];
  friend struct bus_handler;

  place* place_ = nullptr;
};

} // namespace dbengine::detail
