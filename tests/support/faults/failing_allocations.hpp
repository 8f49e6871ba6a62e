// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Makes memory and threads unavailable from the n-th call on. For separate programs only: a program
// that links this gets other versions of operator new and pthread_create.
// Thread safety: calls of all threads count; one thread begins and ends the failures.

#pragma once

namespace dbengine::test {

/// once: the n-th allocation fails. while_it_lasts: that one and all that follow. thread: the n-th
/// new thread cannot be started.
enum class failing { once, while_it_lasts, thread };

/// Call before the first use of SQLite: its allocations count like calls of operator new.
void prepare_failing(failing kind);
void begin_failing(long n);
void end_failing();
/// Whether the n-th call was made.
bool failing_reached();
/// Calls that were due and did not fail, since this was last called: CAF makes them in places from
/// which a failure ends the process.
long excused_calls();

/// Exempts this thread's allocations for a scope: the test's own work.
class never_failing {
public:
  never_failing();
  ~never_failing();
  never_failing(const never_failing&) = delete;
  never_failing& operator=(const never_failing&) = delete;

private:
  const bool before_;
};

} // namespace dbengine::test
