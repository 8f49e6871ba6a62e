// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "vfs/fd_vfs.hpp"

#include "base/thread_annotations.hpp"

#include <dbengine/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sqlite3.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace dbengine::vfs {

namespace {

constexpr std::string_view name_prefix = "dbengine-fd:";
// Offsets of the write and read version in the database header: 1 is rollback mode, 2 is WAL (file
// format, 1.3.3).
constexpr sqlite3_int64 format_offset = 18;
constexpr sqlite3_int64 format_length = 2;

// A copy is written page by page in order. Gathering pages into blocks takes a third of the time.
constexpr std::size_t block_size = std::size_t{1} << 20;

/// Consecutive bytes that are to be written.
struct block {
  sqlite3_int64 offset = 0;
  std::size_t size = 0;
  std::array<char, block_size> bytes;

  sqlite3_int64 end() const { return offset + static_cast<sqlite3_int64>(size); }
};

// A check reads page by page, mostly in order. A page that follows the previous one is read
// together with the pages after it.
constexpr std::size_t ahead_size = std::size_t{64} << 10;

/// Consecutive bytes that were read ahead.
struct ahead {
  sqlite3_int64 offset = 0;
  std::size_t size = 0;
  std::array<char, ahead_size> bytes;
};

/// An open file as SQLite sees it.
struct fd_file {
  sqlite3_file base;
  int fd;
  // Written by SQLite, but not to the file yet; allocated by the first write.
  block* unwritten;
  // If the file is only read: where the last read ended, and what was read beyond it.
  bool read_only;
  sqlite3_int64 last_end;
  ahead* ahead_block;
  const std::function<bool()>* read_check;
  unsigned reads;
  // Set once `read_check` has returned false: every further read fails.
  bool stopped;
};

constexpr unsigned reads_between_checks = 16;
// SQLite's own operations of `sqlite3_file_control` are below 100.
constexpr int set_read_check_operation = 1'606;

fd_file& self(sqlite3_file* file) {
  return *reinterpret_cast<fd_file*>(file);
}

int fd_of(sqlite3_file* file) {
  return self(file).fd;
}

int write_error(int number) {
  return number == ENOSPC || number == EDQUOT || number == EFBIG ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

int write_all(int fd, const char* bytes, std::size_t size, sqlite3_int64 offset) {
  while (size > 0) {
    const auto n = pwrite(fd, bytes, size, offset);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n == 0 ? SQLITE_FULL : write_error(errno);
    bytes += n;
    size -= static_cast<std::size_t>(n);
    offset += n;
  }
  return SQLITE_OK;
}

int flush_block(fd_file& f) {
  if (f.unwritten == nullptr || f.unwritten->size == 0)
    return SQLITE_OK;
  auto& b = *f.unwritten;
  const int rc = write_all(f.fd, b.bytes.data(), b.size, b.offset);
  // Starts writing to the disk at once. So the final sync has little left to do, and the syncs of
  // other files need not wait for all of it. This is only a hint: the sync reports errors.
  if (rc == SQLITE_OK)
    (void)sync_file_range(f.fd, b.offset, static_cast<off_t>(b.size), SYNC_FILE_RANGE_WRITE);
  b.size = 0;
  return rc;
}

// SQLite announces when a transaction must be complete in the file (`x_file_control`). Bytes that
// are unwritten at the close belong to a transaction that was given up.
int x_close(sqlite3_file* file) {
  delete std::exchange(self(file).unwritten, nullptr);
  delete std::exchange(self(file).ahead_block, nullptr);
  return SQLITE_OK;
}

// Copies the bytes from the block that was read ahead. Returns false if they are not in it; the
// caller then reads them and reports errors.
bool read_ahead(fd_file& f, char* buffer, std::size_t size, sqlite3_int64 offset) {
  const bool follows =
      offset == std::exchange(f.last_end, offset + static_cast<sqlite3_int64>(size));
  if (!f.read_only || size > ahead_size)
    return false;
  if (f.ahead_block == nullptr &&
      (!follows || (f.ahead_block = new (std::nothrow) ahead) == nullptr))
    return false;
  auto& n = *f.ahead_block;
  const auto has = [&] {
    return offset >= n.offset && offset + static_cast<sqlite3_int64>(size) <=
                                     n.offset + static_cast<sqlite3_int64>(n.size);
  };
  if (!has()) {
    if (!follows)
      return false;
    const auto got = pread(f.fd, n.bytes.data(), ahead_size, offset);
    n.offset = offset;
    n.size = got < 0 ? 0 : static_cast<std::size_t>(got);
    if (!has())
      return false;
  }
  std::memcpy(buffer, n.bytes.data() + (offset - n.offset), size);
  return true;
}

int x_read(sqlite3_file* file, void* buffer, int size, sqlite3_int64 offset) {
  if (const int rc = flush_block(self(file)); rc != SQLITE_OK)
    return rc;
  auto& f = self(file);
  if (f.read_check != nullptr && !f.stopped && ++f.reads % reads_between_checks == 0)
    f.stopped = !(*f.read_check)();
  if (f.stopped)
    return SQLITE_INTERRUPT;
  auto* bytes = static_cast<char*>(buffer);
  int got = read_ahead(f, bytes, static_cast<std::size_t>(size), offset) ? size : 0;
  while (got < size) {
    const auto n =
        pread(fd_of(file), bytes + got, static_cast<std::size_t>(size - got), offset + got);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return SQLITE_IOERR_READ;
    if (n == 0)
      break;
    got += static_cast<int>(n);
  }
  for (auto at = format_offset; at < format_offset + format_length; ++at)
    if (at >= offset && at < offset + got && bytes[at - offset] == 2)
      bytes[at - offset] = 1;
  if (got == size)
    return SQLITE_OK;
  std::memset(bytes + got, 0, static_cast<std::size_t>(size - got));
  return SQLITE_IOERR_SHORT_READ;
}

int x_write(sqlite3_file* file, const void* buffer, int size, sqlite3_int64 offset) {
  auto& f = self(file);
  const auto length = static_cast<std::size_t>(size);
  if (f.unwritten == nullptr)
    f.unwritten = new (std::nothrow) block;
  if (f.unwritten == nullptr)
    return SQLITE_NOMEM;
  auto& b = *f.unwritten;
  if (b.size > 0 && (offset != b.end() || b.size + length > block_size))
    if (const int rc = flush_block(f); rc != SQLITE_OK)
      return rc;
  if (b.size == 0)
    b.offset = offset;
  std::memcpy(b.bytes.data() + b.size, buffer, length);
  b.size += length;
  if (offset == 0 && size >= format_offset + format_length)
    b.bytes[format_offset] = b.bytes[format_offset + 1] = 1;
  return SQLITE_OK;
}

int x_truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int rc = flush_block(self(file)); rc != SQLITE_OK)
    return rc;
  return ftruncate(fd_of(file), size) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int x_sync(sqlite3_file* file, int) {
  if (const int rc = flush_block(self(file)); rc != SQLITE_OK)
    return rc;
  return fsync(fd_of(file)) == 0 ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

int x_file_size(sqlite3_file* file, sqlite3_int64* size) {
  if (const int rc = flush_block(self(file)); rc != SQLITE_OK)
    return rc;
  struct stat s {};
  if (fstat(fd_of(file), &s) != 0)
    return SQLITE_IOERR_FSTAT;
  *size = s.st_size;
  return SQLITE_OK;
}

int x_lock(sqlite3_file*, int) {
  return SQLITE_OK;
}

int x_check_reserved_lock(sqlite3_file*, int* result) {
  *result = 0;
  return SQLITE_OK;
}

// SQLite calls it before each commit, also with `synchronous=off`.
int x_file_control(sqlite3_file* file, int operation, void* argument) {
  if (operation == SQLITE_FCNTL_SYNC)
    return flush_block(self(file));
  if (operation != set_read_check_operation)
    return SQLITE_NOTFOUND;
  self(file).read_check = static_cast<const std::function<bool()>*>(argument);
  self(file).stopped = false;
  return SQLITE_OK;
}

int x_sector_size(sqlite3_file*) {
  return 4096;
}
int x_device_characteristics(sqlite3_file*) {
  return 0;
}

const sqlite3_io_methods& methods() {
  static const sqlite3_io_methods m = [] {
    sqlite3_io_methods x{};
    x.iVersion = 1;
    x.xClose = x_close;
    x.xRead = x_read;
    x.xWrite = x_write;
    x.xTruncate = x_truncate;
    x.xSync = x_sync;
    x.xFileSize = x_file_size;
    x.xLock = x_lock;
    x.xUnlock = x_lock;
    x.xCheckReservedLock = x_check_reserved_lock;
    x.xFileControl = x_file_control;
    x.xSectorSize = x_sector_size;
    x.xDeviceCharacteristics = x_device_characteristics;
    return x;
  }();
  return m;
}

sqlite3_vfs* host(sqlite3_vfs* vfs) {
  return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

int x_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  // Temporary files of sorters and the like use the host's VFS.
  if (name == nullptr)
    return host(vfs)->xOpen(host(vfs), name, file, flags, out_flags);
  std::string_view text(name);
  int fd = -1;
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0 || !text.starts_with(name_prefix))
    return SQLITE_CANTOPEN;
  text.remove_prefix(name_prefix.size());
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), fd);
  if (ec != std::errc() || end != text.data() + text.size() || fd < 0)
    return SQLITE_CANTOPEN;
  self(file).fd = fd;
  self(file).unwritten = nullptr;
  self(file).read_only = (flags & SQLITE_OPEN_READONLY) != 0;
  self(file).last_end = 0;
  self(file).ahead_block = nullptr;
  self(file).read_check = nullptr;
  self(file).reads = 0;
  self(file).stopped = false;
  self(file).base.pMethods = &methods();
  if (out_flags != nullptr)
    *out_flags = flags;
  return SQLITE_OK;
}

