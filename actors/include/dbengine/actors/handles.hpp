// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// The typed interface of an engine.
/// Thread safety: handles may be copied to and used from any thread or actor.

#pragma once

#include <dbengine/actors/type_ids.hpp>

namespace dbengine {

namespace detail {

/// `List<Xs...>`. The first argument is ignored: in a list that a macro writes, a comma precedes
/// each element.
template <template <class...> class List, class, class... Xs>
struct list_of {
  using type = List<Xs...>;
};

#define DBENGINE_CLAUSE(request, answer, ...) , caf::replies_to<request>::with<answer>
using engine_interface = list_of<caf::typed_actor, void DBENGINE_REQUESTS(DBENGINE_CLAUSE)>::type;
#undef DBENGINE_CLAUSE

} // namespace detail

/// An engine in this or another process: one clause for each row of `DBENGINE_REQUESTS`. The handle
/// remains valid when a worker behind it restarts.
/// Errors: a `caf::error` that `actors::to_error` converts to the facade's `error`.
using engine_actor = detail::engine_interface;

} // namespace dbengine
