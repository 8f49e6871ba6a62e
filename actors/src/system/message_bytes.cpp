// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Messages as bytes, and errors as `caf::error`.

#include "system/message_codec.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/deep_to_string.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

namespace dbengine::actors {

namespace {

// The category of the engine's errors in CAF.
constexpr auto category = caf::atom("dbengine");

template <class T>
caf::error load_any(std::string_view bytes, T& x) {
  try {
    base::decode(bytes, x);
    return caf::none;
  } catch (const error& e) {
    return from_info(e.info());
  }
}

} // namespace

namespace wire {

#define DBENGINE_WIRE(type, ...)                                                                   \
  std::string save(const type& x) {                                                                \
    return base::encode(x);                                                                        \
  }                                                                                                \
  caf::error load(std::string_view bytes, type& x) {                                               \
    return load_any(bytes, x);                                                                     \
  }
DBENGINE_MESSAGES(DBENGINE_WIRE)
DBENGINE_WIRE(std::vector<operation_result>)
#undef DBENGINE_WIRE

} // namespace wire

caf::error from_info(const error_info& e) {
  return caf::error{static_cast<std::uint8_t>(e.code), category,
                    caf::make_message(base::encode(const_cast<error_info&>(e)))};
}

error_info to_info(const caf::error& e) {
  if (e.category() == category && e.context().match_elements<std::string>()) {
    error_info info;
    if (!load_any(e.context().get_as<std::string>(0), info))
      return info;
  }
  if (e.category() == caf::atom("system")) {
    switch (static_cast<caf::sec>(e.code())) {
    case caf::sec::request_timeout:
      return {.code = errc::timeout, .outcome = outcome::unknown, .message = "no answer in time"};
    case caf::sec::request_receiver_down:
      return {.code = errc::unavailable, .message = "the engine's actor has ended"};
    case caf::sec::unexpected_message:
      return {.code = errc::protocol, .message = "the engine does not know this message"};
    default: break;
    }
  }
  if (e.category() == caf::atom("exit"))
    return {.code = errc::shut_down, .message = "the engine has ended"};
  return {.code = errc::internal, .message = "a CAF error: " + caf::to_string(e)};
}

error to_error(const caf::error& e) {
  return error(to_info(e));
}

} // namespace dbengine::actors
