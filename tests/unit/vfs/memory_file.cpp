// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The memory VFS at its lowest level: files, locks and shared memory without SQLite's pager.

#include "vfs/memory_file.hpp"
#include "vfs/memory_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

namespace {

using namespace dbengine::vfs;

constexpr int main_file = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB;
constexpr std::uint64_t chunk = dbengine::vfs::memory_content::chunk_size;

sqlite3_vfs* vfs() {
  return sqlite3_vfs_find(dbengine::vfs::register_memory_vfs());
}

/// An open file of the VFS.
class file {
public:
  file(const char* name, int flags)
      : bytes_(static_cast<std::size_t>(vfs()->szOsFile) / sizeof(std::max_align_t) + 1) {
    status = vfs()->xOpen(vfs(), name, get(), flags, nullptr);
  }

  file(const file&) = delete;
  file& operator=(const file&) = delete;

  ~file() { close(); }

  void close() {
    if (get()->pMethods != nullptr)
      get()->pMethods->xClose(get());
  }

  sqlite3_file* get() { return reinterpret_cast<sqlite3_file*>(bytes_.data()); }
  const sqlite3_io_methods* operator->() { return get()->pMethods; }

  int lock(int level) { return get()->pMethods->xLock(get(), level); }
  int unlock(int level) { return get()->pMethods->xUnlock(get(), level); }

  int shm(int first, int n, int flags) { return get()->pMethods->xShmLock(get(), first, n, flags); }

  int status = SQLITE_OK;

private:
  std::vector<std::max_align_t> bytes_;
};

constexpr int take_shared = SQLITE_SHM_LOCK | SQLITE_SHM_SHARED;
constexpr int drop_shared = SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED;
constexpr int take_alone = SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE;
constexpr int drop_alone = SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE;

bool exists(const std::string& name) {
  int result = -1;
  vfs()->xAccess(vfs(), name.c_str(), SQLITE_ACCESS_EXISTS, &result);
  return result == 1;
}

} // namespace

CAF_TEST(content is exact at every boundary) {
  dbengine::vfs::memory_content content;
  std::string buffer(16, 'x');
  CAF_CHECK_EQUAL(content.read(buffer.data(), 16, 0), SQLITE_IOERR_SHORT_READ);
  CAF_CHECK_EQUAL(buffer, std::string(16, '\0'));
  // A write after a gap and across a chunk's end.
  CAF_CHECK_EQUAL(content.write("0123456789", 10, chunk - 4), SQLITE_OK);
  CAF_CHECK_EQUAL(content.size(), chunk + 6);
  CAF_CHECK_EQUAL(content.read(buffer.data(), 16, chunk - 8), SQLITE_IOERR_SHORT_READ);
  CAF_CHECK_EQUAL(buffer, std::string(4, '\0') + "0123456789" + std::string(2, '\0'));
  CAF_CHECK_EQUAL(content.read(buffer.data(), 10, chunk - 4), SQLITE_OK);
  // Truncated bytes do not reappear.
  CAF_CHECK_EQUAL(content.truncate(chunk - 2), SQLITE_OK);
  CAF_CHECK_EQUAL(content.truncate(3 * chunk), SQLITE_OK);
  CAF_CHECK_EQUAL(content.size(), 3 * chunk);
  CAF_CHECK_EQUAL(content.read(buffer.data(), 16, chunk - 4), SQLITE_OK);
  CAF_CHECK_EQUAL(buffer, "01" + std::string(14, '\0'));
  CAF_CHECK_EQUAL(content.write("", 0, 10 * chunk), SQLITE_OK);
  CAF_CHECK_EQUAL(content.size(), 3 * chunk);
}

