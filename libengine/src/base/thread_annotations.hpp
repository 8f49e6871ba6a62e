// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Mutexes with annotations that clang checks (`-Wthread-safety`, run by `scripts/thread_safety`).
// Other compilers ignore them. The standard library's mutex has no annotations, so a guarded member
// needs the mutex below.
// Thread safety: any thread.

#pragma once

#include <mutex>
#include <shared_mutex>

#if defined(__clang__)
#define DBENGINE_ANNOTATION(x) __attribute__((x))
#else
#define DBENGINE_ANNOTATION(x)
#endif

/// A member that is read and written only while `m` is held.
#define DBENGINE_GUARDED_BY(m) DBENGINE_ANNOTATION(guarded_by(m))
/// A pointer whose target is accessed only while `m` is held.
#define DBENGINE_PT_GUARDED_BY(m) DBENGINE_ANNOTATION(pt_guarded_by(m))
/// A function whose caller must hold the locks.
#define DBENGINE_REQUIRES(...) DBENGINE_ANNOTATION(requires_capability(__VA_ARGS__))
/// A function whose caller must hold the locks, shared or exclusively.
#define DBENGINE_REQUIRES_SHARED(...) DBENGINE_ANNOTATION(requires_shared_capability(__VA_ARGS__))
/// A function whose caller must not hold the locks.
#define DBENGINE_EXCLUDES(...) DBENGINE_ANNOTATION(locks_excluded(__VA_ARGS__))
/// A function that acquires the locks, or releases them, before it returns.
#define DBENGINE_ACQUIRE(...) DBENGINE_ANNOTATION(acquire_capability(__VA_ARGS__))
#define DBENGINE_RELEASE(...) DBENGINE_ANNOTATION(release_capability(__VA_ARGS__))
#define DBENGINE_ACQUIRE_SHARED(...) DBENGINE_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define DBENGINE_RELEASE_SHARED(...) DBENGINE_ANNOTATION(release_shared_capability(__VA_ARGS__))
#define DBENGINE_TRY_ACQUIRE(...) DBENGINE_ANNOTATION(try_acquire_capability(__VA_ARGS__))
/// A function that returns the mutex of a guarded member.
#define DBENGINE_RETURN_CAPABILITY(m) DBENGINE_ANNOTATION(lock_returned(m))
/// A function that the analysis cannot follow; a comment gives the reason.
#define DBENGINE_NO_THREAD_SAFETY_ANALYSIS DBENGINE_ANNOTATION(no_thread_safety_analysis)

namespace dbengine::base {

/// A `std::mutex` with annotations (a capability in clang's terms).
class DBENGINE_ANNOTATION(capability("mutex")) mutex {
public:
  void lock() DBENGINE_ACQUIRE() { mutex_.lock(); }
  void unlock() DBENGINE_RELEASE() { mutex_.unlock(); }
  bool try_lock() DBENGINE_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

private:
  std::mutex mutex_;
};

/// Holds a mutex for a scope. It can be unlocked and locked again; `std::condition_variable_any`
/// can wait with it.
class DBENGINE_ANNOTATION(scoped_lockable) scoped_lock {
public:
  explicit scoped_lock(mutex& m) DBENGINE_ACQUIRE(m) : mutex_(&m) { m.lock(); }
  /// For a mutex that the caller has locked, by `try_lock`.
  scoped_lock(mutex& m, std::adopt_lock_t) DBENGINE_REQUIRES(m) : mutex_(&m) {}
  ~scoped_lock() DBENGINE_RELEASE() {
    if (locked_)
      mutex_->unlock();
  }
  scoped_lock(const scoped_lock&) = delete;
  scoped_lock& operator=(const scoped_lock&) = delete;

  void lock() DBENGINE_ACQUIRE() {
    mutex_->lock();
    locked_ = true;
  }
  void unlock() DBENGINE_RELEASE() {
    mutex_->unlock();
    locked_ = false;
  }

private:
  mutex* mutex_;
  bool locked_ = true;
};

/// A `std::shared_mutex` with annotations.
class DBENGINE_ANNOTATION(capability("shared_mutex")) shared_mutex {
public:
  void lock() DBENGINE_ACQUIRE() { mutex_.lock(); }
  void unlock() DBENGINE_RELEASE() { mutex_.unlock(); }
  void lock_shared() DBENGINE_ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void unlock_shared() DBENGINE_RELEASE_SHARED() { mutex_.unlock_shared(); }

private:
  std::shared_mutex mutex_;
};

/// Holds a shared mutex exclusively for a scope.
class DBENGINE_ANNOTATION(scoped_lockable) exclusive_lock {
public:
  explicit exclusive_lock(shared_mutex& m) DBENGINE_ACQUIRE(m) : mutex_(&m) { m.lock(); }
  ~exclusive_lock() DBENGINE_RELEASE() { mutex_->unlock(); }
  exclusive_lock(const exclusive_lock&) = delete;
  exclusive_lock& operator=(const exclusive_lock&) = delete;

private:
  shared_mutex* mutex_;
};

/// Holds a shared mutex for a scope together with other holders.
class DBENGINE_ANNOTATION(scoped_lockable) shared_lock {
public:
  explicit shared_lock(shared_mutex& m) DBENGINE_ACQUIRE_SHARED(m) : mutex_(&m) { m.lock_shared(); }
  ~shared_lock() DBENGINE_RELEASE() { mutex_->unlock_shared(); }
  shared_lock(const shared_lock&) = delete;
  shared_lock& operator=(const shared_lock&) = delete;

private:
  shared_mutex* mutex_;
};

} // namespace dbengine::base
