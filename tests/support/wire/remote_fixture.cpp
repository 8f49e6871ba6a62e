// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/wire/remote_fixture.hpp"

namespace dbengine::test {

namespace {

std::vector<std::string> words_of(const std::string& url, const std::vector<std::string>& arguments,
                                  std::vector<std::string> in) {
  in.emplace_back(DBENGINE_BIN_DIR "/remote_server");
  in.push_back(url);
  in.insert(in.end(), arguments.begin(), arguments.end());
  return in;
}

} // namespace

server::server(const std::string& url, std::vector<std::string> arguments,
               std::vector<std::string> in)
    : process_(words_of(url, arguments, std::move(in))) {
  const auto first = process_.line();
  if (first.starts_with("port "))
    port_ = static_cast<std::uint16_t>(std::stoi(first.substr(5)));
  else
    trouble_ = first.empty() ? "the server said nothing" : first;
}

int server::cursors() {
  if (!process_.say("cursors"))
    return -1;
  const auto said = process_.line();
  return said.empty() ? -1 : std::stoi(said);
}

} // namespace dbengine::test
