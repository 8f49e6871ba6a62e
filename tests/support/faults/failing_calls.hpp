// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// System calls that fail, and work in a forked process that may lose the right to them.
// Thread safety: `in_child` only while the test has no other thread.
// Ownership: by value.

#pragma once

#include <dbengine/error.hpp>

#include <functional>
#include <string>
#include <vector>

namespace dbengine::test {

/// From now on these system calls (`__NR_…`) of the calling thread, and of threads that it starts,
/// fail with `number`. This cannot be undone. Throws if the kernel does not filter system calls.
void let_fail(const std::vector<int>& calls, int number);

/// Whether this kernel can filter system calls (tried in a child).
bool calls_can_fail();

/// Makes this process obey file modes even if it runs as root.
void drop_override_of_modes();

struct child_result {
  /// `none` if `work` threw nothing.
  errc code = errc::none;
  std::string message = {};
  /// The child ended without an answer.
  bool died = false;
};

/// Runs `work` in a forked child and returns what it threw.
child_result in_child(const std::function<void()>& work);

} // namespace dbengine::test
