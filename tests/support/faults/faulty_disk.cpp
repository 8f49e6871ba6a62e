// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/faults/faulty_disk.hpp"

#include <cstring>
#include <sqlite3.h>
#include <stdexcept>

namespace dbengine::test {

namespace {

// SQLite allocates the memory after this struct for the system's own file.
struct faulty_file {
  sqlite3_file base;
  sqlite3_file* real;
};

sqlite3_file* real(sqlite3_file* f) {
  return reinterpret_cast<faulty_file*>(f)->real;
}

// Returns SQLITE_OK if the call is to proceed.
int strike(disk_call c, int code) {
  auto how = disk_fault::kind::error;
  if (!faulty_disk::instance().fails(c, how))
    return SQLITE_OK;
  return how == disk_fault::kind::full && c != disk_call::open ? SQLITE_FULL : code;
}

int x_close(sqlite3_file* f) {
  return real(f)->pMethods->xClose(real(f));
}
int x_read(sqlite3_file* f, void* p, int n, sqlite3_int64 at) {
  if (const int rc = strike(disk_call::read, SQLITE_IOERR_READ); rc != SQLITE_OK)
    return rc;
  return real(f)->pMethods->xRead(real(f), p, n, at);
}
int x_write(sqlite3_file* f, const void* p, int n, sqlite3_int64 at) {
  auto how = disk_fault::kind::error;
  if (faulty_disk::instance().fails(disk_call::write, how)) {
    if (how == disk_fault::kind::lies)
      return SQLITE_OK;
    if (how == disk_fault::kind::partial)
      (void)real(f)->pMethods->xWrite(real(f), p, n / 2, at);
    return how == disk_fault::kind::full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  }
  return real(f)->pMethods->xWrite(real(f), p, n, at);
}
int x_truncate(sqlite3_file* f, sqlite3_int64 n) {
  if (const int rc = strike(disk_call::truncate, SQLITE_IOERR_TRUNCATE); rc != SQLITE_OK)
    return rc;
  return real(f)->pMethods->xTruncate(real(f), n);
}
int x_sync(sqlite3_file* f, int flags) {
  if (const int rc = strike(disk_call::sync, SQLITE_IOERR_FSYNC); rc != SQLITE_OK)
    return rc;
  return real(f)->pMethods->xSync(real(f), flags);
}
int x_file_size(sqlite3_file* f, sqlite3_int64* n) {
  if (const int rc = strike(disk_call::size, SQLITE_IOERR_FSTAT); rc != SQLITE_OK)
    return rc;
  return real(f)->pMethods->xFileSize(real(f), n);
}
int x_lock(sqlite3_file* f, int level) {
  if (const int rc = strike(disk_call::lock, SQLITE_IOERR_LOCK); rc != SQLITE_OK)
    return rc;
  return real(f)->pMethods->xLock(real(f), level);
}
int x_unlock(sqlite3_file* f, int level) {
  return real(f)->pMethods->xUnlock(real(f), level);
}
int x_check_reserved_lock(sqlite3_file* f, int* result) {
  return real(f)->pMethods->xCheckReservedLock(real(f), result);
}
int x_file_control(sqlite3_file* f, int op, void* p) {
  return real(f)->pMethods->xFileControl(real(f), op, p);
}
int x_sector_size(sqlite3_file* f) {
  return real(f)->pMethods->xSectorSize(real(f));
}
int x_device_characteristics(sqlite3_file* f) {
  return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
int x_shm_map(sqlite3_file* f, int region, int size, int extend, void volatile** p) {
  if (const int rc = strike(disk_call::shm_map, SQLITE_IOERR_SHMMAP); rc != SQLITE_OK)
    return rc;
  return real(f)->pMethods->xShmMap(real(f), region, size, extend, p);
}
int x_shm_lock(sqlite3_file* f, int offset, int n, int flags) {
  // SQLite never checks the result of an unlock.
  if ((flags & SQLITE_SHM_LOCK) != 0)
    if (const int rc = strike(disk_call::shm_lock, SQLITE_IOERR_SHMLOCK); rc != SQLITE_OK)
      return rc;
  return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}
void x_shm_barrier(sqlite3_file* f) {
  real(f)->pMethods->xShmBarrier(real(f));
}
int x_shm_unmap(sqlite3_file* f, int remove) {
  return real(f)->pMethods->xShmUnmap(real(f), remove);
}
int x_fetch(sqlite3_file* f, sqlite3_int64 at, int n, void** p) {
  return real(f)->pMethods->xFetch(real(f), at, n, p);
}
int x_unfetch(sqlite3_file* f, sqlite3_int64 at, void* p) {
  return real(f)->pMethods->xUnfetch(real(f), at, p);
}

constexpr sqlite3_io_methods methods{3,
                                     x_close,
                                     x_read,
                                     x_write,
                                     x_truncate,
                                     x_sync,
                                     x_file_size,
                                     x_lock,
                                     x_unlock,
                                     x_check_reserved_lock,
                                     x_file_control,
                                     x_sector_size,
                                     x_device_characteristics,
                                     x_shm_map,
                                     x_shm_lock,
                                     x_shm_barrier,
                                     x_shm_unmap,
                                     x_fetch,
                                     x_unfetch};

sqlite3_vfs* host(sqlite3_vfs* vfs) {
  return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

int x_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags, int* out) {
  f->pMethods = nullptr;
  if (const int rc = strike(disk_call::open, SQLITE_CANTOPEN); rc != SQLITE_OK)
    return rc;
  auto* self = reinterpret_cast<faulty_file*>(f);
  self->real = reinterpret_cast<sqlite3_file*>(self + 1);
  const int rc = host(vfs)->xOpen(host(vfs), name, self->real, flags, out);
  if (self->real->pMethods != nullptr)
    f->pMethods = &methods;
  return rc;
}
int x_delete(sqlite3_vfs* vfs, const char* name, int sync) {
  if (const int rc = strike(disk_call::remove, SQLITE_IOERR_DELETE); rc != SQLITE_OK)
    return rc;
  return host(vfs)->xDelete(host(vfs), name, sync);
}
int x_access(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
  if (const int rc = strike(disk_call::access, SQLITE_IOERR_ACCESS); rc != SQLITE_OK)
    return rc;
  return host(vfs)->xAccess(host(vfs), name, flags, result);
}
int x_full_pathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  return host(vfs)->xFullPathname(host(vfs), name, size, out);
}

} // namespace

std::string to_string(disk_call c) {
  static constexpr const char* names[] = {"open",  "remove",   "access",  "read",
                                          "write", "truncate", "sync",    "size",
                                          "lock",  "shm_map",  "shm_lock"};
  return names[static_cast<std::size_t>(c)];
}

faulty_disk& faulty_disk::instance() {
  static faulty_disk one;
  return one;
}

faulty_disk::faulty_disk() {
  static sqlite3_vfs vfs{};
  sqlite3_vfs* base = sqlite3_initialize() == SQLITE_OK ? sqlite3_vfs_find("unix") : nullptr;
  if (base == nullptr)
    throw std::runtime_error("SQLite has no VFS \"unix\"");
  vfs = *base;
  vfs.zName = vfs_name;
  vfs.pNext = nullptr;
  vfs.pAppData = base;
  vfs.szOsFile = static_cast<int>(sizeof(faulty_file)) + base->szOsFile;
  vfs.xOpen = x_open;
  vfs.xDelete = x_delete;
  vfs.xAccess = x_access;
  vfs.xFullPathname = x_full_pathname;
  if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
    throw std::runtime_error("SQLite refuses the VFS");
}

void faulty_disk::plan(const disk_fault& f) {
  const std::lock_guard lock(mutex_);
  fault_ = f;
  planned_ = true;
  struck_ = false;
  counts_ = {};
}

void faulty_disk::heal() {
  const std::lock_guard lock(mutex_);
  planned_ = false;
  healed_.notify_all();
}

bool faulty_disk::struck() const {
  const std::lock_guard lock(mutex_);
  return struck_;
}

std::uint64_t faulty_disk::calls(disk_call c) const {
  const std::lock_guard lock(mutex_);
  return counts_[static_cast<std::size_t>(c)];
}

bool faulty_disk::fails(disk_call c, disk_fault::kind& how) {
  std::unique_lock lock(mutex_);
  const auto n = ++counts_[static_cast<std::size_t>(c)];
  if (!planned_ || c != fault_.call || n < fault_.nth || (n > fault_.nth && !fault_.for_good))
    return false;
  struck_ = true;
  how = fault_.what;
  if (how != disk_fault::kind::blocks)
    return true;
  healed_.wait(lock, [this] { return !planned_; });
  return false;
}

} // namespace dbengine::test
