// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "system/actor_response.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/mailbox_element.hpp>
#include <caf/make_message.hpp>
#include <caf/unit.hpp>

namespace dbengine::actors::system {

actor_response::~actor_response() {
  if (now() == state::waiting || now() == state::running)
    refuse({.code = errc::internal,
            .outcome = outcome::unknown,
            .message = "the request was dropped"});
}

void actor_response::respond(const caf::message& m) {
  if (sender_ && mid_.is_request())
    base::retry_on_bad_alloc(
        [&] { sender_->enqueue(nullptr, mid_.response_id(), caf::message(m), nullptr); });
}

void actor_response::refuse(const error_info& info) noexcept {
  try {
    respond(base::retry_on_bad_alloc([&] { return caf::make_message(from_info(info)); }));
  } catch (...) {
    base::log_limited(base::log_level::error, "no answer", "no memory to answer a request");
  }
}

void actor_response::answered() noexcept {
  if (failure)
    return refuse(*failure);
  try {
    answer();
  } catch (...) { // no memory for the result's message: what was done is done
    auto info = base::current_exception_info();
    info.outcome = outcome::unknown;
    refuse(info);
  }
}

void actor_response::answer() {
  if (what == kind::maintenance)
    return respond(reply);
  std::visit(
      [this](auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, std::monostate>)
          refuse({.code = errc::internal,
                  .outcome = outcome::unknown,
                  .message = "the request has no result"});
        else if constexpr (std::is_same_v<T, std::vector<operation_result>>)
          respond(caf::make_message(transaction_result{std::move(x)}));
        else
          respond(caf::make_message(std::move(x)));
      },
      result);
}

} // namespace dbengine::actors::system
