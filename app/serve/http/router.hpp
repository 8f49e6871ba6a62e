// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// From a request to its page.
#pragma once

#include "serve/http/message.hpp"

#include <string>
#include <variant>

namespace dbengine::app::serve::http {

/// GET and HEAD of fixed paths. A request for a host that is neither an address, nor localhost, nor the name it was told to listen at
/// is refused, so that no web page reaches it through a visitor's browser (DNS rebinding).
/// Thread rule: any thread; it does not change.
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
