// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// System calls that fail, and work in a process of its own that may lose the right to them.
// Thread safety: `in_child` only while the test has no other thread.
// Ownership: by value.

#pragma once

#include <dbengine/error.hpp>

#include <functional>
#include <string>
#include <vector>

namespace dbengine::test {

/// From now on these system calls (`__NR_…`) of the calling thread and of threads that it starts
/// fail with `number`. There is no way back. Throws if the kernel does not filter system calls.
void let_fail(const std::vector<int>& calls, int number);

/// Whether this kernel can do that (tried in a child).
bool calls_can_fail();

/// Files of others count as others' for this process, even for root.
void drop_override_of_modes();

struct child_result {
  /// `none` where `work` threw nothing.
  errc code = errc::none;
  std::string message = {};
  /// It did not end by itself with an answer.
  bool died = false;
};

/// Runs `work` in a forked child and returns what it threw.
child_result in_child(const std::function<void()>& work);

} // namespace dbengine::test
