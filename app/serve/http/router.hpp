// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Finds the page for a request.
#pragma once

#include "serve/http/message.hpp"

#include <string>
#include <variant>

namespace dbengine::app::serve::http {

/// A table of fixed paths for GET and HEAD.
/// A request is refused unless its host is an address, localhost or the name that the server
/// listens on. Therefore no web page reaches the server through a visitor's browser (DNS
/// rebinding).
/// Thread safety: any thread; it is immutable.
class router {
public:
  router(std::string name, pages all);

  /// A page, which lives as long as the router, or a refusal.
  std::variant<const page*, answer> route(const request& r) const;

private:
  bool known(const std::string& name) const;

  const std::string name_;
  const pages pages_;
};

} // namespace dbengine::app::serve::http
