// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What may be done with a call that gets no answer: whether it is sent again, and if not, what its
// outcome is. `apply_rules` takes `repeatable` and `writes` from the request's row in the table;
// these functions alone read them for a decision.
// Thread safety: plain functions; the lock of the call's link is held.

#pragma once

#include "remote/client/remote_call.hpp"

#include <dbengine/defaults.hpp>

namespace dbengine::actors::remote {

/// Whether it may be sent again after the server had it, or may have had it.
inline bool can_resend(const remote_call& c) noexcept {
  return c.repeatable && !c.cancelled_until;
}

/// As `can_resend`, for a call whose connection was lost, and at most `remote_resends` times. If
/// true, it is counted, and the call may wait for the next connection.
inline bool count_resend(remote_call& c, remote_call::clock::time_point now) noexcept {
  if (!can_resend(c) || c.resent >= defaults::remote_resends)
    return false;
  ++c.resent;
  c.patience = now + defaults::reconnect_patience;
  return true;
}

/// Whether its body is needed after it was sent. A fetch is sent twice if it turns out to write.
inline bool must_keep_body(const remote_call& c) noexcept {
  return c.repeatable || c.kind == wire_kind::fetch;
}

/// What is known of a call without the server's word.
inline outcome outcome_without_answer(const remote_call& c) noexcept {
  return c.writes && c.sent ? outcome::unknown : outcome::not_run;
}

} // namespace dbengine::actors::remote