CAF_TEST(content takes memory for what was written only and gives it back) {
  const auto idle = dbengine::vfs::memory_file_bytes();
  {
    dbengine::vfs::memory_content content;
    content.write("x", 1, 100 * chunk);
    CAF_CHECK_EQUAL(memory_file_bytes() - idle, chunk);
    content.truncate(1000 * chunk);
    CAF_CHECK_EQUAL(memory_file_bytes() - idle, chunk);
    std::string data(3 * chunk, 'y');
    content.write(data.data(), data.size(), 0);
    CAF_CHECK_EQUAL(memory_file_bytes() - idle, 4 * chunk);
    content.truncate(chunk);
    CAF_CHECK_EQUAL(memory_file_bytes() - idle, chunk);
    CAF_CHECK_EQUAL(content.write("x", 1, std::uint64_t{1} << 62), SQLITE_FULL);
    CAF_CHECK_EQUAL(content.truncate(std::uint64_t{1} << 62), SQLITE_FULL);
    CAF_CHECK_EQUAL(content.size(), chunk);
  }
  CAF_CHECK_EQUAL(memory_file_bytes(), idle);
}

// Four threads each write one page and read it back, while a fifth grows and truncates the file
// beyond those pages.
CAF_TEST(threads work in one file at once) {
  dbengine::vfs::memory_content content;
  content.truncate(4 * 4096);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::string page(4096, '\0');
      for (int i = 0; i < 5000; ++i) {
        std::fill(page.begin(), page.end(), static_cast<char>(i));
        wrong += content.write(page.data(), page.size(), t * 4096) != SQLITE_OK ? 1 : 0;
        std::string back(4096, '\0');
        wrong += content.read(back.data(), back.size(), t * 4096) != SQLITE_OK ? 1 : 0;
        wrong += back != page ? 1 : 0;
      }
    });
  threads.emplace_back([&] {
    std::string tail(3 * chunk, 'z');
    for (int i = 0; i < 500; ++i) {
      wrong += content.write(tail.data(), tail.size(), 5 * 4096) != SQLITE_OK ? 1 : 0;
      wrong += content.truncate(4 * 4096) != SQLITE_OK ? 1 : 0;
    }
  });
  for (auto& t : threads)
    t.join();
  CAF_CHECK_EQUAL(wrong.load(), 0);
  CAF_CHECK_EQUAL(content.size(), 4u * 4096);
}

CAF_TEST(the file lock follows the protocol of SQLite) {
  const auto name = dbengine::vfs::unique_memory_name();
  file a(name.c_str(), main_file);
  file b(name.c_str(), main_file);
  int reserved = -1;
  CAF_CHECK_EQUAL(a.lock(SQLITE_LOCK_SHARED), SQLITE_OK);
  CAF_CHECK_EQUAL(b.lock(SQLITE_LOCK_SHARED), SQLITE_OK);
  CAF_CHECK_EQUAL(a.lock(SQLITE_LOCK_RESERVED), SQLITE_OK);
  CAF_CHECK_EQUAL(b.lock(SQLITE_LOCK_RESERVED), SQLITE_BUSY);
  CAF_CHECK_EQUAL(b->xCheckReservedLock(b.get(), &reserved), SQLITE_OK);
  CAF_CHECK_EQUAL(reserved, 1);
  {
    file c(name.c_str(), main_file);
    CAF_CHECK_EQUAL(c.lock(SQLITE_LOCK_SHARED), SQLITE_OK);    // compatible with RESERVED
  }                                                            // closing releases the lock
  CAF_CHECK_EQUAL(a.lock(SQLITE_LOCK_EXCLUSIVE), SQLITE_BUSY); // b reads; a is PENDING now
  file d(name.c_str(), main_file);
  CAF_CHECK_EQUAL(d.lock(SQLITE_LOCK_SHARED), SQLITE_BUSY);
  CAF_CHECK_EQUAL(b.unlock(SQLITE_LOCK_NONE), SQLITE_OK);
  CAF_CHECK_EQUAL(a.lock(SQLITE_LOCK_EXCLUSIVE), SQLITE_OK);
  CAF_CHECK_EQUAL(d.lock(SQLITE_LOCK_SHARED), SQLITE_BUSY);
  CAF_CHECK_EQUAL(a.unlock(SQLITE_LOCK_SHARED), SQLITE_OK);
  CAF_CHECK_EQUAL(d.lock(SQLITE_LOCK_SHARED), SQLITE_OK);
  a->xCheckReservedLock(a.get(), &reserved);
  CAF_CHECK_EQUAL(reserved, 0);
  a.unlock(SQLITE_LOCK_NONE);
  CAF_CHECK_EQUAL(d.lock(SQLITE_LOCK_EXCLUSIVE), SQLITE_OK); // d is the only user
}

