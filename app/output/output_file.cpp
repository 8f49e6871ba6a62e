// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "output/output_file.hpp"

#include "cli/exit_code.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/random.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace dbengine::app {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> companions{"-wal", "-shm", "-journal", ".lock"};

// The first bytes of SQLite's files: databases, write-ahead logs of either byte order, rollback
// journals.
constexpr std::array<std::string_view, 4> beginnings{std::string_view("SQLite format 3\0", 16),
                                                     "\x37\x7f\x06\x82", "\x37\x7f\x06\x83",
                                                     "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"};

bool same(const struct stat& a, const struct stat& b) noexcept {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

std::optional<struct stat> stat_of(const fs::path& file) {
  struct stat found {};
  return ::stat(file.c_str(), &found) == 0 ? std::optional(found) : std::nullopt;
}

// Do not call it for a file that this process has open as a database: closing another descriptor of
// that file releases its locks.
bool is_of_sqlite(const fs::path& file) {
  const auto found = stat_of(file);
  if (!found || !S_ISREG(found->st_mode))
    return false;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0)
    return false;
  std::array<char, 16> bytes{};
  const ssize_t got = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  ::close(descriptor);
  const std::string_view head(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  for (const auto beginning : beginnings)
    if (head.starts_with(beginning))
      return true;
  return false;
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

// The target of the name, also through links to files that do not exist yet. The kernel followed
// the name before and checked the caller's permissions.
fs::path resolved(fs::path file) {
  constexpr int most_links = 40;
  std::error_code code;
  for (int i = 0; i < most_links && fs::is_symlink(fs::symlink_status(file, code)); ++i) {
    const auto to = fs::read_symlink(file, code);
    if (code)
      break;
    file = file.parent_path() / to;
  }
  const auto real = fs::canonical(folder_of(file), code);
  return (code ? folder_of(file) : real) / file.filename();
}

// Whether the name is one such as /dev/stdout, whose link leads to an open file instead of a name.
bool names_a_descriptor(fs::path file) {
  constexpr int most_links = 40;
  std::error_code code;
  for (int i = 0; i < most_links; ++i) {
    struct statfs system {};
    if (::statfs(folder_of(file).c_str(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC)
      return true;
    if (!fs::is_symlink(fs::symlink_status(file, code)))
      return false;
    const auto to = fs::read_symlink(file, code);
    if (code)
      return false;
    file = file.parent_path() / to;
  }
  return false;
}

std::string random_name(const std::string& beside) {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number))
    throw std::system_error(errno, std::generic_category(), "getrandom");
  // Short enough to be combined with any name of valid length.
  constexpr std::size_t most_of_it = 200;
  return "." + beside.substr(0, most_of_it) + "." + std::to_string(number) + ".partial";
}

} // namespace

database_files::database_files(const fs::path& database)
    : database_(database.empty() ? database : resolved(database)) {}

std::string database_files::belongs(const struct stat& file) const {
  if (database_.empty())
    return {};
  const auto own = [&](const std::string& name) {
    const auto found = stat_of(name);
    return found && same(*found, file);
  };
  const std::string base = database_.string();
  if (own(base))
    return "the database " + base;
  for (const auto suffix : companions)
    if (const auto name = base + std::string(suffix); own(name))
      return "the file " + name + " of the database";
  return {};
}

std::string database_files::belongs(const fs::path& file) const {
  const auto target = resolved(file);
  if (const auto found = stat_of(target)) {
    if (auto what = belongs(*found); !what.empty())
      return what;
    if (is_of_sqlite(target))
      return "an SQLite database or a file of one";
  }
  const std::string name = target.string();
  const auto own = stat_of(database_);
  for (const auto suffix : companions) {
    if (!name.ends_with(suffix))
      continue;
    const auto base = name.substr(0, name.size() - suffix.size());
    const auto found = stat_of(base);
    if (found && ((own && same(*found, *own)) || is_of_sqlite(base)))
      return "a name that is reserved for the " + std::string(suffix) + " of the database " + base;
  }
  return {};
}

output_file::output_file(const fs::path& path, const database_files& of)
    : output_file(unopened(), path) { // the destructor runs from here on if an exception is thrown
  if (path_ == "-")
    file_ = stdout;
  else
    open(of);
  stream_.emplace(file_, path_ == "-" ? "standard output" : path_.string());
}

void output_file::fail(int code) const {
  throw write_failure(
      "cannot write " + path_.string() + ": " + std::generic_category().message(code), code);
}

void output_file::open(const database_files& of) {
  struct stat found {};
  const bool exists = ::stat(path_.c_str(), &found) == 0;
  if (!exists && errno != ENOENT)
    fail(errno);
  if (const auto what = of.belongs(path_); !what.empty())
    throw data_error("cannot write " + path_.string() + ": it is " + what);
  if (!exists)
    open_beside(nullptr);
  else if (S_ISREG(found.st_mode) && !names_a_descriptor(path_))
    open_beside(&found);
  else // the existing content stays: other processes write to the same file
    adopt(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY));
}

