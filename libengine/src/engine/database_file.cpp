// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/database_file.hpp"

#include "backup/backup_name.hpp"
#include "backup/backup_restore.hpp"
#include "os/special_files.hpp"
#include "sqlite/id_clock.hpp"
#include "vfs/memory_vfs.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace dbengine::engine {

namespace {

// A connection has SQLite's descriptors of the database and of the write-ahead log. The engine's
// own serve checks of both files and of the log's index.
constexpr std::size_t descriptors_of_connection = 5;
// The lock file, the lock on the database, the check of its length, the index of the write-ahead
// log; temporarily a journal and a folder.
constexpr std::size_t descriptors_of_engine = 6;

// The write connection, the readers, and one lease: with these an open engine is usable.
std::size_t descriptors_needed(const options& o) {
  return descriptors_of_engine +
         descriptors_of_connection * (2 + static_cast<std::size_t>(o.num_workers));
}

// If true, the writer's log is beside the other name.
bool is_read_by_another_name(const std::filesystem::path& path, int fd) {
  struct stat s {};
  std::error_code ec;
  return ::fstat(fd, &s) == 0 && s.st_nlink > 1 && os::locked_by_engine(fd) &&
         !std::filesystem::exists(path.string() + ".lock", ec);
}

// Shows restores and retention that a reading engine has the file open: that engine holds no lock
// file, and between two statements SQLite has no lock on a file in rollback mode.
os::pinned_file lock_for_reading(const std::filesystem::path& path) {
  try {
    for (;;) {
      const auto folder = os::directory::open(path.parent_path(), false);
      const auto name = path.filename().string();
      auto file = os::pinned_file::open(folder, name);
      if (!file) // SQLite's own error is more precise
        return {};
      if (!os::try_lock(file.get(), false))
        throw error(errc::locked, "\"" + path.string() + "\" is being restored or removed");
      if (is_read_by_another_name(path, file.get()))
        throw error(errc::locked,
                    "\"" + path.string() +
                        "\" is open in an engine by another name of the file (a hard link): what "
                        "it writes is not seen by this one");
      if (folder.is_same(name, file.get())) // otherwise it was replaced in between
        return file;
    }
  } catch (const error& e) {
    // The folder may not be listed, or the file system has no such locks: the file can still be
    // read there.
    if (e.code() == errc::locked)
      throw;
    return {};
  }
}

} // namespace

database_file::database_file(std::string_view url, std::shared_ptr<const options> o)
    : options_(std::move(o)), location_(sqlite::locate(url)),
      read_only_(options_->read_only || location_.read_only) {
  location_.ids = std::make_shared<sqlite::id_clock>();
}

std::unique_ptr<sqlite::connection> database_file::open() {
  if (location_.memory) {
    memory_ = vfs::hold_memory_database(location_.filename);
    return read_only_ ? nullptr : open_first_writer();
  }
  claim_.emplace(descriptors_needed(*options_));
  os::refuse_special_files(location_.path);
  location_.truncation = std::make_shared<sqlite::truncation_check>(location_.path);
  std::unique_ptr<sqlite::connection> writer;
  if (read_only_)
    open_to_read();
  else
    writer = open_to_write();
  // Each reader returns its share once it has started.
  claim_->give_back(descriptors_of_engine + 2 * descriptors_of_connection);
  return writer;
}

void database_file::open_to_read() {
  read_lock_ = lock_for_reading(location_.path);
  try {
    auto first = open_reader();
    if (backup::backup_name::parse(location_.path.filename().string())) {
      // Retention and restores skip files that SQLite has locked. Between two statements nothing
      // else would lock this one.
      first->transaction().begin_snapshot();
      backup_pin_ = std::move(first);
    }
  } catch (...) {
    remove_unused();
    throw;
  }
}

std::unique_ptr<sqlite::connection> database_file::open_to_write() {
  const auto& path = location_.path;
  // The lock file is created in the directory, so the directory is checked first.
  std::error_code ec;
  if (!std::filesystem::is_directory(path.parent_path(), ec))
    throw error(errc::cannot_open, "\"" + path.string() + "\": the directory \"" +
                                       path.parent_path().string() + "\" does not exist");
  if (!location_.create && !std::filesystem::exists(path, ec))
    throw error(errc::cannot_open,
                "\"" + path.string() + "\" does not exist (mode=rw creates nothing)");
  location_.waiting_since = sqlite::clock::now();
  lock_ = os::file_lock(path, *location_.waiting_since +
                                  std::min(options_->busy_timeout, sqlite::longest_wait));
  try {
    backup::clean_after_restore(path);
  } catch (const error& e) { // to the caller, the opening failed, not a backup
    auto info = e.info();
    if (info.code == errc::backup_failed)
      info.code = errc::cannot_open;
    throw error(std::move(info));
  }
  created_ = lock_.take_file(location_.create);
  try {
    auto writer = open_first_writer();
    location_.waiting_since.reset();
    return writer;
  } catch (...) {
    undo_opening();
    remove_unused();
    throw;
  }
}

std::unique_ptr<sqlite::connection> database_file::open_first_writer() const {
  auto writer = open_writer();
  try {
    writer->own_sql().run("PRAGMA optimize");
  } catch (const error& e) {
    if (e.code() != errc::busy)
      throw;
  }
  return writer;
}

std::unique_ptr<sqlite::connection> database_file::open_reader() const {
  return std::make_unique<sqlite::connection>(location_, sqlite::connection::role::reader,
                                              options_);
}

std::unique_ptr<sqlite::connection> database_file::open_writer() const {
  return std::make_unique<sqlite::connection>(location_, sqlite::connection::role::writer,
                                              options_);
}

void database_file::reader_opened() noexcept {
  if (claim_)
    claim_->give_back(descriptors_of_connection);
}

void database_file::release() noexcept {
  backup_pin_.reset();
  remove_unused();
  read_lock_.reset();
  lock_.release();
}

void database_file::remove_unused() noexcept {
  // Only if SQLite's locks are those that the removal checks.
  if (location_.memory || !location_.vfs.empty())
    return;
  if (read_only_)
    os::remove_empty_wal(location_.path);
  else if (undone_.load())
    lock_.remove_empty(created_);
}

std::uint64_t database_file::wal_bytes() const {
  if (location_.memory)
    return 0;
  struct stat st {};
  return ::stat((location_.path.string() + "-wal").c_str(), &st) == 0
             ? static_cast<std::uint64_t>(st.st_size)
             : 0;
}

} // namespace dbengine::engine