CAF_TEST(lock slots of the log are shared or exclusive) {
  const auto name = dbengine::vfs::unique_memory_name();
  file a(name.c_str(), main_file);
  file b(name.c_str(), main_file);
  void volatile* region = nullptr;
  CAF_CHECK_EQUAL(a.shm(0, 1, take_shared), SQLITE_IOERR_SHMLOCK); // not mapped yet
  for (file* f : {&a, &b})
    CAF_REQUIRE_EQUAL((*f)->xShmMap(f->get(), 0, 32768, 1, &region), SQLITE_OK);
  CAF_CHECK_EQUAL(a.shm(3, 1, take_shared), SQLITE_OK);
  CAF_CHECK_EQUAL(b.shm(3, 1, take_shared), SQLITE_OK);
  CAF_CHECK_EQUAL(b.shm(1, 7, take_alone), SQLITE_BUSY); // all or none
  CAF_CHECK_EQUAL(a.shm(1, 2, take_alone), SQLITE_OK);
  CAF_CHECK_EQUAL(b.shm(1, 1, take_shared), SQLITE_BUSY);
  CAF_CHECK_EQUAL(a.shm(1, 2, drop_alone), SQLITE_OK);
  CAF_CHECK_EQUAL(b.shm(3, 1, drop_shared), SQLITE_OK);
  CAF_CHECK_EQUAL(b.shm(3, 1, take_alone), SQLITE_BUSY);
  CAF_CHECK_EQUAL(a.shm(3, 1, drop_shared), SQLITE_OK);
  CAF_CHECK_EQUAL(b.shm(0, 8, take_alone), SQLITE_OK);
  CAF_CHECK_EQUAL(a.shm(7, 1, take_shared), SQLITE_BUSY);
  CAF_CHECK_EQUAL(b.shm(5, 4, take_alone), SQLITE_IOERR_SHMLOCK); // out of range
  b->xShmUnmap(b.get(), 0);                                       // releases all
  CAF_CHECK_EQUAL(a.shm(0, 8, take_alone), SQLITE_OK);
}

CAF_TEST(shared memory is one and zeroed and freed with its last user) {
  const auto idle = dbengine::vfs::memory_vfs_bytes();
  const auto name = dbengine::vfs::unique_memory_name();
  file a(name.c_str(), main_file);
  file b(name.c_str(), main_file);
  void volatile* first = nullptr;
  void volatile* second = nullptr;
  CAF_CHECK_EQUAL(a->xShmMap(a.get(), 0, 32768, 0, &first), SQLITE_OK);
  CAF_CHECK(first == nullptr); // not extended
  CAF_CHECK_EQUAL(a->xShmMap(a.get(), 2, 32768, 1, &first), SQLITE_OK);
  CAF_CHECK_EQUAL(b->xShmMap(b.get(), 2, 32768, 0, &second), SQLITE_OK);
  CAF_CHECK(first != nullptr && first == second);
  CAF_CHECK_EQUAL(memory_vfs_bytes() - idle, 3u * 32768);
  auto* bytes = static_cast<unsigned char volatile*>(first);
  CAF_CHECK(std::all_of(bytes, bytes + 32768, [](unsigned char c) { return c == 0; }));
  bytes[5] = 7;
  a->xShmUnmap(a.get(), 0);
  CAF_CHECK(static_cast<unsigned char volatile*>(second)[5] == 7);
  b.close();
  CAF_CHECK_EQUAL(memory_vfs_bytes(), idle);
  CAF_CHECK_EQUAL(a->xShmMap(a.get(), 2, 32768, 1, &first), SQLITE_OK);
  CAF_CHECK(static_cast<unsigned char volatile*>(first)[5] == 0);
}

