// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "actor_request.hpp"

#include "error_map.hpp"
#include "log.hpp"
#include "patience.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/mailbox_element.hpp>
#include <caf/make_message.hpp>
#include <caf/unit.hpp>

namespace dbengine::actors {

actor_request::~actor_request() {
  if (now() == state::waiting || now() == state::running)
    refuse(
        {.code = errc::internal, .outcome = fate::unknown, .message = "the request was dropped"});
}

void actor_request::respond(const caf::message& m) {
  if (sender_ && mid_.is_request())
    detail::patiently(
        [&] { sender_->enqueue(nullptr, mid_.response_id(), caf::message(m), nullptr); });
}

void actor_request::refuse(const error_info& info) noexcept {
  try {
    respond(detail::patiently([&] { return caf::make_message(from_info(info)); }));
  } catch (...) {
    detail::log_limited(detail::log_level::error, "no answer", "no memory to answer a request");
  }
}

void actor_request::answered() noexcept {
  if (failure)
    return refuse(*failure);
  try {
    answer();
  } catch (...) { // no memory for the result's message: what was done is done
    auto info = detail::current_exception_info();
    info.outcome = fate::unknown;
    refuse(info);
  }
}

void actor_request::answer() {
  if (what == kind::task)
    return respond(reply);
  std::visit(
      [this](auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, std::monostate>)
          refuse({.code = errc::internal,
                  .outcome = fate::unknown,
                  .message = "the request has no result"});
        else if constexpr (std::is_same_v<T, std::vector<operation_result>>)
          respond(caf::make_message(transaction_result{std::move(x)}));
        else
          respond(caf::make_message(std::move(x)));
      },
      result);
}

} // namespace dbengine::actors
