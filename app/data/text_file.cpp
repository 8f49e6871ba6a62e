// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/text_file.hpp"

#include "data/chunks.hpp"

#include <utility>

namespace dbengine::app {

std::string read_text(const std::string& path, std::stop_token cancel) {
  file_chunks from(path, std::move(cancel));
  std::string text;
  for (auto piece = from.next(); !piece.empty(); piece = from.next())
    text += piece;
  if (text.starts_with("\xef\xbb\xbf"))
    text.erase(0, 3);
  return text;
}

} // namespace dbengine::app