int x_delete(sqlite3_vfs*, const char*, int) {
  return SQLITE_OK;
}

int x_access(sqlite3_vfs*, const char*, int, int* result) {
  *result = 0;
  return SQLITE_OK;
}

int x_full_pathname(sqlite3_vfs*, const char* name, int size, char* out) {
  const auto length = std::strlen(name) + 1;
  if (length > static_cast<std::size_t>(size))
    return SQLITE_CANTOPEN;
  std::memcpy(out, name, length);
  return SQLITE_OK;
}

} // namespace

const char* register_fd_vfs() {
  static sqlite3_vfs vfs{};
  static base::mutex mutex;
  static bool done = false; // guarded by the mutex
  const base::scoped_lock lock(mutex);
  if (done)
    return vfs.zName;
  if (sqlite3_initialize() != SQLITE_OK)
    throw error(errc::internal, "SQLite does not initialise");
  // A copy of the default VFS, so that randomness, time and sleep are the system's.
  sqlite3_vfs* base = sqlite3_vfs_find("unix");
  if (base == nullptr)
    throw error(errc::internal, "SQLite has no VFS \"unix\"");
  vfs = *base;
  vfs.zName = "dbengine-fd";
  vfs.pNext = nullptr;
  vfs.pAppData = base;
  vfs.szOsFile = std::max(base->szOsFile, static_cast<int>(sizeof(fd_file)));
  vfs.xOpen = x_open;
  vfs.xDelete = x_delete;
  vfs.xAccess = x_access;
  vfs.xFullPathname = x_full_pathname;
  if (const int rc = sqlite3_vfs_register(&vfs, 0); rc != SQLITE_OK)
    throw error(errc::internal, "SQLite refuses the VFS: " + std::string(sqlite3_errstr(rc)));
  done = true;
  return vfs.zName;
}

void set_read_check(sqlite3* db, const std::function<bool()>* read_check) {
  const int rc = sqlite3_file_control(db, "main", set_read_check_operation,
                                      const_cast<std::function<bool()>*>(read_check));
  if (rc != SQLITE_OK)
    throw error(errc::internal, std::string("the reads cannot be checked: ") + sqlite3_errstr(rc));
}

std::string fd_database_name(int fd) {
  return std::string(name_prefix) + std::to_string(fd);
}

} // namespace dbengine::vfs
