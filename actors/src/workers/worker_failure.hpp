// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Exceptions in actors: the answer to a request whose handler caught one, and the end of an actor
// whose handler did not.
// Thread safety: the actor's own thread.

#pragma once

#include "base/error_map.hpp"
#include "base/retry_on_bad_alloc.hpp"

#include <dbengine/actors/messages.hpp>

#include <caf/error.hpp>
#include <caf/fwd.hpp>

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

/// Passes the request on to the actor that `start` creates, which answers it. If `start` throws,
/// the exception is the answer.
///
/// Why not `self->delegate` alone? It takes the request from its message before it allocates:
/// without memory the sender would get no answer.
template <class Result, class Self, class Start, class Request>
caf::result<Result> delegate_or_fail(Self* self, const Start& start, Request& r) {
  try {
    const auto to = start();
    auto promise = self->template make_response_promise<Result>();
    try {
      auto attempt = promise; // a failed attempt loses the sender
      attempt.delegate(to, std::move(r));
    } catch (...) {
      const auto why = base::retry_on_bad_alloc([self] { return answer_failure(self); });
      base::retry_on_bad_alloc([&] { promise.deliver(why); });
    }
    return caf::delegated<Result>();
  } catch (...) {
    return base::retry_on_bad_alloc([self] { return answer_failure(self); });
  }
}

} // namespace dbengine::actors::workers
