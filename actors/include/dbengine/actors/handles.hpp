// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The typed interface of an engine.
// Thread safety: handles may be copied to and used from any thread or actor.

#pragma once

#include <dbengine/actors/type_ids.hpp>

namespace dbengine {

namespace detail {

#define DBENGINE_CLAUSE(request, answer, ...) , caf::replies_to<request>::with<answer>
template <class, class... Clauses>
struct interface_of {
  using type = caf::typed_actor<Clauses...>;
};
using engine_interface = interface_of<void DBENGINE_REQUESTS(DBENGINE_CLAUSE)>::type;
#undef DBENGINE_CLAUSE

} // namespace detail

/// An engine in this or another process: one clause for each row of `DBENGINE_REQUESTS`. The handle
/// remains valid when a worker behind it restarts.
/// Errors: a `caf::error` that `actors::to_error` converts to the facade's `error`.
using engine_actor = detail::engine_interface;

} // namespace dbengine