// Each thread takes lock 3 exclusively, alone or in a range, and increments a counter without
// further protection.
CAF_TEST(an exclusive slot excludes) {
  const auto name = dbengine::vfs::unique_memory_name();
  long counter = 0;
  std::atomic<long> expected = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      file f(name.c_str(), main_file);
      void volatile* region = nullptr;
      f->xShmMap(f.get(), 0, 32768, 1, &region);
      for (int done = 0; done < 5000;) {
        const int slot = t % 2 == 0 ? 3 : 1;
        const int n = t % 2 == 0 ? 1 : 5;
        if (f.shm(slot, n, take_alone) != SQLITE_OK) {
          std::this_thread::yield();
          continue;
        }
        ++counter;
        ++expected;
        ++done;
        f.shm(slot, n, drop_alone);
      }
    });
  for (auto& t : threads)
    t.join();
  CAF_CHECK_EQUAL(counter, expected.load());
}

CAF_TEST(names follow the flags of open) {
  const auto idle = dbengine::vfs::memory_vfs_bytes();
  const auto name = dbengine::vfs::unique_memory_name();
  constexpr int journal = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_JOURNAL;
  CAF_CHECK_EQUAL(file(name.c_str(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB).status,
                  SQLITE_CANTOPEN);
  {
    file db(name.c_str(), main_file);
    CAF_CHECK(!exists(name)); // empty
    CAF_CHECK_EQUAL(db->xWrite(db.get(), "x", 1, 0), SQLITE_OK);
    CAF_CHECK(exists(name));
    CAF_CHECK_EQUAL(file(name.c_str(), main_file | SQLITE_OPEN_EXCLUSIVE).status, SQLITE_CANTOPEN);
    {
      file reader(name.c_str(), SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB);
      CAF_CHECK_EQUAL(reader->xWrite(reader.get(), "y", 1, 0), SQLITE_IOERR_WRITE);
      CAF_CHECK_EQUAL(reader->xTruncate(reader.get(), 0), SQLITE_IOERR_TRUNCATE);
    }
    // A journal exists as long as its database, even without an open handle; one of a database with
    // a similar name does not.
    {
      file j((name + "-journal").c_str(), journal);
      j->xWrite(j.get(), "journal", 7, 0);
      file k((name + "0-journal").c_str(), journal);
      k->xWrite(k.get(), "journal", 7, 0);
    }
    CAF_CHECK(exists(name + "-journal"));
    CAF_CHECK(!exists(name + "0-journal"));
    {
      file j((name + "-x").c_str(), journal | SQLITE_OPEN_DELETEONCLOSE);
      j->xWrite(j.get(), "x", 1, 0);
      CAF_CHECK(exists(name + "-x"));
    }
    CAF_CHECK(!exists(name + "-x"));
    // Connections that have a deleted file open keep it, and its name is free.
    int moved = -1;
    db->xFileControl(db.get(), SQLITE_FCNTL_HAS_MOVED, &moved);
    CAF_CHECK_EQUAL(moved, 0);
    file j((name + "-journal").c_str(), journal);
    CAF_CHECK_EQUAL(vfs()->xDelete(vfs(), (name + "-journal").c_str(), 0), SQLITE_OK);
    CAF_CHECK_EQUAL(vfs()->xDelete(vfs(), (name + "-journal").c_str(), 0),
                    SQLITE_IOERR_DELETE_NOENT);
    file fresh((name + "-journal").c_str(), journal);
    sqlite3_int64 size = -1;
    fresh->xFileSize(fresh.get(), &size);
    CAF_CHECK_EQUAL(size, 0);
    j->xFileSize(j.get(), &size);
    CAF_CHECK_EQUAL(size, 7);
    j->xFileControl(j.get(), SQLITE_FCNTL_HAS_MOVED, &moved);
    CAF_CHECK_EQUAL(moved, 1);
  }
  {
    file temporary(nullptr, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_TEMP_DB);
    CAF_CHECK_EQUAL(temporary.status, SQLITE_OK);
    CAF_CHECK_EQUAL(temporary->xWrite(temporary.get(), "x", 1, 0), SQLITE_OK);
    CAF_CHECK(memory_vfs_bytes() > idle);
  }
  CAF_CHECK_EQUAL(memory_vfs_bytes(), idle);
  CAF_CHECK(!exists(name));
}
