// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "output/stream.hpp"

#include "ui/text.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace dbengine::app {

namespace {

[[noreturn]] void fail_open(const std::filesystem::path& path) {
  const int code = errno;
  throw write_failure(
      "cannot write " + path.string() + ": " + std::generic_category().message(code), code);
}

bool is_plain(const std::filesystem::path& path) {
  std::error_code ignored; // a path that cannot be looked at fails to open, with its reason
  const auto status = std::filesystem::status(path, ignored);
  return !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
}

} // namespace

bool write_failure::reader_left() const noexcept {
  return code_ == EPIPE;
}

output_stream::output_stream(std::FILE* to, std::string name)
    : file_(to), name_(std::move(name)), terminal_(to != nullptr && ::isatty(::fileno(to)) == 1) {}

void output_stream::write(std::string_view text) {
  if (terminal_)
    write_styled(ui::visible_lines(text));
  else
    write_styled(text);
}

void output_stream::write_styled(std::string_view text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size())
    fail(errno);
}

void output_stream::finish() {
  errno = 0;
  if (std::fflush(file_) != 0 || std::ferror(file_) != 0)
    fail(errno);
}

void output_stream::fail(int code) const {
  throw write_failure("cannot write " + name_ + ": " + std::generic_category().message(code), code);
}

output_file::output_file(const std::filesystem::path& path)
    : path_(path),
      partial_(path == "-" || !is_plain(path) ? std::filesystem::path()
                                              : std::filesystem::path(path.string() + ".partial")),
      file_(path == "-" ? stdout : std::fopen((partial_.empty() ? path_ : partial_).c_str(), "we")),
      stream_(file_, path == "-" ? "standard output" : path.string()) {
  if (file_ == nullptr)
    fail_open(path_);
}

output_file::~output_file() {
  if (file_ != nullptr && file_ != stdout)
    std::fclose(file_);
  if (file_ != nullptr && !partial_.empty()) {
    std::error_code ignored; // a leftover has a telling name
    std::filesystem::remove(partial_, ignored);
  }
}

void output_file::commit() {
  stream_.finish();
  if (file_ == stdout)
    return;
  const bool synced = partial_.empty() || ::fsync(::fileno(file_)) == 0;
  if (!synced || std::fclose(std::exchange(file_, nullptr)) != 0)
    fail_open(path_);
  if (!partial_.empty())
    std::filesystem::rename(partial_, path_);
}

} // namespace dbengine::app
