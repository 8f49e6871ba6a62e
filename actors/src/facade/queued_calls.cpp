// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/queued_calls.hpp"

#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

namespace dbengine::actors::facade {

using engine::request;
using sqlite::clock;
using sqlite::request_control;

namespace {

// Abandons a request without its answer. Returns if the request has just been answered.
void abandon(blocking_request& r, errc code, const char* text) {
  const auto outcome = r.abandon();
  if (!outcome)
    return;
  r.ctl.deadline.kill(code);
  throw error(error_info{.code = code, .outcome = *outcome, .message = text});
}

} // namespace

request_control queued_calls::control_of(const request_options& o) const {
  const auto t = o.timeout.value_or(core_->opts().request_timeout);
  if (t.count() <= 0)
    throw error(errc::timeout, "the deadline passed before the request started");
  if (o.cancel.stop_requested())
    throw error(errc::cancelled, "cancelled before the request started");
  return {t, o.cancel};
}

std::shared_ptr<blocking_request> queued_calls::make(request::kind k,
                                                     const request_options& o) const {
  static_cast<void>(control_of(o));
  const auto deadline = core_->calls().deadline_of(o);
  auto r = std::make_shared<blocking_request>(k, request_control(deadline, o.cancel));
  r->deadline = deadline;
  r->urgency = o.priority;
  r->id = o.id;
  return r;
}

void queued_calls::run(const std::shared_ptr<blocking_request>& r, bool write,
                       const request_options& o) {
  if (!write)
    core_->reads().submit(r);
  else if (!run_inline(r))
    core_->writes().submit(r);
  wait(r, o);
}

void queued_calls::run_batch(const std::shared_ptr<blocking_request>& r, const request_options& o) {
  if (!run_inline(r)) {
    r->copy_batch();
    core_->writes().submit(r);
  }
  wait(r, o);
}

rows queued_calls::fetch(std::string_view sql, const params_view& p, const request_options& o,
                         bool write, int attempts) {
  auto r = make(request::kind::fetch, o);
  r->attempts = attempts;
  r->sql = sql;
  r->parameters = p.owned();
  run(r, write, o);
  return std::move(std::get<rows>(r->result));
}

bool queued_calls::run_inline(const std::shared_ptr<blocking_request>& r) {
  if (r->urgency != priority::interactive || r->attempts > 0 ||
      r->what == request::kind::maintenance || !core_->writer().try_lock())
    return false;
  if (r->what == request::kind::acquire_writer)
    r->finish();
  else
    core_->writes().run_on_this_thread(r);
  return true;
}

// A running statement is interrupted by its progress handler: it has the grace period to report its
// outcome.
void queued_calls::leave_if_overdue(blocking_request& r, const request_options& o) {
  const bool waiting = r.now() == request::state::waiting;
  if (o.cancel.stop_requested()) {
    if (waiting)
      abandon(r, errc::cancelled, "cancelled while it waited");
    else if (!r.wait_until(clock::now() + defaults::interrupt_grace))
      abandon(r, errc::cancelled, "cancelled, and the statement cannot be interrupted");
  } else if (clock::now() >= r.deadline) {
    if (waiting)
      abandon(r, errc::timeout, "the deadline passed while it waited");
    else if (clock::now() >= r.deadline + defaults::interrupt_grace)
      abandon(r, errc::timeout, "the deadline passed and the statement cannot be interrupted");
  }
}

void queued_calls::wait(const std::shared_ptr<blocking_request>& r, const request_options& o) {
  std::optional<std::stop_callback<std::function<void()>>> wakes;
  if (o.cancel.stop_possible())
    wakes.emplace(o.cancel, [r] { r->wake(); });
  for (;;) {
    const bool expired = clock::now() >= r->deadline;
    if (r->wait_until(expired ? r->deadline + defaults::interrupt_grace : r->deadline))
      break;
    leave_if_overdue(*r, o);
    if (r->now() == request::state::answered)
      break;
  }
  // The state is set just before the answer is published: this waits for the answer.
  while (!r->wait_until(clock::now() + std::chrono::seconds(1))) {
  }
  if (r->refusal())
    throw error(*r->refusal());
  if (r->failure)
    throw error(std::move(*r->failure));
}

} // namespace dbengine::actors::facade
