// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Engine core: how a file is opened, and what an opening that failed leaves (nothing).

#include "engine/engine.hpp"

#include "backup/backup_name.hpp"
#include "backup/backup_restore.hpp"
#include "os/special_files.hpp"

#include <sys/stat.h>

namespace dbengine::engine {

namespace {

// Of each connection: SQLite's of the database and its write-ahead log, ours for looking at them and the log's index.
constexpr std::size_t descriptors_of_connection = 5;
// The lock file, the lock on the database, the watch over its length, the index of the write-ahead log; and for a moment
// a journal and a folder.
constexpr std::size_t descriptors_of_engine = 6;

// The write connection, the readers, and one lease: an engine that is open can be used.
std::size_t descriptors_needed(const options& o) {
  return descriptors_of_engine +
         descriptors_of_connection * (2 + static_cast<std::size_t>(o.num_workers));
}

// Its writer's log lies beside the other name.
bool read_by_another_name(const std::filesystem::path& path, int fd) {
  struct stat s {};
  std::error_code ec;
  return ::fstat(fd, &s) == 0 && s.st_nlink > 1 && os::locked_by_engine(fd) &&
         !std::filesystem::exists(path.string() + ".lock", ec);
}

// Tells restores and retention that a read-only engine has the file: it holds no lock file, and between two statements
// SQLite has no lock on a file in rollback mode.
os::pinned_file lock_for_reading(const std::filesystem::path& path) {
  try {
    for (;;) {
      const auto folder = os::directory::open(path.parent_path(), false);
      const auto name = path.filename().string();
      auto file = os::pinned_file::open(folder, name);
      if (!file) // opening it says more
        return {};
      if (!os::try_lock(file.get(), false))
        throw error(errc::locked, "\"" + path.string() + "\" is being restored or removed");
      if (read_by_another_name(path, file.get()))
        throw error(
            errc::locked,
            "\"" + path.string() +
                "\" is open in an engine by another name of the file (a hard link): what it "
                "writes is not seen by this one");
      if (folder.is_same(name, file.get())) // else it was replaced in between
        return file;
    }
  } catch (const error& e) {
    // A folder that may not be listed, a file system without such locks: a file can be read there all the same.
    if (e.code() == errc::locked)
      throw;
    return {};
  }
}

} // namespace

void engine::open_file() {
  claim_.emplace(descriptors_needed(*options_));
  os::refuse_special_files(where_.path);
  where_.truncation = std::make_shared<sqlite::truncation_check>(where_.path);
  if (read_only_)
    open_to_read();
  else
    open_to_write();
  // The readers take theirs when they have started.
  claim_->give_back(descriptors_of_engine + 2 * descriptors_of_connection);
}

void engine::open_to_read() {
  read_lock_ = lock_for_reading(where_.path);
  try {
    auto first = open_reader();
    if (backup::backup_name::parse(where_.path.filename().string())) {
      // Retention and restoring leave alone what SQLite has locked; between two statements nothing else would lock it.
      first->begin_snapshot();
      keeps_backup_ = std::move(first);
    }
  } catch (...) {
    remove_unused();
    throw;
  }
}

void engine::open_to_write() {
  // The directory must be there before a lock file is put into it.
  std::error_code ec;
  if (!std::filesystem::is_directory(where_.path.parent_path(), ec))
    throw error(errc::cannot_open, "\"" + where_.path.string() + "\": the directory \"" +
                                       where_.path.parent_path().string() + "\" does not exist");
  if (!where_.create && !std::filesystem::exists(where_.path, ec))
    throw error(errc::cannot_open,
                "\"" + where_.path.string() + "\" does not exist (mode=rw creates nothing)");
  where_.waiting_since = sqlite::clock::now();
  lock_ = os::file_lock(where_.path, *where_.waiting_since +
                                         std::min(options_->busy_timeout, sqlite::longest_wait));
  try {
    backup::clean_after_restore(where_.path);
  } catch (const error& e) { // what failed is the opening, not a backup
    auto info = e.info();
    if (info.code == errc::backup_failed)
      info.code = errc::cannot_open;
    throw error(std::move(info));
  }
  made_file_ = lock_.take_file(where_.create);
  try {
    open_first_writer();
  } catch (...) {
    writer_.reset();
    undo_opening();
    remove_unused();
    throw;
  }
  where_.waiting_since.reset();
}

void engine::open_first_writer() {
  writer_ =
      std::make_unique<sqlite::connection>(where_, sqlite::connection::role::writer, options_);
  try {
    writer_->own_sql().run("PRAGMA optimize");
  } catch (const error& e) {
    if (e.code() != errc::busy)
      throw;
  }
}

void engine::reader_open(std::size_t reader) noexcept {
  if (claim_ && reader_active(reader))
    claim_->give_back(descriptors_of_connection);
}

void engine::remove_unused() noexcept {
  // Only where SQLite's locks are the ones that are looked at.
  if (where_.memory || !where_.vfs.empty())
    return;
  if (read_only_)
    os::remove_empty_wal(where_.path);
  else if (undone_)
    lock_.remove_empty(made_file_);
}

} // namespace dbengine::engine
