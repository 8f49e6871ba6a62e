// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "guard/input_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace dbengine::actors::guard {

void input_buffer::move_up(std::size_t size, std::size_t by) {
  std::memmove(bytes_.data() + fed_ + by, bytes_.data() + fed_, size);
  begin_ = fed_ += by;
}

std::size_t input_buffer::take(char* to, std::size_t size) {
  const auto n = std::min(size, judged());
  std::memcpy(to, bytes_.data() + begin_, n);
  begin_ += n;
  return n;
}

bool input_buffer::make_room(std::size_t wanted, std::size_t least) {
  if (begin_ > 0) {
    std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
    fed_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  if (free_size() >= std::min(wanted, least))
    return true;
  const auto more =
      static_cast<std::int64_t>(end_ + wanted) - static_cast<std::int64_t>(capacity());
  if (!state_.hold(more)) {
    state_.hold(-more);
    return false;
  }
  bytes_.resize(end_ + wanted);
  return true;
}

void input_buffer::clear(std::size_t kept) {
  begin_ = fed_ = end_ = 0;
  if (bytes_.size() > kept) {
    state_.hold(-static_cast<std::int64_t>(bytes_.size()));
    bytes_ = std::vector<char>{};
  }
}

} // namespace dbengine::actors::guard
