// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/input/text_file.hpp"

#include "data/input/chunks.hpp"

#include <string_view>
#include <utility>

namespace dbengine::app {

bool read_text(chunks& from, std::string& text, std::size_t most) {
  static constexpr std::string_view mark = "\xef\xbb\xbf";
  while (text.size() <= most) {
    const bool first = text.size() < mark.size();
    const auto piece = from.next();
    if (piece.empty())
      return true;
    text += piece;
    if (first && text.starts_with(mark))
      text.erase(0, mark.size());
  }
  return false;
}

std::string read_text(const std::string& path, std::stop_token cancel) {
  file_chunks from(path, std::move(cancel));
  std::string text;
  read_text(from, text, text.max_size() - 1);
  return text;
}

} // namespace dbengine::app
