// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// The message types of the guard's tests, in the form that the guard expects.
#pragma once

#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>

namespace dbengine::test {

/// Requests to the victim's gateway.
enum class ask : std::uint8_t {
  echo,    ///< answer the body
  hold,    ///< answer later
  release, ///< answer all held requests, then this one
  blow_up, ///< answer `id` bytes
  quit     ///< answer and end
};

struct wire_request {
  std::uint8_t kind = 0;
  std::uint64_t id = 0;
  std::string body;
};

struct wire_answer {
  std::uint8_t kind = 0;
  std::uint64_t id = 0;
  std::string body;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, wire_request& x) {
  return f(x.kind, x.id, x.body);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, wire_answer& x) {
  return f(x.kind, x.id, x.body);
}

using wire_actor = caf::typed_actor<caf::replies_to<wire_request>::with<wire_answer>>;

inline constexpr const char* wire_request_name = "dbengine::test::wire_request";

} // namespace dbengine::test

CAF_BEGIN_TYPE_ID_BLOCK(guard_test, caf::first_custom_type_id + 900)
CAF_ADD_TYPE_ID(guard_test, (dbengine::test::wire_request))
CAF_ADD_TYPE_ID(guard_test, (dbengine::test::wire_answer))
CAF_END_TYPE_ID_BLOCK(guard_test)
