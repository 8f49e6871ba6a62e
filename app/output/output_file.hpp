// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The one writer of files that commands make, and what it never writes over.
#pragma once

#include "output/stream.hpp"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <sys/stat.h>

namespace dbengine::app {

/// Files that belong to a database: its own and those beside it (`-wal`, `-shm`, `-journal`, `.lock`). They are known by device and inode,
/// whatever names and links lead to them.
class database_files {
public:
  /// Of the database at this path; empty for none.
  explicit database_files(const std::filesystem::path& database = {});

  /// Which file of this or of any other database `file` leads to; empty where it is none. It need not exist: names of a database's
  /// files are reserved. Others are known by what is in them.
  std::string belongs(const std::filesystem::path& file) const;
  /// Which file of this database a file is that is open.
  std::string belongs(const struct stat& file) const;

private:
  std::filesystem::path database_; // links followed: its files lie beside the one they lead to
};

/// A file that takes its name only when it is complete: written beside it under a random name, renamed by `commit`, removed by the
/// destructor otherwise. A link is followed: its target is replaced, and the link stays. A file that is replaced hands down its mode and
/// its owner; its other hard links keep the old content. "-" is standard output; a pipe, a device and an open descriptor (/dev/stdout,
/// /dev/fd/3) are written directly. Throws `write_failure`, and `data_error` where the file belongs to a database. One thread.
class output_file {
public:
  explicit output_file(const std::filesystem::path& path,
                       const database_files& of = database_files());
  ~output_file();
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;

  output_stream& stream() noexcept { return *stream_; }
  /// Writes and syncs the rest, then gives the file its name and syncs the folder.
  void commit();

private:
  struct unopened {};
  output_file(unopened, std::filesystem::path path) noexcept : path_(std::move(path)) {}
  void open(const database_files& of);
  void open_beside(const struct stat* old);
  void take(int descriptor);
  void keep_owner_and_mode(const struct stat& old) const;
  [[noreturn]] void fail(int code) const;

  std::filesystem::path path_; // as the user wrote it
  int folder_ = -1;            // where it is renamed; -1 where nothing is
  std::string temporary_;      // its name in there until then
  std::string final_;
  std::FILE* file_ = nullptr;
  std::optional<output_stream> stream_;
};

/// Throws `data_error` where standard output or standard error is open on a file of the database: what is written there would destroy
/// it. That stream leads nowhere then.
void refuse_standard_streams_of(const database_files& files);

} // namespace dbengine::app
