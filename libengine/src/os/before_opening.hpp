// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What is asked before a database is opened, so that an opening fails early and touches nothing, or goes through.
// Thread rule: any thread.

#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>

namespace dbengine::os {

/// Throws `errc::cannot_open` where the database, or what SQLite opens beside it, is there and no regular file. It opens none
/// of them: a pipe would wait for its writer, a device may do anything.
void refuse_special_files(const std::filesystem::path& database);

/// Descriptors that an opening will need, asked for at once: those that are free now must be enough for this one and for what
/// others of the process that are being opened have asked for and not opened yet. Nobody can keep them free, though: what else
/// the process opens meanwhile may take them.
class descriptor_claim {
public:
  descriptor_claim() = default;
  /// Throws `errc::cannot_open` where there are fewer.
  explicit descriptor_claim(std::size_t wanted);
  ~descriptor_claim();
  descriptor_claim(const descriptor_claim&) = delete;
  descriptor_claim& operator=(const descriptor_claim&) = delete;

  /// So many of them are open by now, or not needed any more. Any thread.
  void give_back(std::size_t n) noexcept;

private:
  std::atomic<std::size_t> left_{0};
};

} // namespace dbengine::os
