// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/call_answer.hpp"

#include "system/message_codec.hpp"

#include <cstring>

namespace dbengine::actors::remote {

void throw_unreadable(std::string_view what) {
  throw error(errc::protocol, "the server's answer cannot be read: " + std::string(what));
}

error_info read_failure(const wire_answer& a) {
  error_info why;
  try {
    base::decode(a.body, why);
  } catch (const error& e) {
    throw_unreadable(e.message());
  }
  return why;
}

bool append_part(remote_call& c, const wire_answer& a) {
  std::uint64_t total = 0;
  if (a.body.size() < sizeof total)
    throw_unreadable("a part without a size");
  std::memcpy(&total, a.body.data(), sizeof total);
  if (c.expected != 0 && c.expected != total)
    throw_unreadable("its parts do not belong together");
  c.expected = total;
  c.answer.append(a.body, sizeof total);
  if (c.answer.size() > total || a.body.size() == sizeof total)
    throw_unreadable("its parts do not add up");
  return c.answer.size() == total;
}

std::optional<error_info> allow_writing(remote_call& c) {
  if (c.kind != wire_kind::fetch || c.writes)
    throw_unreadable("the request may write already");
  if (c.read_only)
    return error_info{.code = errc::read_only,
                      .message = "the request writes, and this access is read-only"};
  c.body.back() = 1; // the last byte of a fetch says whether it may write
  // If it is lost from now on, its outcome is unknown.
  c.writes = true;
  c.repeatable = false;
  c.sent = false; // as one that writes
  return std::nullopt;
}

} // namespace dbengine::actors::remote
