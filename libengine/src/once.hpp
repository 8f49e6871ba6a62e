// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Exactly-once writes: a client's id, recorded with the result in the transaction that did the work.

#pragma once

#include "connection.hpp"
#include "request.hpp"

namespace dbengine::detail::once {

/// The engine's own time in seconds, by which records age: it goes on from the newest record while the engine is open, so that no jump
/// of the system's clock makes a record old. Shared by the write connections of an engine, one after the other.
class id_clock {
public:
  /// `newest` record in the file; asked for once.
  template <class F>
  std::int64_t now(F&& newest) {
    if (!start_)
      start_ = newest() +
               1; // every opening counts: programs that run for a moment make records old, too
    return *start_ +
           std::chrono::duration_cast<std::chrono::seconds>(clock::now() - opened_).count();
  }

private:
  clock::time_point opened_ = clock::now();
  std::optional<std::int64_t> start_;
};

/// Gives the recorded result where this id was committed before; false where it was not. Throws `errc::invalid_state` where it
/// was for another kind of request, another statement or other parameters.
bool recall(connection& c, request& r);
/// Records the result beside the request's changes, in their transaction.
void record(connection& c, const request& r);
/// For what is asked with an id and cannot be recorded: to do it and forget the id would do it twice.
error_info refused(const char* what);

} // namespace dbengine::detail::once
