// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "file_identity.hpp"

#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <utility>

namespace dbengine::detail {

namespace {

// How long a look at the paths is good for.
constexpr std::chrono::milliseconds trusted_for{1};

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

} // namespace

void file_identity::one::take(std::string name) {
  path = std::move(name);
  there = ::stat(path.c_str(), &seen) == 0;
  if (!there)
    return;
  handle = unique_fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat opened {}; // another file by now, or no descriptor: each look is at the path
  if (handle && (::fstat(handle.get(), &opened) != 0 || !is_same(opened)))
    handle.reset();
}

bool file_identity::one::is_same(const struct stat& now) const noexcept {
  return now.st_ino == seen.st_ino && now.st_dev == seen.st_dev;
}

void file_identity::take(const std::string& database) {
  database_.take(database);
  wal_.take(database + "-wal");
}

// Nothing happened to their names: the number of links is the same and so is the time of the database's last change, which a
// new name sets, too. (The WAL's is set by each write.)
bool file_identity::glance(struct stat& file, struct stat& wal) noexcept {
  if (!database_.handle || ::fstat(database_.handle.get(), &file) != 0 ||
      file.st_nlink != database_.seen.st_nlink ||
      file.st_ctim.tv_sec != database_.seen.st_ctim.tv_sec ||
      file.st_ctim.tv_nsec != database_.seen.st_ctim.tv_nsec)
    return false;
  return !wal_.there || (wal_.handle && ::fstat(wal_.handle.get(), &wal) == 0 &&
                         wal.st_nlink == wal_.seen.st_nlink);
}

std::string file_identity::look(struct stat& file, struct stat& wal) {
  if (::stat(database_.path.c_str(), &file) != 0)
    return "the database file was moved or deleted";
  if (!database_.is_same(file))
    return "the database file was replaced";
  if (wal_.there) {
    if (::stat(wal_.path.c_str(), &wal) != 0)
      return "the write-ahead log was deleted";
    if (!wal_.is_same(wal))
      return "the write-ahead log was replaced";
  }
  database_.seen = file;
  if (wal_.there)
    wal_.seen = wal;
  return {};
}

std::string file_identity::changed(const wal_index& index, file_length& length, sqlite3* db) {
  const auto now = clock::now();
  struct stat file {};
  struct stat wal {};
  if (now - looked_ >= trusted_for || !glance(file, wal)) {
    if (auto why = look(file, wal); !why.empty())
      return why;
    looked_ = now;
  }
  glanced_ = now;
  if (!length.seen(file.st_size, db))
    return file_cut;
  // After the look at the files: what another process's checkpoint cut off, the index knows of by now.
  const auto l = lengths_of(index);
  if (l.page == 0)
    return {};
  if (wal_.there && l.frames > 0 && wal.st_size < 32 + l.frames * (24 + l.page))
    return "the write-ahead log was cut short";
  return {};
}

std::string file_identity::changed_meanwhile(const wal_index& index, file_length& length,
                                             sqlite3* db) {
  return clock::now() - glanced_ < trusted_for ? std::string() : changed(index, length, db);
}

} // namespace dbengine::detail
