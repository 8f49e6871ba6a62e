// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/remote_link.hpp"

#include "base/error_map.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "remote/client/call_answer.hpp"
#include "remote/client/call_errors.hpp"
#include "remote/client/resend_rules.hpp"

#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message_id.hpp>
#include <caf/sec.hpp>

#include <unistd.h>

#include <optional>
#include <utility>

namespace dbengine::actors::remote {

using clock = remote_call::clock;

remote_link::remote_link(caf::actor_config& cfg, endpoint to, remote_options how)
    : caf::monitorable_actor(cfg), to_(std::move(to)), how_(std::move(how)), owner_pid_(::getpid()),
      calls_(how_.max_queue, how_.max_queue_bytes), connection_(ctrl()) {}

void remote_link::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (!what->mid.is_response())
    return;       // only the server has a handle, and it sends nothing else
  caf::message m; // empty if there was no memory for it: an answer that cannot be decoded
  base::try_with_retries([&] { m = what->move_content_to_message(); });
  dispatch_answer(what->mid.request_id().integer_value(), m);
}

void remote_link::set_callbacks(std::function<void()> schedule_sweep,
                                std::function<void()> stop_manager) {
  const lock l(mutex_);
  schedule_ = std::move(schedule_sweep);
  stop_manager_ = std::move(stop_manager);
}

bool remote_link::read_only() const {
  const lock l(mutex_);
  return connection_.read_only();
}

bool remote_link::ended() const {
  const lock l(mutex_);
  return closed_;
}

// -- calls ----------------------------------------------------------------------------------------

void remote_link::submit(const remote_call_ptr& c) {
  const lock l(mutex_);
  if (closed_)
    throw error(errc::shut_down, "the connection to " + to_string(to_) + " is closed");
  if (::getpid() != owner_pid_)
    throw error(errc::forked, "this engine belongs to the parent process; open another one here");
  if (auto why = size_error(*c, connection_.max_frame_bytes()))
    throw error(std::move(*why));
  calls_.check_bounds(*c);
  schedule_sweep();
  calls_.add(c);
  connection_.send_waiting(calls_);
}

void remote_link::cancel(const remote_call_ptr& c) {
  base::retry_on_bad_alloc([&] { try_cancel(c); });
}

void remote_link::try_cancel(const remote_call_ptr& c) {
  finished_calls out;
  const lock l(mutex_);
  if (c->done || c->cancelled_until)
    return;
  if (calls_.is_waiting(*c)) {
    error_info why{.code = errc::cancelled,
                   .outcome = outcome_without_answer(*c),
                   .message = "cancelled while it waited"};
    calls_.fail_waiting(c, std::move(why), out);
  } else {
    connection_.send_control(wire_kind::cancel, c->id, calls_.next_id());
    c->cancelled_until = clock::now() + defaults::remote_grace;
  }
}

void remote_link::close(clock::time_point deadline) {
  std::function<void()> stop;
  {
    finished_calls out;
    lock l(mutex_);
    closed_ = true;
    calls_.wait_until_empty(l, deadline);
    connection_.close(calls_);
    calls_.fail_waiting_if(
        [this](const remote_call& c) { return std::optional(closed_error(c, to_)); }, out);
    schedule_ = nullptr;
    stop = std::exchange(stop_manager_, nullptr);
  }
  if (stop) // the only way to end the manager, which the system waits for
    base::retry_on_bad_alloc(stop);
  // The middleman keeps a handle of every sender until the sender's end.
  cleanup(caf::exit_reason::user_shutdown, nullptr);
}

// -- answers --------------------------------------------------------------------------------------

void remote_link::dispatch_answer(std::uint64_t mid, caf::message& m) noexcept {
  finished_calls out;
  const lock l(mutex_);
  auto answered = connection_.take_answered(mid);
  if (!answered)
    return;
  if (answered->open_call() != nullptr) {
    auto& call = answered->call;
    try {
      if (m.match_elements<wire_answer>())
        handle_answer(call, m.get_mutable_as<wire_answer>(0), out);
      else
        handle_undelivered(call, m, out);
    } catch (...) { // the answer cannot be decoded, or there is no memory for it
      auto why = base::current_exception_info();
      why.outcome = outcome_without_answer(*call.mapped());
      calls_.fail(call.mapped(), std::move(why), out);
    }
  }
  connection_.send_waiting(calls_);
}

