// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/faults/faulty_vfs.hpp"

#include <sqlite3.h>

#include <mutex>
#include <new>
#include <random>
#include <string_view>

namespace dbengine::test::faulty_vfs {

namespace {

std::mutex guard;
struct {
  bool armed = false;
  call what = call::write;
  int left = 0;
  int code = 0;
  bool lasting = false;
  bool gone = false;
  int failed = 0;
  // For runs of errors in any kind of call:
  int every = 0;
  int most = 0;
  int row = 0;
  std::minstd_rand random{};
} plan;

int up_to(int n) {
  return std::uniform_int_distribution<int>(1, n)(plan.random);
}

// The code to fail with, or SQLITE_OK to proceed.
int verdict(call what) {
  const std::lock_guard lock(guard);
  if (!plan.armed)
    return SQLITE_OK;
  if (plan.every > 0 && what != call::map) {
    if (plan.row == 0 && --plan.left <= 0) {
      plan.left = plan.every + up_to(plan.every);
      plan.row = up_to(plan.most);
    }
    if (plan.row == 0)
      return SQLITE_OK;
    --plan.row;
    ++plan.failed;
    return what == call::write ? SQLITE_IOERR_WRITE : SQLITE_IOERR_FSYNC;
  }
  if ((plan.what != what && !(plan.gone && what != call::map && plan.left <= 0)) || --plan.left > 0)
    return SQLITE_OK;
  plan.armed = plan.lasting;
  ++plan.failed;
  return plan.code;
}

struct file {
  sqlite3_file base;
  bool log;
};

// The real file follows ours in memory.
sqlite3_file* real(sqlite3_file* f) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<file*>(f) + 1);
}

const sqlite3_io_methods& of(sqlite3_file* f) {
  return *real(f)->pMethods;
}

int write(sqlite3_file* f, const void* bytes, int size, sqlite3_int64 at) {
  if (reinterpret_cast<file*>(f)->log)
    if (const int code = verdict(call::write); code != SQLITE_OK)
      return code;
  return of(f).xWrite(real(f), bytes, size, at);
}

int sync(sqlite3_file* f, int flags) {
  if (reinterpret_cast<file*>(f)->log)
    if (const int code = verdict(call::sync); code != SQLITE_OK)
      return code;
  return of(f).xSync(real(f), flags);
}

const sqlite3_io_methods methods = {
    3,
    [](sqlite3_file* f) { return of(f).xClose(real(f)); },
    [](sqlite3_file* f, void* p, int n, sqlite3_int64 at) {
      return of(f).xRead(real(f), p, n, at);
    },
    &write,
    [](sqlite3_file* f, sqlite3_int64 size) { return of(f).xTruncate(real(f), size); },
    &sync,
    [](sqlite3_file* f, sqlite3_int64* size) { return of(f).xFileSize(real(f), size); },
    [](sqlite3_file* f, int level) { return of(f).xLock(real(f), level); },
    [](sqlite3_file* f, int level) { return of(f).xUnlock(real(f), level); },
    [](sqlite3_file* f, int* out) { return of(f).xCheckReservedLock(real(f), out); },
    [](sqlite3_file* f, int op, void* p) { return of(f).xFileControl(real(f), op, p); },
    [](sqlite3_file* f) { return of(f).xSectorSize(real(f)); },
    [](sqlite3_file* f) { return of(f).xDeviceCharacteristics(real(f)); },
    [](sqlite3_file* f, int page, int size, int extend, void volatile** p) {
      const int code = page > 0 ? verdict(call::map) : SQLITE_OK;
      return code != SQLITE_OK ? code : of(f).xShmMap(real(f), page, size, extend, p);
    },
    [](sqlite3_file* f, int at, int n, int flags) { return of(f).xShmLock(real(f), at, n, flags); },
    [](sqlite3_file* f) { of(f).xShmBarrier(real(f)); },
    [](sqlite3_file* f, int remove) { return of(f).xShmUnmap(real(f), remove); },
    [](sqlite3_file* f, sqlite3_int64 at, int n, void** p) {
      return of(f).xFetch(real(f), at, n, p);
    },
    [](sqlite3_file* f, sqlite3_int64 at, void* p) { return of(f).xUnfetch(real(f), at, p); }};

int open(sqlite3_vfs* v, const char* path, sqlite3_file* f, int flags, int* out) {
  auto* below = static_cast<sqlite3_vfs*>(v->pAppData);
  auto* mine = new (f) file{};
  mine->log = path != nullptr && std::string_view(path).ends_with("-wal");
  const int rc = below->xOpen(below, path, real(f), flags, out);
  f->pMethods = real(f)->pMethods != nullptr ? &methods : nullptr;
  return rc;
}

} // namespace

const char* name() {
  static sqlite3_vfs v = [] {
    auto* below = sqlite3_vfs_find(nullptr);
    auto copy = *below;
    copy.zName = "dbengine-faulty-wal"; // `faulty_disk` has the name without "-wal"
    copy.pNext = nullptr;
    copy.szOsFile += static_cast<int>(sizeof(file));
    copy.pAppData = below;
    copy.xOpen = &open;
    return copy;
  }();
  static const int registered = sqlite3_vfs_register(&v, 0);
  return registered == SQLITE_OK ? v.zName : nullptr;
}

void arm(call what, int n, int code, bool lasting) {
  const std::lock_guard lock(guard);
  plan = {.armed = true, .what = what, .left = n, .code = code, .lasting = lasting};
}

void arm_gone(int n) {
  arm(call::sync, n, SQLITE_IOERR, true);
  const std::lock_guard lock(guard);
  plan.gone = true;
}

void arm_now_and_then(unsigned seed, int every, int most) {
  const std::lock_guard lock(guard);
  plan = {.armed = true, .every = every, .most = most, .random = std::minstd_rand(seed)};
  plan.left = every + up_to(every);
}

int disarm() {
  const std::lock_guard lock(guard);
  plan.armed = false;
  return plan.failed;
}

} // namespace dbengine::test::faulty_vfs
