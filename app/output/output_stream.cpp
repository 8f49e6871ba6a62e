// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "output/output_stream.hpp"

#include "ui/text.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace dbengine::app {

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

} // namespace dbengine::app
