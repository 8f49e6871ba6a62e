// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "file_identity.hpp"

#include <cstdint>
#include <cstring>
#include <sqlite3.h>
#include <sys/stat.h>

namespace dbengine::detail {

namespace {

// What the WAL index says of both files ("WAL-Index Format" on sqlite.org); no page size where it cannot be read in one piece.
struct lengths {
  off_t page = 0;
  off_t frames = 0;
};

lengths lengths_of(const wal_index& index) noexcept {
  lengths l;
  if (!index.attached())
    return l;
  const auto h = index.read();
  if (h != index.read())
    return l; // another process commits at this moment
  unsigned short page = 0;
  unsigned int frames = 0;
  const auto* bytes = reinterpret_cast<const char*>(h.data());
  std::memcpy(&page, bytes + 14, sizeof page);
  std::memcpy(&frames, bytes + 16, sizeof frames);
  l.page = (page & 0xfe00) + ((page & 1) << 16);
  l.frames = frames;
  return l;
}

// A file that became smaller was cut by a checkpoint where it has the pages that its own header names. Read through
// SQLite's own descriptor: to close another one would drop SQLite's locks.
bool whole(sqlite3* db, off_t size, off_t page) noexcept {
  constexpr int pages_at = 28;
  sqlite3_file* file = nullptr;
  unsigned char b[4] = {};
  if (size < page ||
      sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr ||
      file->pMethods->xRead(file, b, sizeof b, pages_at) != SQLITE_OK)
    return false;
  const auto pages = static_cast<off_t>((std::uint32_t{b[0]} << 24) | (std::uint32_t{b[1]} << 16) |
                                        (std::uint32_t{b[2]} << 8) | std::uint32_t{b[3]});
  return size >= pages * page;
}

} // namespace

void file_identity::take(const std::string& database) {
  database_ = database;
  wal_ = database + "-wal";
  struct stat st {};
  if (::stat(database_.c_str(), &st) == 0) {
    database_device_ = st.st_dev;
    database_inode_ = st.st_ino;
    size_ = st.st_size;
  }
  if (::stat(wal_.c_str(), &st) == 0) {
    wal_device_ = st.st_dev;
    wal_inode_ = st.st_ino;
  }
}

std::string file_identity::changed(const wal_index& index, sqlite3* db) {
  struct stat file {};
  if (::stat(database_.c_str(), &file) != 0)
    return "the database file was moved or deleted";
  if (file.st_ino != database_inode_ || file.st_dev != database_device_)
    return "the database file was replaced";
  struct stat wal {};
  if (wal_inode_ != 0) {
    if (::stat(wal_.c_str(), &wal) != 0)
      return "the write-ahead log was deleted";
    if (wal.st_ino != wal_inode_ || wal.st_dev != wal_device_)
      return "the write-ahead log was replaced";
  }
  looked_ = clock::now();
  // After the look at the files: what another process's checkpoint cut off, the index knows of by now.
  const auto l = lengths_of(index);
  if (l.page == 0)
    return {};
  if (wal_inode_ != 0 && l.frames > 0 && wal.st_size < 32 + l.frames * (24 + l.page))
    return "the write-ahead log was cut short";
  if (file.st_size < size_ && !whole(db, file.st_size, l.page))
    return "the database file was cut short";
  size_ = file.st_size;
  return {};
}

std::string file_identity::changed_meanwhile(const wal_index& index, sqlite3* db) {
  constexpr std::chrono::milliseconds idle{1};
  return clock::now() - looked_ < idle ? std::string() : changed(index, db);
}

} // namespace dbengine::detail
