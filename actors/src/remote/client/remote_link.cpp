// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/remote_link.hpp"

#include "base/error_map.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "system/message_codec.hpp"

#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message_id.hpp>
#include <caf/sec.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace dbengine::actors::remote {

namespace {

using clock = remote_call::clock;

/// The size of a frame without its body.
constexpr std::size_t frame_overhead = 256;

std::uint64_t random_start() {
  std::random_device r;
  return ((std::uint64_t{r()} << 32) | r()) >> 1; // so that additions never overflow
}

[[noreturn]] void broken(const std::string& what) {
  throw error(errc::protocol, "the server's answer cannot be read: " + what);
}

} // namespace

remote_link::remote_link(caf::actor_config& cfg, endpoint to, remote_options how)
    : caf::monitorable_actor(cfg), to_(std::move(to)), how_(std::move(how)), owner_pid_(::getpid()),
      last_id_(random_start()) {}

void remote_link::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (!what->mid.is_response())
    return;       // only the server has a handle, and it sends nothing else
  caf::message m; // empty if there was no memory for it: an answer that cannot be decoded
  base::try_with_retries([&] { m = what->move_content_to_message(); });
  dispatch_answer(what->mid.request_id().integer_value(), m);
}

// -- calls ----------------------------------------------------------------------------------------

void remote_link::submit(const remote_call_ptr& c) {
  const lock l(mutex_);
  if (closed_)
    throw error(errc::shut_down, "the connection to " + to_string(to_) + " is closed");
  if (::getpid() != owner_pid_)
    throw error(errc::forked, "this engine belongs to the parent process; open another one here");
  if (too_large(*c))
    throw error(errc::too_big, too_large_text(*c));
  if (count_ >= how_.max_queue || bytes_ + c->body.size() > how_.max_queue_bytes)
    throw error(errc::overloaded, std::to_string(count_) + " requests with " +
                                      std::to_string(bytes_) + " bytes are in flight");
  ++count_;
  bytes_ += c->body.size();
  c->id = ++last_id_;
  c->patience = clock::now() + defaults::reconnect_patience;
  try {
    schedule_sweep();
    waiting_.emplace(c->id, c);
  } catch (...) { // no memory: the call is not in flight, and `close` must not wait for it
    --count_;
    bytes_ -= c->body.size();
    drained_.notify_all();
    throw;
  }
  send_waiting();
}

bool remote_link::too_large(const remote_call& c) const noexcept {
  const auto frame = welcome_.max_frame_bytes;
  return frame != 0 && c.body.size() + frame_overhead > frame;
}

std::string remote_link::too_large_text(const remote_call& c) const {
  return "the request has " + std::to_string(c.body.size()) + " bytes, the server takes " +
         std::to_string(welcome_.max_frame_bytes) + " at once: split it";
}

bool remote_link::reserve_room(std::size_t bytes) {
  return window_->try_add(bytes, welcome_.max_requests, welcome_.max_bytes);
}

// The following functions allocate first: without memory they leave the state unchanged.

void remote_link::send_call(calls::iterator at) {
  auto& c = *at->second;
  std::int64_t left = 0; // the server's own default
  if (c.deadline != clock::time_point::max())
    left = std::max<std::int64_t>(
        1, std::chrono::ceil<std::chrono::milliseconds>(c.deadline - clock::now()).count());
  std::memcpy(c.body.data(), &left, sizeof left);
  const auto size = c.body.size();
  // A call that is never sent again moves its bytes into the message.
  const bool keeps = c.repeatable || c.kind == wire_kind::fetch;
  std::string copy;
  if (keeps)
    copy = c.body;
  auto& f = send_message(c.kind, c.id, keeps ? copy : c.body, size);
  if (!keeps)
    bytes_ -= size;
  c.sent = true;
  c.answer.clear();
  c.expected = 0;
  f.place = waiting_.extract(at);
}

remote_link::in_flight_call& remote_link::send_message(wire_kind k, std::uint64_t id,
                                                       std::string& body, std::size_t bytes) {
  auto m = caf::make_message(wire_request{static_cast<std::uint8_t>(k), id, {}});
  auto& inside = m.get_mutable_as<wire_request>(0).body;
  const auto mid = ++last_mid_;
  const auto at = in_flight_.try_emplace(mid).first;
  at->second.bytes = bytes;
  inside.swap(body);
  try {
    gateway_->enqueue(caf::strong_actor_ptr(ctrl()), caf::message_id(mid).with_normal_priority(), m,
                      nullptr);
  } catch (...) {
    // If the message is shared, it is in the broker's mailbox, and the write may not be sent twice.
    if (m.cvals()->unique()) {
      inside.swap(body);
      in_flight_.erase(at);
      throw;
    }
  }
  body.clear();
  return at->second;
}

void remote_link::request_next_part(calls::node_type& place) {
  auto body = base::encode(std::int64_t{0}, place.mapped()->id);
  auto& f = send_message(wire_kind::more, ++last_id_, body, 0);
  window_->add();
  f.place = std::move(place);
}

void remote_link::send_waiting() noexcept {
  while (can_send() && !waiting_.empty()) {
    const auto first = waiting_.begin();
    const auto size = first->second->body.size();
    if (!reserve_room(size))
      return;
    try {
      send_call(first);
    } catch (...) {
      window_->remove(size);
      return;
    }
  }
}

