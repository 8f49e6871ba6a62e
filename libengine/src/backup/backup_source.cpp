// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/backup_source.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <string_view>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <system_error>

namespace dbengine::backup {

namespace {

// The inode and the time of creation. The number of the device is not used, because it may change
// when the machine restarts. A file system without a time of creation is identified by its own
// number instead.
std::string identity_of_folder(const std::filesystem::path& folder) {
  struct statx s {};
  if (::statx(AT_FDCWD, folder.c_str(), 0, STATX_INO | STATX_BTIME, &s) != 0)
    return {};
  const auto inode = std::to_string(s.stx_ino);
  if ((s.stx_mask & STATX_BTIME) != 0)
    return inode + " born " + std::to_string(s.stx_btime.tv_sec) + "." +
           std::to_string(s.stx_btime.tv_nsec);
  struct statfs file_system {};
  if (::statfs(folder.c_str(), &file_system) != 0)
    return inode;
  return inode + " of " + std::to_string(file_system.f_fsid.__val[0]) + "." +
         std::to_string(file_system.f_fsid.__val[1]);
}

backup_source source_at(std::string identity, const std::filesystem::path& database) {
  backup_source result(std::move(identity));
  std::error_code failed;
  auto real = std::filesystem::absolute(database, failed);
  if (!failed)
    real = std::filesystem::weakly_canonical(real, failed);
  result.folder = failed ? std::string() : identity_of_folder(real.parent_path());
  result.lost = !std::filesystem::exists(database, failed) && !failed;
  return result;
}

} // namespace

std::string source_identity(const std::string& database) {
  std::error_code failed;
  auto path = std::filesystem::canonical(database, failed);
  auto result = failed ? database : path.string();
  try {
    (void)nlohmann::json(result).dump();
    return result;
  } catch (const nlohmann::json::exception&) {
    // JSON contains UTF-8 only; other bytes must remain distinct.
    std::string escaped;
    for (const char c : result) {
      const auto byte = static_cast<unsigned char>(c);
      constexpr std::string_view digits = "0123456789ABCDEF";
      if (byte < 0x80)
        escaped += c;
      else
        (escaped += '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
    return escaped;
  }
}

std::string source_identity(const sqlite::location& where) {
  if (where.memory)
    return "memory";
  // Also for a database that is lost: its backups are needed then.
  std::error_code failed;
  auto path = std::filesystem::absolute(where.path, failed);
  if (!failed)
    path = std::filesystem::weakly_canonical(path, failed);
  return source_identity(failed ? where.path.string() : path.string());
}

backup_source source_of(const std::string& database) {
  // A database in memory has no file.
  return database.empty() ? backup_source(source_identity(database))
                          : source_at(source_identity(database), database);
}

backup_source source_of(const sqlite::location& where) {
  return where.memory ? backup_source(source_identity(where))
                      : source_at(source_identity(where), where.path);
}

} // namespace dbengine::backup
