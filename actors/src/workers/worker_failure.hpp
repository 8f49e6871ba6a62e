// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Exceptions in actors: the answer to a request whose handler caught one, and the end of an actor
// whose handler did not.
// Thread safety: the actor's own thread.

#pragma once

#include "base/error_map.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "workers/retrying_context.hpp"

#include <dbengine/actors/messages.hpp>

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>
#include <caf/result.hpp>
#include <caf/typed_response_promise.hpp>

#include <exception>
#include <utility>

namespace dbengine::actors::workers {

/// Makes an exception that leaves a handler the actor's exit reason. Every actor calls it first.
///
/// Why not CAF's own handler? It prints the exception first; without memory for the line, it ends
/// the process. The error for that case is created here, while there is memory.
///
/// Waits for memory, for about a second at most. CAF copies the reason when it ends the actor, and
/// without memory for the copy it ends the process.
template <class Self>
void end_by_exceptions(Self* self) {
  base::retry_on_bad_alloc([&] {
    const error_info spare{.code = errc::unavailable, .message = "out of memory"};
    self->set_exception_handler(
        [reason = from_info(spare)](caf::scheduled_actor*,
                                    std::exception_ptr& x) mutable -> caf::error {
          try {
            return base::retry_on_bad_alloc([&] {
              try {
                std::rethrow_exception(x);
              } catch (...) {
                return from_info(base::current_exception_info());
              }
            });
          } catch (...) {
            return std::move(reason);
          }
        });
  });
}

/// Returns the current exception as the answer to the request. An exception that is not an `error`
/// is the worker's failure: the worker ends, and its supervisor restarts it.
template <class Self>
caf::error answer_failure(Self* self) {
  auto info = base::current_exception_info();
  if (info.code == errc::internal) {
    info.code = errc::unavailable;
    self->quit(from_info(info));
  }
  return from_info(info);
}

/// What `make` returns, or the error of the exception that it throws.
template <class Result, class Make>
caf::expected<Result> result_of(Make&& make) {
  try {
    return std::forward<Make>(make)();
  } catch (...) {
    const auto why = base::current_exception_info();
    return base::retry_on_bad_alloc([&] { return from_info(why); });
  }
}

/// Delivers the answer. Waits for memory for it, for about a second.
///
/// Why does no handler return its result? CAF sends a returned result once: without memory for the
/// message, the sender would get no answer.
template <class Result, class Self>
caf::result<Result> deliver(Self* self, const caf::typed_response_promise<Result>& to,
                            const caf::expected<Result>& x) {
  const retrying_context scheduling(self);
  base::retry_on_bad_alloc([&] {
    auto attempt = to; // a failed attempt loses the sender
    x ? attempt.deliver(*x) : attempt.deliver(x.error());
  });
  return caf::delegated<Result>();
}

/// Answers the request that `self` handles with `result_of(make)`.
template <class Result, class Self, class Make>
caf::result<Result> answer_with(Self* self, Make&& make) {
  const auto x = result_of<Result>(std::forward<Make>(make));
  return deliver<Result>(self, self->template make_response_promise<Result>(), x);
}

/// Passes the request on to the actor that `start` creates, which answers it. If `start` throws,
/// the exception is the answer.
///
/// Why not `self->delegate` alone? It takes the request from its message before it allocates:
/// without memory the sender would get no answer.
template <class Result, class Self, class Start, class Request>
caf::result<Result> delegate_or_fail(Self* self, const Start& start, Request& r) {
  const auto promise = self->template make_response_promise<Result>();
  try {
    const auto to = start();
    const retrying_context scheduling(self);
    auto attempt = promise; // a failed attempt loses the sender
    attempt.delegate(to, std::move(r));
  } catch (...) {
    const auto why = base::retry_on_bad_alloc([self] { return answer_failure(self); });
    return deliver<Result>(self, promise, why);
  }
  return caf::delegated<Result>();
}

} // namespace dbengine::actors::workers
