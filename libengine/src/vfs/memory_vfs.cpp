// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "vfs/memory_vfs.hpp"

#include "vfs/memory_file.hpp"
#include "vfs/memory_table.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>

namespace dbengine::vfs {

namespace {

constexpr const char* vfs_name = "dbengine-memory";

// Long enough for any name of this VFS with "-journal" or the suffix of a super-journal. SQLite
// allocates this much per connection.
constexpr int max_path = 512;

/// An open file as SQLite sees it. SQLite owns the bytes; xOpen constructs the object in them and
/// xClose destroys it.
struct handle : sqlite3_file {
  std::shared_ptr<memory_file> file;
  std::string name; // empty: a temporary file that only this handle uses
  int lock = SQLITE_LOCK_NONE;
  bool read_only = false;
  bool delete_on_close = false;
  memory_shm::holder shm;
};

handle& of(sqlite3_file* f) noexcept {
  return *static_cast<handle*>(f);
}

sqlite3_vfs& host(sqlite3_vfs* vfs) noexcept {
  return *static_cast<sqlite3_vfs*>(vfs->pAppData);
}

// -- methods of files -----------------------------------------------------------------------------

int file_close(sqlite3_file* f) {
  auto& h = of(f);
  h.file->shm.detach(h.shm);
  h.file->lock.unlock(h.lock, SQLITE_LOCK_NONE);
  if (!h.name.empty()) {
    auto& table = memory_table::instance();
    if (h.delete_on_close && !h.file->unlinked.load(std::memory_order_relaxed))
      table.remove(h.name);
    table.close(h.name, h.file);
  }
  h.~handle();
  f->pMethods = nullptr;
  return SQLITE_OK;
}

int file_read(sqlite3_file* f, void* out, int size, sqlite3_int64 offset) {
  if (size < 0 || offset < 0)
    return SQLITE_IOERR_READ;
  return of(f).file->content.read(out, static_cast<std::uint64_t>(size),
                                  static_cast<std::uint64_t>(offset));
}

int file_write(sqlite3_file* f, const void* in, int size, sqlite3_int64 offset) {
  auto& h = of(f);
  if (h.read_only || size < 0 || offset < 0)
    return SQLITE_IOERR_WRITE;
  return h.file->content.write(in, static_cast<std::uint64_t>(size),
                               static_cast<std::uint64_t>(offset));
}

int file_truncate(sqlite3_file* f, sqlite3_int64 size) {
  auto& h = of(f);
  if (h.read_only || size < 0)
    return SQLITE_IOERR_TRUNCATE;
  return h.file->content.truncate(static_cast<std::uint64_t>(size));
}

int file_sync(sqlite3_file*, int) {
  return SQLITE_OK; // there is no disk to sync
}

int file_size(sqlite3_file* f, sqlite3_int64* out) {
  *out = static_cast<sqlite3_int64>(of(f).file->content.size());
  return SQLITE_OK;
}

int file_lock(sqlite3_file* f, int level) {
  auto& h = of(f);
  // As on disk, a file that is open for reading cannot be locked for writing. This prevents a
  // read-only connection from checkpointing when it is closed.
  if (h.read_only && level > SQLITE_LOCK_SHARED)
    return SQLITE_IOERR_LOCK;
  return h.file->lock.lock(h.lock, level);
}

int file_unlock(sqlite3_file* f, int level) {
  auto& h = of(f);
  h.file->lock.unlock(h.lock, level);
  return SQLITE_OK;
}

int file_check_reserved_lock(sqlite3_file* f, int* out) {
  *out = of(f).file->lock.reserved() ? 1 : 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file* f, int op, void* arg) {
  auto& h = of(f);
  switch (op) {
  case SQLITE_FCNTL_HAS_MOVED:
    *static_cast<int*>(arg) = h.file->unlinked.load(std::memory_order_relaxed) ? 1 : 0;
    return SQLITE_OK;
  case SQLITE_FCNTL_VFSNAME:
    *static_cast<char**>(arg) = sqlite3_mprintf("%s", vfs_name);
    return SQLITE_OK;
  case SQLITE_FCNTL_LOCKSTATE: *static_cast<int*>(arg) = h.lock; return SQLITE_OK;
  default: return SQLITE_NOTFOUND;
  }
}

int file_sector_size(sqlite3_file*) {
  return 4096;
}

int file_device_characteristics(sqlite3_file*) {
  // The memory is lost only together with the process, so no order of writes and no torn page can
  // be observed.
  return SQLITE_IOCAP_ATOMIC | SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL |
         SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

int file_shm_map(sqlite3_file* f, int index, int size, int extend, void volatile** out) {
  auto& h = of(f);
  return h.file->shm.map(h.shm, index, size, extend != 0, *out);
}

int file_shm_lock(sqlite3_file* f, int first, int n, int flags) {
  auto& h = of(f);
  if (!h.shm.attached || first < 0 || n < 1 || first + n > memory_shm::slots)
    return SQLITE_IOERR_SHMLOCK;
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    h.file->shm.unlock(h.shm, first, n);
    return SQLITE_OK;
  }
  if ((flags & SQLITE_SHM_SHARED) != 0)
    return n == 1 ? h.file->shm.lock_shared(h.shm, first) : SQLITE_IOERR_SHMLOCK;
  return h.file->shm.lock_exclusive(h.shm, first, n);
}

void file_shm_barrier(sqlite3_file* f) {
  of(f).file->shm.barrier();
}

int file_shm_unmap(sqlite3_file* f, int) {
  auto& h = of(f);
  h.file->shm.detach(h.shm);
  return SQLITE_OK;
}

// Version 2: no xFetch. With it SQLite would bypass its page cache and call the VFS for every
// access to a page.
constexpr sqlite3_io_methods methods = {
    2,
    file_close,
    file_read,
    file_write,
    file_truncate,
    file_sync,
    file_size,
    file_lock,
    file_unlock,
    file_check_reserved_lock,
    file_control,
    file_sector_size,
    file_device_characteristics,
    file_shm_map,
    file_shm_lock,
    file_shm_barrier,
    file_shm_unmap,
    nullptr,
    nullptr,
};

// -- methods of the VFS ---------------------------------------------------------------------------

int vfs_open(sqlite3_vfs*, const char* name, sqlite3_file* f, int flags, int* out_flags) {
  f->pMethods = nullptr;
  try {
    handle h{};
    if (name == nullptr) {
      h.file = std::make_shared<memory_file>();
    } else {
      h.name = name;
      const bool create = (flags & SQLITE_OPEN_CREATE) != 0;
      const bool exclusive = create && (flags & SQLITE_OPEN_EXCLUSIVE) != 0;
      h.file = memory_table::instance().open(name, (flags & SQLITE_OPEN_MAIN_DB) != 0, create,
                                             exclusive);
      if (h.file == nullptr)
        return SQLITE_CANTOPEN;
    }
    h.read_only = (flags & SQLITE_OPEN_READONLY) != 0;
    h.delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    new (f) handle(std::move(h));
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
  f->pMethods = &methods;
  if (out_flags != nullptr)
    *out_flags = flags;
  return SQLITE_OK;
}

int vfs_delete(sqlite3_vfs*, const char* name, int) {
  return memory_table::instance().remove(name) ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

int vfs_access(sqlite3_vfs*, const char* name, int, int* out) {
  // An empty file counts as missing, as on disk: SQLite checks only journals here, and an empty one
  // has no content.
  *out = memory_table::instance().size(name) > 0 ? 1 : 0;
  return SQLITE_OK;
}

int vfs_full_pathname(sqlite3_vfs*, const char* name, int size, char* out) {
  const std::size_t n = std::strlen(name);
  if (size <= 0 || n >= static_cast<std::size_t>(size))
    return SQLITE_CANTOPEN;
  std::memcpy(out, name, n + 1);
  return SQLITE_OK;
}

void* vfs_dl_open(sqlite3_vfs* vfs, const char* name) {
  return host(vfs).xDlOpen(&host(vfs), name);
}

void vfs_dl_error(sqlite3_vfs* vfs, int size, char* out) {
  host(vfs).xDlError(&host(vfs), size, out);
}

void (*vfs_dl_sym(sqlite3_vfs* vfs, void* library, const char* symbol))() {
  return host(vfs).xDlSym(&host(vfs), library, symbol);
}

void vfs_dl_close(sqlite3_vfs* vfs, void* library) {
  host(vfs).xDlClose(&host(vfs), library);
}

int vfs_randomness(sqlite3_vfs* vfs, int size, char* out) {
  return host(vfs).xRandomness(&host(vfs), size, out);
}

int vfs_sleep(sqlite3_vfs* vfs, int microseconds) {
  return host(vfs).xSleep(&host(vfs), microseconds);
}

int vfs_current_time(sqlite3_vfs* vfs, double* out) {
  return host(vfs).xCurrentTime(&host(vfs), out);
}

int vfs_get_last_error(sqlite3_vfs* vfs, int size, char* out) {
  return host(vfs).xGetLastError(&host(vfs), size, out);
}

int vfs_current_time_int64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  return host(vfs).xCurrentTimeInt64(&host(vfs), out);
}

// SQLite writes pNext into it. It stays registered until the process ends.
sqlite3_vfs memory_vfs = {
    2,
    sizeof(handle),
    max_path,
    nullptr,
    vfs_name,
    nullptr,
    vfs_open,
    vfs_delete,
    vfs_access,
    vfs_full_pathname,
    vfs_dl_open,
    vfs_dl_error,
    vfs_dl_sym,
    vfs_dl_close,
    vfs_randomness,
    vfs_sleep,
    vfs_current_time,
    vfs_get_last_error,
    vfs_current_time_int64,
    nullptr,
    nullptr,
    nullptr,
};

} // namespace

const char* register_memory_vfs() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (sqlite3_initialize() != SQLITE_OK)
      throw std::runtime_error("SQLite cannot be initialised");
    sqlite3_vfs* standard = sqlite3_vfs_find(nullptr);
    if (standard == nullptr || standard->iVersion < 2)
      throw std::runtime_error("SQLite has no default VFS for the memory VFS to build on");
    memory_vfs.pAppData = standard;
    if (sqlite3_vfs_register(&memory_vfs, 0) != SQLITE_OK)
      throw std::runtime_error("SQLite refuses to register the memory VFS");
  });
  return vfs_name;
}

std::string unique_memory_name() {
  static std::atomic<std::uint64_t> last = 0;
  return "/dbengine-memory-" + std::to_string(last.fetch_add(1, std::memory_order_relaxed) + 1);
}

std::shared_ptr<const void> hold_memory_database(const std::string& name) {
  struct hold {
    std::string name;
    std::shared_ptr<memory_file> file;

    explicit hold(const std::string& n)
        : name(n), file(memory_table::instance().open(name, true, true, false)) {}
    hold(const hold&) = delete;
    hold& operator=(const hold&) = delete;
    ~hold() { memory_table::instance().close(name, file); }
  };
  return std::make_shared<const hold>(name);
}

std::size_t memory_vfs_bytes() noexcept {
  return memory_file_bytes();
}

} // namespace dbengine::vfs
