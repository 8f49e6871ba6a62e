// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/input/chunks.hpp"

#include "cli/exit_code.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dbengine::app {

namespace {

constexpr std::size_t head_size = std::size_t{1} << 20;
constexpr std::size_t piece_size = std::size_t{256} << 10;

} // namespace

file_chunks::file_chunks(const std::filesystem::path& path, std::stop_token cancel)
    : name_(path.string()), cancel_(std::move(cancel)), descriptor_(0) {
  if (name_ == "-") {
    name_ = "standard input";
  } else {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0)
      throw data_error("cannot open " + name_ + ": " + std::generic_category().message(errno));
    owned_ = true;
  }
  struct stat info {};
  if (::fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode))
    size_ = static_cast<std::uint64_t>(info.st_size);
  else
    stopped_ = ::eventfd(0, EFD_CLOEXEC); // without it, reading cannot be interrupted
}

file_chunks::~file_chunks() {
  if (stopped_ >= 0)
    ::close(stopped_);
  if (owned_)
    ::close(descriptor_);
}

void file_chunks::wake() const {
  const std::uint64_t one = 1;
  if (stopped_ >= 0 && ::write(stopped_, &one, sizeof one) < 0)
    return; // it is readable already
}

void file_chunks::abandon() {
  abandoned_ = true;
  wake();
}

// Blocks until input or its end is available, or `abandon` was called.
void file_chunks::wait() {
  const std::stop_callback stopped(cancel_, [this] { wake(); });
  pollfd polled[2] = {{descriptor_, POLLIN, 0}, {stopped_, POLLIN, 0}};
  while (::poll(polled, 2, -1) < 0 && errno == EINTR)
    ;
  if (cancel_.stop_requested())
    throw dbengine::error(errc::cancelled, "interrupted while reading " + name_);
}

void file_chunks::read_more(std::size_t most) {
  if (stopped_ >= 0)
    wait();
  if (abandoned_) {
    at_end_ = true;
    return;
  }
  const std::size_t old = buffer_.size();
  buffer_.resize(old + most);
  ssize_t got = -1;
  do
    got = ::read(descriptor_, buffer_.data() + old, most);
  while (got < 0 && errno == EINTR);
  const int code = errno;
  buffer_.resize(old + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (got < 0)
    throw data_error("cannot read " + name_ + ": " + std::generic_category().message(code));
  at_end_ = got == 0;
}

std::string_view file_chunks::head() {
  while (!at_end_ && buffer_.size() < head_size)
    read_more(head_size - buffer_.size());
  head_pending_ = true;
  return buffer_;
}

std::string_view file_chunks::next() {
  if (!head_pending_) {
    buffer_.clear();
    if (!at_end_)
      read_more(piece_size);
  }
  head_pending_ = false;
  given_ += buffer_.size();
  return buffer_;
}

} // namespace dbengine::app