void remote_link::send_control(wire_kind k, std::uint64_t about) {
  if (!gateway_)
    return;
  auto body = base::encode(std::int64_t{0}, about);
  send_message(k, ++last_id_, body, 0);
  window_->add();
}

void remote_link::cancel(const remote_call_ptr& c) {
  base::retry_on_bad_alloc([&] { try_cancel(c); });
}

void remote_link::try_cancel(const remote_call_ptr& c) {
  finished_calls out;
  const lock l(mutex_);
  if (c->done || c->cancelled_until)
    return;
  if (waiting_.contains(c->id)) {
    error_info why{.code = errc::cancelled, .message = "cancelled while it waited"};
    if (c->writes && c->sent)
      why.outcome = outcome::unknown;
    waiting_.erase(c->id);
    fail(c, std::move(why), out);
  } else {
    send_control(wire_kind::cancel, c->id);
    c->cancelled_until = clock::now() + defaults::remote_grace;
  }
}

// -- answers --------------------------------------------------------------------------------------

void remote_link::dispatch_answer(std::uint64_t mid, caf::message& m) noexcept {
  finished_calls out;
  const lock l(mutex_);
  const auto it = in_flight_.find(mid);
  if (it == in_flight_.end())
    return; // of a previous connection
  auto f = std::move(it->second);
  in_flight_.erase(it);
  if (window_)
    window_->remove(f.bytes);
  if (f.open_call() != nullptr) {
    try {
      if (m.match_elements<wire_answer>())
        handle_answer(f.place, m.get_mutable_as<wire_answer>(0), out);
      else
        handle_undelivered(f.place, m, out);
    } catch (...) { // the answer cannot be decoded, or there is no memory for it
      auto why = base::current_exception_info();
      why.outcome = f.place.mapped()->writes ? outcome::unknown : outcome::not_run;
      fail(f.place.mapped(), std::move(why), out);
    }
  }
  send_waiting();
}

void remote_link::handle_undelivered(calls::node_type& place, const caf::message& m,
                                     finished_calls& out) {
  const auto& c = place.mapped();
  const auto* why = m.match_elements<caf::error>() ? &m.get_as<caf::error>(0) : nullptr;
  const bool never_left = why != nullptr && (why->category() == caf::atom("exit") ||
                                             *why == caf::sec::request_receiver_down);
  stopping_ =
      stopping_ || never_left; // the connection manager is notified of the loss at this moment
  if (never_left && should_retry(*c))
    return stop_sending(std::move(place));
  fail(c,
       never_left ? error_info{.code = errc::unreachable,
                               .message = "the connection to " + to_string(to_) + " is lost"}
                  : to_info(why != nullptr ? *why : caf::error{}),
       out);
}

void remote_link::handle_answer(calls::node_type& place, wire_answer& a, finished_calls& out) {
  const auto& c = place.mapped();
  switch (static_cast<wire_outcome>(a.outcome)) {
  case wire_outcome::result: c->answer = std::move(a.body); return finish(c, out);
  case wire_outcome::failure: {
    error_info why;
    try {
      base::decode(a.body, why);
    } catch (const error& e) {
      broken(e.message());
    }
    if (why.code == errc::shut_down && may_retry(*c)) // as if the server had been killed
      return stop_sending(std::move(place));
    return fail(c, std::move(why), out);
  }
  case wire_outcome::needs_writer:
    if (c->kind != wire_kind::fetch || c->writes)
      broken("the request may write already");
    if (c->read_only)
      return fail(
          c,
          {.code = errc::read_only, .message = "the request writes, and this access is read-only"},
          out);
    // The last byte of a fetch allows it to write. If the fetch is lost from now on, its outcome is
    // unknown.
    c->body.back() = 1;
    c->writes = true;
    c->repeatable = false;
    c->sent = false; // as a writing call
    // Placed before all waiting calls, with the number of the call that was just answered.
    waiting_.insert(std::move(place));
    return;
  case wire_outcome::part: return handle_part(place, a, out);
  }
  broken("an outcome of unknown kind");
}

void remote_link::handle_part(calls::node_type& place, const wire_answer& a, finished_calls& out) {
  const auto& c = place.mapped();
  std::uint64_t total = 0;
  if (a.body.size() < sizeof total)
    broken("a part without a size");
  std::memcpy(&total, a.body.data(), sizeof total);
  if (c->expected != 0 && c->expected != total)
    broken("its parts do not belong together");
  c->expected = total;
  c->answer.append(a.body, sizeof total);
  if (c->answer.size() > total || a.body.size() == sizeof total)
    broken("its parts do not add up");
  if (c->answer.size() == total)
    return finish(c, out);
  if (!gateway_)
    return fail(c, connection_lost_error(*c), out);
  request_next_part(place);
}

void remote_link::stop_sending(calls::node_type again) {
  stopping_ = true;
  waiting_.insert(std::move(again));
}

void remote_link::fail(const remote_call_ptr& c, error_info why, finished_calls& out) noexcept {
  c->failure = std::move(why);
  finish(c, out);
}

void remote_link::finish(const remote_call_ptr& c, finished_calls& out) noexcept {
  c->done = true;
  --count_;
  bytes_ -= c->body.size();
  out.add(c);
  if (count_ == 0)
    drained_.notify_all();
}

} // namespace dbengine::actors::remote