void output_file::adopt(int descriptor) {
  if (descriptor < 0)
    fail(errno);
  file_ = ::fdopen(descriptor, "w");
  if (file_ == nullptr) {
    const int code = errno;
    ::close(descriptor);
    fail(code);
  }
}

void output_file::open_beside(const struct stat* old) {
  const auto target = resolved(path_);
  final_ = target.filename().string();
  if (final_.empty())
    fail(EISDIR);
  folder_ = ::open(target.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0)
    fail(errno);
  // A file that will get stricter permissions than a new one must not be readable by others until
  // it has them.
  const mode_t mode = old != nullptr ? 0600 : 0666;
  int descriptor = -1;
  do {
    temporary_ = random_name(final_);
    descriptor = ::openat(folder_, temporary_.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  } while (descriptor < 0 && errno == EEXIST);
  if (descriptor < 0)
    temporary_.clear();
  adopt(descriptor);
  if (old != nullptr)
    keep_owner_and_mode(*old);
}

// If the group cannot be kept, its permissions are removed.
void output_file::keep_owner_and_mode(const struct stat& old) const {
  const int descriptor = ::fileno(file_);
  mode_t mode = old.st_mode & 07777;
  if (::fchown(descriptor, old.st_uid, old.st_gid) != 0 &&
      ::fchown(descriptor, static_cast<uid_t>(-1), old.st_gid) != 0)
    mode &= ~static_cast<mode_t>(S_IRWXG | S_ISUID | S_ISGID);
  if (::fchmod(descriptor, mode) != 0)
    fail(errno);
}

output_file::~output_file() {
  if (file_ != nullptr && file_ != stdout)
    std::fclose(file_);
  if (!temporary_.empty())
    ::unlinkat(folder_, temporary_.c_str(), 0); // if this fails, the name shows what the file is
  if (folder_ >= 0)
    ::close(folder_);
}

void output_file::commit() {
  stream_->finish();
  if (file_ == stdout)
    return;
  const bool synced = folder_ < 0 || ::fsync(::fileno(file_)) == 0;
  if (!synced || std::fclose(std::exchange(file_, nullptr)) != 0)
    fail(errno);
  if (folder_ < 0)
    return;
  if (::renameat(folder_, temporary_.c_str(), folder_, final_.c_str()) != 0)
    fail(errno);
  temporary_.clear();
  // A folder that is writable but not readable cannot be synced; some file systems cannot sync
  // folders either.
  const int readable = ::openat(folder_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (readable < 0 && errno == EACCES)
    return;
  const int code = readable >= 0 && ::fsync(readable) == 0 ? 0 : errno;
  if (readable >= 0)
    ::close(readable);
  if (code != 0 && code != EINVAL)
    fail(code);
}

void refuse_standard_streams_of(const database_files& files) {
  const auto refuse = [&](int descriptor, const char* name) {
    struct stat found {};
    if (::fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode))
      return;
    const auto what = files.belongs(found);
    if (what.empty())
      return;
    const int nothing = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nothing,
           descriptor); // neither the error message nor buffered output must be written there
    ::close(nothing);
    throw data_error(std::string("cannot write ") + name + ": it is " + what);
  };
  refuse(STDERR_FILENO, "standard error");
  refuse(STDOUT_FILENO, "standard output");
}

} // namespace dbengine::app
