// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/faults/failing_allocations.hpp"

#include <sqlite3.h>

#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <string_view>
#include <utility>

namespace {

using dbengine::test::failing;

std::atomic<bool> counting{false};
std::atomic<long> left{0};
failing what = failing::once;

std::atomic<long> excused{0};
thread_local bool exempt = false;

// Whether a function in the program's image is the program's own code. Excluded are its copies of
// other libraries' templates, and what such a copy calls to read or write a message. Functions
// without a name are static.
bool is_the_programs(std::string_view name) {
  if (name.find("7inspectI") != name.npos)
    return false;
  for (const char* own : {"_ZN8dbengine", "_ZNK8dbengine", "_ZZN8dbengine", "_ZZNK8dbengine"})
    if (name.starts_with(own))
      return true;
  return name.empty();
}

constexpr const char* places[] = {
    "_ZN3caf12actor_systemC",
    "_ZN3caf12actor_systemD",
    "_ZN3caf21actor_system_configC",
    "_ZN3caf6detail23thread_safe_actor_clock17run_dispatch_loop",
    "_ZN3caf6detail23thread_safe_actor_clock15cancel_timeouts",
    "_ZN3caf6logger16thread_local_aid",
    // The copy of the exit reason, made before the actor counts as ended: CAF ends the actor again
    // and destroys its state twice.
    "_ZN3caf15scheduled_actor7cleanup",
    "_ZN3caf14blocking_actor7cleanup",
};
struct call_pair {
  const char* callee; // "": a callee without a name
  const char* caller;
};
// The first function of a library, and its caller.
constexpr call_pair direct[] = {
    // A message in the mailbox of an actor that is never scheduled because of the failure.
    {"_ZN3caf9scheduler11coordinator", "_ZN3caf15scheduled_actor7enqueue"},
    // A functor that CAF itself attached to a blocking actor, called in a thread that catches
    // nothing.
    {"", "_ZN3caf17monitorable_actor7cleanup"},
};

// Whether the allocation is made in a place of CAF that cannot throw. CAF 0.17 starts and ends its
// threads, and notifies of ended actors, in such places: a failure there ends the process, whatever
// the caller does.
bool is_cafs_own() {
  void* frames[96];
  const int n = ::backtrace(frames, 96);
  const void* program = nullptr;
  int callers = -1;  // frames outside the program since operator new; -1 before that
  bool ours = false; // one of the callers so far is the program's own code
  std::string_view first;
  for (int i = 0; i < n; ++i) {
    Dl_info at{};
    if (::dladdr(frames[i], &at) == 0)
      continue;
    const std::string_view name(at.dli_sname == nullptr ? "" : at.dli_sname);
    if (i == 0)
      program = at.dli_fbase;
    if (at.dli_fbase == program) {
      ours = ours || (callers >= 0 && is_the_programs(name));
      if (name.starts_with("_Znw"))
        callers = 0;
      continue;
    }
    if (++callers == 1)
      first = name;
    // The detached actor's `private_thread` itself: the end of the actor would call it through a
    // null pointer.
    if (callers == 1 && !ours && name.starts_with("_ZN3caf15scheduled_actor6launch"))
      return true;
    if (callers == 2 && !ours)
      for (const auto& d : direct)
        if (name.starts_with(d.caller) &&
            (d.callee[0] == '\0' ? first.empty() : first.starts_with(d.callee)))
          return true;
    // The middleman's actors and thread: a request to them is answered, but the end of the system
    // waits for them forever, or the process ends.
    if (!ours && std::string_view(at.dli_fname).find("/libcaf_io") != name.npos)
      return true;
    for (const char* p : places)
      if (name.starts_with(p))
        return true;
  }
  return false;
}

// Whether this call must fail.
bool fails() noexcept {
  if (!counting.load(std::memory_order_relaxed) || exempt)
    return false;
  const long n = left.fetch_sub(1, std::memory_order_relaxed);
  if (n != 1 && !(n < 1 && what == failing::while_it_lasts))
    return false;
  exempt = true; // the stack check allocates, too
  const bool own = is_cafs_own();
  exempt = false;
  excused += own ? 1 : 0;
  return !own;
}

bool allocation_fails() noexcept {
  return what != failing::thread && fails();
}

sqlite3_mem_methods sqlite_own;

void* sqlite_malloc(int n) {
  return allocation_fails() ? nullptr : sqlite_own.xMalloc(n);
}

void* sqlite_realloc(void* p, int n) {
  return allocation_fails() ? nullptr : sqlite_own.xRealloc(p, n);
}

void* or_throw(void* p) {
  if (p == nullptr)
    throw std::bad_alloc();
  return p;
}

} // namespace

void* operator new(std::size_t n) {
  return or_throw(allocation_fails() ? nullptr : std::malloc(n == 0 ? 1 : n));
}
void* operator new(std::size_t n, std::align_val_t a) {
  const auto align = static_cast<std::size_t>(a);
  const auto size = (n + align - 1) / align * align;
  return or_throw(allocation_fails() ? nullptr : std::aligned_alloc(align, size));
}
// The library's default versions call the two operators above. A sanitizer's do not, and their
// memory could not be freed here.
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  return allocation_fails() ? nullptr : std::malloc(n == 0 ? 1 : n);
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}

extern "C" int pthread_create(pthread_t* made, const pthread_attr_t* how, void* (*run)(void*),
                              void* argument) noexcept {
  using function = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto next = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "pthread_create"));
  return what == failing::thread && fails() ? EAGAIN : next(made, how, run, argument);
}

namespace dbengine::test {

void prepare_failing(failing kind) {
  what = kind;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_own);
  auto methods = sqlite_own;
  methods.xMalloc = &sqlite_malloc;
  methods.xRealloc = &sqlite_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

void begin_failing(long n) {
  left = n;
  counting = true;
}

void end_failing() {
  counting = false;
}

bool failing_reached() {
  return left.load() <= 0;
}

long excused_calls() {
  return excused.exchange(0);
}

never_failing::never_failing() : before_(exempt) {
  exempt = true;
}

never_failing::~never_failing() {
  exempt = before_;
}

} // namespace dbengine::test
