// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Memory and threads that are not available from the n-th on. For programs of their own: whoever
// links this has another operator new and another pthread_create. Thread safety: the calls of all
// threads count; begun and ended by one.

#pragma once

namespace dbengine::test {

/// once: the n-th allocation fails. while_it_lasts: it and all that follow. thread: the n-th new
/// thread is not available.
enum class failing { once, while_it_lasts, thread };

/// Before the first use of SQLite, whose own allocations count as those of operator new do.
void prepare_failing(failing kind);
void begin_failing(long n);
void end_failing();
/// The n-th call was made.
bool failing_reached();
/// Calls that were due and did not fail, since the last question: they are
/// CAF's own, in places from which it ends the process.
long excused_calls();

/// What this thread does meanwhile does not count: the test's own work.
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
