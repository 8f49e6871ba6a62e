// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The records of preload/power_cut_recorder: a header, then two texts.

#pragma once

#include <cstdint>

namespace dbengine::test {

enum class record_kind : std::uint32_t {
  create,      ///< first: the path
  write,       ///< at `offset`, first: the path, second: the bytes
  truncate,    ///< to `offset` bytes, first: the path
  rename,      ///< first: the old path, second: the new path
  link,        ///< first: the existing path, second: the new name
  remove,      ///< first: the path
  sync,        ///< of a file
  failed_sync, ///< the same, failed with an I/O error
  sync_folder, ///< first: the path of the folder
  mark         ///< first: the text of the program
};

struct record_head {
  record_kind kind;
  std::uint32_t first;  ///< length in bytes
  std::uint32_t second; ///< length in bytes
  std::uint32_t unused = 0;
  std::uint64_t file; ///< inode
  std::uint64_t offset;
};

} // namespace dbengine::test
