// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What a worker answers while it handles an exception. One that leaves a handler would end the actor without an answer.
// Thread rule: the actor's own.

#pragma once

#include "error_map.hpp"

#include <dbengine/actors/messages.hpp>

#include <caf/error.hpp>

namespace dbengine::actors {

/// The exception under way as the answer of the request. One that is none of the engine's own errors is the worker's failure:
/// it ends, and its supervisor starts the next one.
template <class Self>
caf::error answer_failure(Self* self) {
  auto info = detail::current_exception_info();
  if (info.code == errc::internal) {
    info.code = errc::unavailable;
    self->quit(from_info(info));
  }
  return from_info(info);
}

} // namespace dbengine::actors
