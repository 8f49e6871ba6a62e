// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "system/actor_request.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"

#include <dbengine/actors/messages.hpp>

#include <caf/make_message.hpp>

namespace dbengine::actors::system {

actor_request::~actor_request() {
  if (now() != state::waiting && now() != state::running)
    return;
  if (!submitted_)
    refuse({.code = errc::too_big, .message = "out of memory"});
  else
    refuse({.code = errc::internal,
            .outcome = outcome::unknown,
            .message = "the request was dropped"});
}

void actor_request::refuse(const error_info& info) noexcept {
  try {
    to_.fail(info);
  } catch (...) {
    base::log_limited(base::log_level::error, "no answer", "no memory to answer a request");
  }
}

void actor_request::answered() noexcept {
  if (failure)
    return refuse(*failure);
  try {
    deliver_result();
  } catch (...) { // no memory for the result's message: what was done is done
    auto info = base::current_exception_info();
    info.outcome = outcome::unknown;
    refuse(info);
  }
}

void actor_request::deliver_result() {
  if (what == kind::maintenance)
    return to_.deliver(reply);
  std::visit(
      [this](auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, std::monostate>)
          refuse({.code = errc::internal,
                  .outcome = outcome::unknown,
                  .message = "the request has no result"});
        else if constexpr (std::is_same_v<T, std::vector<operation_result>>)
          to_.deliver(caf::make_message(transaction_result{std::move(x)}));
        else
          to_.deliver(caf::make_message(std::move(x)));
      },
      result);
}

} // namespace dbengine::actors::system
