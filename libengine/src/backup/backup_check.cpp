// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/backup_check.hpp"

#include "backup/backup_stream.hpp"
#include "os/pinned_file.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <limits>
#include <unistd.h>

namespace dbengine::backup {

namespace {

// Progress is reported in pages; without a manifest this page size is assumed.
constexpr std::uint64_t assumed_page_size = 4096;
// SQLite's limit on the pages of a database.
constexpr std::uint64_t max_database_pages = 0xFFFFFFFE;
constexpr std::uint64_t max_page_size = 65536;

bool is_zstd(int fd) {
  constexpr std::string_view magic = "\x28\xb5\x2f\xfd";
  char head[4] = {};
  return pread(fd, head, sizeof head, 0) == 4 && std::string_view(head, 4) == magic;
}

void compare(const manifest& m, const std::string& name, const stream_result& s,
             const database_check& found, verify_report& report) {
  if (m.file != name)
    report.problems.push_back("its manifest is that of another file, " + m.file);
  const auto differ = [&](const char* what, std::uint64_t is, std::uint64_t expected) {
    if (is != expected)
      report.problems.push_back(std::string("the file has ") + std::to_string(is) + " " + what +
                                ", its manifest says " + std::to_string(expected));
  };
  differ("bytes", s.bytes_in, m.size);
  if (s.sha256_in != m.sha256)
    report.problems.push_back("the file has SHA-256 " + s.sha256_in + ", its manifest says " +
                              m.sha256);
  if (found.unchecked.empty())
    differ("pages", found.pages, m.pages);
  if (!m.verified)
    report.problems.push_back("its manifest says that it was not verified when it was made");
}

// Hashes, decompresses and copies the file, then checks the database in it.
void inspect(int fd, const std::string& name, int copy_to, const std::optional<manifest>& about,
             const prepare_connection& prepare, const progress_callback& progress,
             std::exception_ptr& thrown, verify_report& report) {
  const auto page_size = about ? std::max<std::uint64_t>(about->page_size, 512) : assumed_page_size;
  backup_progress seen{.pages_done = 0, .pages_total = os::file_size(fd) / page_size};
  // An exception of the callback is stored, because SQLite may be between the callback and the
  // caller.
  const continue_check check = [&] {
    try {
      return !thrown && (!progress || progress(seen));
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
  };
  const stream_progress report_bytes = [&](std::uint64_t bytes) {
    seen.pages_done = bytes / page_size;
    return check();
  };
  os::unique_fd unpacked;
  int database = copy_to >= 0 ? copy_to : fd;
  const bool packed = is_zstd(fd);
  if (packed && copy_to < 0) {
    unpacked = open_temporary_file();
    database = unpacked.get();
  }
  stream_result bytes;
  try {
    const int out = database == fd ? -1 : database;
    // The manifest has the number of pages; its text is not trusted beyond SQLite's limits.
    const auto most = packed && about && about->pages <= max_database_pages
                          ? about->pages * std::min(about->page_size, max_page_size)
                          : std::numeric_limits<std::uint64_t>::max();
    bytes = stream(packed ? stream_kind::unpack : stream_kind::plain, fd, out, report_bytes, most);
  } catch (const error& e) {
    if (e.code() != errc::corrupt)
      throw;
    report.problems.push_back(e.message());
    return;
  }
  report.sha256 = bytes.sha256_in;
  const auto found = check_database(database, prepare, check);
  report.pages = found.pages;
  if (about)
    compare(*about, name, bytes, found, report);
  const bool as_made = about && !about->altered && report.problems.empty();
  if (!found.unchecked.empty() && !as_made)
    report.problems.push_back(found.unchecked);
  report.problems.insert(report.problems.end(), found.problems.begin(), found.problems.end());
  // A database that had violations when it was copied is a good copy nevertheless.
  if (found.foreign_key_violations > (about ? about->foreign_key_violations : 0))
    report.problems.push_back(std::to_string(found.foreign_key_violations) +
                              " rows violate a foreign key");
}

// True for a rollback journal of a finished transaction: `journal_mode=PERSIST` keeps the file and
// overwrites its beginning with zeros, and SQLite reads the first byte.
bool is_ended_journal(const os::directory& folder, const std::string& name) {
  const auto file = os::pinned_file::open(folder, name);
  char first = 0;
  return file && name.ends_with("-journal") && ::pread(file.get(), &first, 1, 0) == 1 && first == 0;
}

} // namespace

verify_report inspect_backup(const std::filesystem::path& path, int copy_to,
                             const prepare_connection& prepare, const progress_callback& progress,
                             bool* altered) {
  os::refuse_nul(path);
  verify_report report;
  std::error_code failed;
  const auto full = std::filesystem::canonical(path, failed);
  if (failed) {
    report.problems.push_back("cannot open " + path.string() + ": " + failed.message());
    return report;
  }
  const auto folder = os::directory::open(full.parent_path(), false);
  const auto name = full.filename().string();
  const auto fd = os::pinned_file::open(folder, name);
  if (!fd) {
    report.problems.push_back("cannot open " + full.string() + ": it is not a readable file");
    return report;
  }
  if (!os::try_lock(fd.get(), false)) {
    report.problems.push_back(full.string() + " is being written or removed");
    return report;
  }
  for (const auto* suffix : {"-wal", "-journal"})
    if (folder.size_of(name + suffix).value_or(0) > 0 && !is_ended_journal(folder, name + suffix))
      report.problems.push_back("it has a " + name + suffix +
                                " beside it: it is in use, or it is not a backup");
  std::string broken;
  const auto about = read_manifest(folder, name, broken);
  report.has_manifest = about.has_value();
  if (altered != nullptr)
    *altered = about && about->altered;
  if (!broken.empty())
    report.problems.push_back(broken);
  std::exception_ptr thrown;
  try {
    inspect(fd.get(), name, copy_to, about, prepare, progress, thrown, report);
  } catch (const error&) {
    if (thrown)
      std::rethrow_exception(thrown);
    throw;
  }
  report.ok = report.problems.empty();
  return report;
}

} // namespace dbengine::backup

namespace dbengine {

verify_report verify_backup(const std::filesystem::path& path, const progress_callback& progress) {
  bool altered = false;
  auto report = backup::inspect_backup(path, -1, {}, progress, &altered);
  if (altered) {
    report.problems.emplace_back("its manifest was changed after it was written");
    report.ok = false;
  }
  return report;
}

} // namespace dbengine
