// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/call_errors.hpp"

#include "remote/client/resend_rules.hpp"
#include "remote/client/wire_window.hpp"

namespace dbengine::actors::remote {

namespace {

template <class Text>
error_info make_info(const remote_call& c, errc code, const Text& text) noexcept {
  error_info why{.code = code, .outcome = outcome_without_answer(c)};
  try {
    why.message = text();
  } catch (...) {
    why.message = "out of memory"; // needs no allocation
  }
  return why;
}

} // namespace

error_info closed_error(const remote_call& c, const endpoint& to) noexcept {
  return make_info(c, errc::shut_down,
                   [&] { return "the connection to " + to_string(to) + " was closed"; });
}

error_info connection_lost_error(const remote_call& c, const endpoint& to,
                                 const std::string& reason) noexcept {
  const bool unknown = outcome_without_answer(c) == outcome::unknown;
  return make_info(c, unknown ? errc::outcome_unknown : errc::unreachable, [&] {
    return unknown ? "the connection to " + to_string(to) +
                         " was lost while the write was in flight: " + reason
                   : "the engine at " + to_string(to) + " cannot be reached: " + reason;
  });
}

error_info deadline_error(const remote_call& c, const endpoint& to, bool connected,
                          const std::string& reason) noexcept {
  return make_info(c, errc::timeout, [&] {
    std::string what = "the deadline passed while it waited";
    if (!connected)
      what += " for the connection to " + to_string(to) + (reason.empty() ? "" : ": " + reason);
    return what;
  });
}

error_info no_answer_error(const remote_call& c, const endpoint& to, bool cancelled) noexcept {
  return make_info(c, cancelled ? errc::cancelled : errc::timeout,
                   [&] { return "the server at " + to_string(to) + " has not answered in time"; });
}

std::optional<error_info> size_error(const remote_call& c, std::uint64_t max_frame_bytes) noexcept {
  if (max_frame_bytes == 0 || c.body.size() + frame_overhead <= max_frame_bytes)
    return std::nullopt;
  return make_info(c, errc::too_big, [&] {
    return "the request has " + std::to_string(c.body.size()) + " bytes, the server takes " +
           std::to_string(max_frame_bytes) + " at once: split it";
  });
}

} // namespace dbengine::actors::remote
