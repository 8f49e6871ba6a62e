// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Writes the files that commands create, and protects the files of databases.
#pragma once

#include "output/output_stream.hpp"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <sys/stat.h>

namespace dbengine::app {

/// The files of a database: the file itself and those beside it (`-wal`, `-shm`, `-journal`,
/// `.lock`). They are identified by device and inode, whatever names and links lead to them.
class database_files {
public:
  /// Those of the database at this path; none for an empty path.
  explicit database_files(const std::filesystem::path& database = {});

  /// The name of the file, of this or of any other database, that `file` leads to; empty if there
  /// is none. The file need not exist: the names of this database's files are reserved. Files of
  /// other databases are identified by their content.
  std::string belongs(const std::filesystem::path& file) const;
  /// The name of this database's file that the open file is.
  std::string belongs(const struct stat& file) const;

private:
  std::filesystem::path database_; // with links followed: its files are beside the target
};

/// A file that appears under its name only when it is complete. It is written beside its target
/// under a random name. `commit` renames it; otherwise the destructor removes it.
/// A link is followed: its target is replaced, and the link stays. A replaced file passes on its
/// mode and its owner; its other hard links keep the old content. "-" is standard output. A pipe, a
/// device and an open descriptor (/dev/stdout, /dev/fd/3) are written directly.
/// Thread safety: one thread.
/// Errors: `write_failure`, and `data_error` if the file belongs to a database.
class output_file {
public:
  explicit output_file(const std::filesystem::path& path,
                       const database_files& of = database_files());
  ~output_file();
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;

  output_stream& stream() noexcept { return *stream_; }
  /// Writes and syncs the remaining data, then renames the file and syncs the folder.
  void commit();

private:
  struct unopened {};
  output_file(unopened, std::filesystem::path path) noexcept : path_(std::move(path)) {}
  void open(const database_files& of);
  void open_beside(const struct stat* old);
  void adopt(int descriptor);
  void keep_owner_and_mode(const struct stat& old) const;
  [[noreturn]] void fail(int code) const;

  std::filesystem::path path_; // as the user wrote it
  int folder_ = -1;            // the folder in which it is renamed; -1 if it is not renamed
  std::string temporary_;      // its name in that folder until `commit`
  std::string final_;
  std::FILE* file_ = nullptr;
  std::optional<output_stream> stream_;
};

/// Refuses standard streams that are open on a file of the database: writing to them would destroy
/// it.
/// Errors: `data_error`; before it is thrown, the stream is redirected to nowhere.
void refuse_standard_streams_of(const database_files& files);

} // namespace dbengine::app