void remote_link::handle_undelivered(call_table::node& call, const caf::message& m,
                                     finished_calls& out) {
  const auto& c = call.mapped();
  const auto* why = m.match_elements<caf::error>() ? &m.get_as<caf::error>(0) : nullptr;
  const bool never_left = why != nullptr && (why->category() == caf::atom("exit") ||
                                             *why == caf::sec::request_receiver_down);
  if (!never_left)
    return calls_.fail(c, to_info(why != nullptr ? *why : caf::error{}), out);
  connection_.stop_sending(); // the connection manager is notified of the loss at this moment
  if (!closed_ && count_resend(*c, clock::now()))
    return calls_.put_back(std::move(call));
  calls_.fail(
      c, {.code = errc::unreachable, .message = "the connection to " + to_string(to_) + " is lost"},
      out);
}

void remote_link::handle_answer(call_table::node& call, wire_answer& a, finished_calls& out) {
  const auto& c = call.mapped();
  switch (static_cast<wire_outcome>(a.outcome)) {
  case wire_outcome::result: c->answer = std::move(a.body); return calls_.finish(c, out);
  case wire_outcome::failure: {
    auto why = read_failure(a);
    if (why.code != errc::shut_down || closed_ || !can_resend(*c))
      return calls_.fail(c, std::move(why), out);
    connection_.stop_sending(); // as if the server had been killed
    return calls_.put_back(std::move(call));
  }
  case wire_outcome::needs_writer:
    if (auto why = allow_writing(*c))
      return calls_.fail(c, std::move(*why), out);
    // Before all that wait, in the place of the call that was just answered.
    return calls_.put_back(std::move(call));
  case wire_outcome::part:
    if (append_part(*c, a))
      return calls_.finish(c, out);
    if (!connection_.is_open())
      return calls_.fail(c, lost_error(*c), out);
    return connection_.request_next_part(call, calls_.next_id());
  }
  throw_unreadable("an outcome of unknown kind");
}

// -- the connection, made and lost ----------------------------------------------------------------

void remote_link::on_connect(caf::strong_actor_ptr gateway, const wire_welcome& w) {
  auto window = window_of(gateway.get());
  auto welcome = w;
  finished_calls out;
  const lock l(mutex_);
  if (closed_)
    return;
  connection_.open(std::move(gateway), std::move(window), std::move(welcome));
  // The new server may be another one, which accepts smaller requests.
  calls_.fail_waiting_if([frame = connection_.max_frame_bytes()](
                             const remote_call& c) { return size_error(c, frame); },
                         out);
  connection_.send_waiting(calls_);
}

void remote_link::on_disconnect(std::string why) noexcept {
  finished_calls out;
  const lock l(mutex_);
  if (connection_.is_open())
    calls_.renew_patience();
  auto lost = connection_.lose(std::move(why));
  const auto now = clock::now();
  for (auto& [mid, m] : lost) {
    auto* const c = m.open_call();
    if (c == nullptr)
      continue;
    if (!closed_ && count_resend(*c, now))
      calls_.put_back(std::move(m.call));
    else
      calls_.fail(m.call.mapped(), lost_error(*c), out);
  }
}

error_info remote_link::lost_error(const remote_call& c) const noexcept {
  return connection_lost_error(c, to_, connection_.lost_reason());
}

// -- deadlines ------------------------------------------------------------------------------------

void remote_link::schedule_sweep() {
  if (!sweep_scheduled_ && schedule_) {
    schedule_();
    sweep_scheduled_ = true;
  }
}

bool remote_link::sweep() {
  finished_calls out;
  const lock l(mutex_);
  const auto now = clock::now();
  fail_late_waiting(now, out);
  fail_late_in_flight(now, out);
  // Another link may have left room, or memory is available again.
  connection_.send_waiting(calls_);
  return sweep_scheduled_ = !calls_.empty(); // while it is being closed, too
}

void remote_link::fail_late_waiting(clock::time_point now, finished_calls& out) {
  const bool connected = connection_.is_open();
  const auto& reason = connection_.lost_reason();
  calls_.fail_waiting_if(
      [&, now, connected](const remote_call& c) -> std::optional<error_info> {
        if (now >= c.deadline)
          return deadline_error(c, to_, connected, reason);
        if (!connected && now >= c.patience)
          return connection_lost_error(c, to_, reason);
        return std::nullopt;
      },
      out);
}

void remote_link::fail_late_in_flight(clock::time_point now, finished_calls& out) {
  for (const auto& c : connection_.late_calls(now)) {
    connection_.send_control(wire_kind::cancel, c->id, calls_.next_id());
    calls_.fail(c, no_answer_error(*c, to_, c->is_cancel_overdue(now)), out);
  }
}

} // namespace dbengine::actors::remote
