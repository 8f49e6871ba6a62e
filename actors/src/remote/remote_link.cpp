// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/remote_link.hpp"

#include "message_codec.hpp"

#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message_id.hpp>
#include <caf/sec.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace dbengine::actors {

namespace {

using clock = remote_call::clock;

/// Of a frame: all but the body.
constexpr std::size_t frame_overhead = 256;

std::uint64_t random_start() {
  std::random_device r;
  return ((std::uint64_t{r()} << 32) | r()) >> 1; // never to the end of the numbers
}

/// Under way only between two others: its end means nothing to anybody.
bool is_call(const remote_call_ptr& c) {
  return c != nullptr;
}

} // namespace

remote_link::remote_link(caf::actor_config& cfg, endpoint to, remote_options how)
    : caf::monitorable_actor(cfg), to_(std::move(to)), how_(std::move(how)), owner_pid_(::getpid()),
      last_id_(random_start()) {}

void remote_link::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (!what->mid.is_response())
    return; // nobody has a handle but the server, which sends nothing else
  auto m = what->move_content_to_message();
  answered(what->mid.request_id().integer_value(), m);
}

// -- calls ----------------------------------------------------------------------------------------

void remote_link::submit(const remote_call_ptr& c) {
  const lock l(mutex_);
  if (closed_)
    throw error(errc::shut_down, "the connection to " + to_string(to_) + " is closed");
  if (::getpid() != owner_pid_)
    throw error(errc::forked, "this engine belongs to the parent process; open another one here");
  if (auto why = too_large(*c))
    throw error(std::move(*why));
  if (count_ >= how_.max_queue || bytes_ + c->body.size() > how_.max_queue_bytes)
    throw error(errc::overloaded, std::to_string(count_) + " requests with " +
                                      std::to_string(bytes_) + " bytes are under way");
  ++count_;
  bytes_ += c->body.size();
  c->id = ++last_id_;
  c->patience = clock::now() + defaults::reconnect_patience;
  try {
    arm();
    if (can_send() && waiting_.empty() && take_room(c->body.size()))
      send(c);
    else
      waiting_.emplace(c->id, c);
  } catch (...) { // no memory: it is not under way, and nobody may wait for its end
    --count_;
    bytes_ -= c->body.size();
    drained_.notify_all();
    throw;
  }
}

std::optional<error_info> remote_link::too_large(const remote_call& c) const {
  const auto frame = welcome_.max_frame_bytes;
  if (frame == 0 || c.body.size() + frame_overhead <= frame)
    return std::nullopt;
  return error_info{.code = errc::too_big,
                    .outcome = c.writes && c.sent ? fate::unknown : fate::not_run,
                    .message = "the request has " + std::to_string(c.body.size()) +
                               " bytes, the server takes " + std::to_string(frame) +
                               " at once: split it"};
}

bool remote_link::take_room(std::size_t bytes) {
  return window_->take(bytes, welcome_.max_requests, welcome_.max_bytes);
}

void remote_link::send(const remote_call_ptr& c) {
  std::int64_t left = 0; // the server's own default
  if (c->deadline != clock::time_point::max())
    left = std::max<std::int64_t>(
        1, std::chrono::ceil<std::chrono::milliseconds>(c->deadline - clock::now()).count());
  std::memcpy(c->body.data(), &left, sizeof left);
  c->sent = true;
  c->answer.clear();
  c->expected = 0;
  const auto mid = ++last_mid_;
  const auto size = c->body.size();
  try {
    flights_.emplace(mid, flight{c, size});
    // What is never sent again gives its bytes away.
    if (c->repeatable || c->kind == wire_kind::fetch) {
      send_raw(mid, c->kind, c->id, c->body);
    } else {
      bytes_ -= size;
      send_raw(mid, c->kind, c->id, std::exchange(c->body, {}));
    }
  } catch (...) {
    flights_.erase(mid);
    window_->give(size);
    throw;
  }
}

void remote_link::send_raw(std::uint64_t mid, wire_kind k, std::uint64_t id, std::string body) {
  gateway_->enqueue(
      caf::strong_actor_ptr(ctrl()), caf::message_id(mid).with_normal_priority(),
      caf::make_message(wire_request{static_cast<std::uint8_t>(k), id, std::move(body)}), nullptr);
}

void remote_link::ask_for_more(const remote_call_ptr& c) {
  const auto mid = ++last_mid_;
  flights_.emplace(mid, flight{c, 0});
  window_->add();
  send_raw(mid, wire_kind::more, ++last_id_, detail::encode(std::int64_t{0}, c->id));
}

void remote_link::send_waiting() {
  while (can_send() && !waiting_.empty() && take_room(waiting_.begin()->second->body.size()))
    send(waiting_.extract(waiting_.begin()).mapped());
}

void remote_link::say(wire_kind k, std::uint64_t about) {
  if (!gateway_)
    return;
  const auto mid = ++last_mid_;
  flights_.emplace(mid, flight{});
  window_->add();
  send_raw(mid, k, ++last_id_, detail::encode(std::int64_t{0}, about));
}

void remote_link::cancel(const remote_call_ptr& c) {
  finished_calls out;
  {
    const lock l(mutex_);
    if (c->done || c->cancelled_until)
      return;
    if (waiting_.erase(c->id) != 0) {
      error_info why{.code = errc::cancelled, .message = "cancelled while it waited"};
      if (c->writes && c->sent)
        why.outcome = fate::unknown;
      fail(c, std::move(why), out);
    } else {
      c->cancelled_until = clock::now() + defaults::remote_grace;
      say(wire_kind::cancel, c->id);
      arm();
    }
  }
  tell(out);
}

// -- answers --------------------------------------------------------------------------------------

void remote_link::answered(std::uint64_t mid, caf::message& m) {
  finished_calls out;
  {
    const lock l(mutex_);
    const auto it = flights_.find(mid);
    if (it == flights_.end())
      return; // of a connection that is no more
    const auto f = std::move(it->second);
    flights_.erase(it);
    if (window_)
      window_->give(f.bytes);
    if (m.match_elements<wire_answer>()) {
      if (is_call(f.call) && !f.call->done)
        take(f.call, m.get_mutable_as<wire_answer>(0), out);
      send_waiting();
    } else if (is_call(f.call) && !f.call->done) {
      const auto why = m.match_elements<caf::error>() ? m.get_as<caf::error>(0) : caf::error{};
      // The guard and the broker say so of what did not reach the gateway.
      const bool never_left =
          why.category() == caf::atom("exit") || why == caf::sec::request_receiver_down;
      leaving_ = leaving_ || never_left; // the keeper hears of the loss at this moment
      if (never_left && goes_again(*f.call)) {
        leave(f.call);
      } else {
        fail(f.call,
             never_left ? error_info{.code = errc::unreachable,
                                     .message = "the connection to " + to_string(to_) + " is lost"}
                        : to_info(why),
             out);
      }
    }
  }
  tell(out);
}

void remote_link::take(const remote_call_ptr& c, wire_answer& a, finished_calls& out) {
  const auto broken = [&](const char* what) {
    fail(c,
         {.code = errc::protocol,
          .outcome = c->writes ? fate::unknown : fate::not_run,
          .message = std::string("the server's answer cannot be read: ") + what},
         out);
  };
  switch (static_cast<wire_outcome>(a.outcome)) {
  case wire_outcome::result: c->answer = std::move(a.body); return finish(c, out);
  case wire_outcome::failure: {
    error_info why;
    try {
      detail::decode(a.body, why);
    } catch (const error& e) {
      return broken(e.message().c_str());
    }
    if (why.code == errc::shut_down && may_go_again(*c)) // as where the server had been killed
      return leave(c);
    return fail(c, std::move(why), out);
  }
  case wire_outcome::needs_writer:
    if (c->kind != wire_kind::fetch || c->writes)
      return broken("it asks again");
    if (c->read_only)
      return fail(
          c,
          {.code = errc::read_only, .message = "the request writes, and this access is read-only"},
          out);
    // The last byte of a fetch allows it to write. Lost from now on, its outcome is unknown.
    c->body.back() = 1;
    c->writes = true;
    c->repeatable = false;
    c->sent = false; // as one that writes
    if (!can_send())
      return leave(c);
    window_->add(c->body.size()); // in the place of the one just answered
    return send(c);
  case wire_outcome::part: {
    std::uint64_t total = 0;
    if (a.body.size() < sizeof total)
      return broken("a part without a size");
    std::memcpy(&total, a.body.data(), sizeof total);
    if (c->expected != 0 && c->expected != total)
      return broken("its parts do not belong together");
    c->expected = total;
    c->answer.append(a.body, sizeof total);
    if (c->answer.size() > total || a.body.size() == sizeof total)
      return broken("its parts do not add up");
    if (c->answer.size() == total)
      return finish(c, out);
    if (!gateway_)
      return fail(c, gone(*c, why_lost_), out);
    return ask_for_more(c);
  }
  }
  broken("an outcome of unknown kind");
}

void remote_link::leave(const remote_call_ptr& again) {
  leaving_ = true;
  waiting_.emplace(again->id, again);
  arm();
}

void remote_link::fail(const remote_call_ptr& c, error_info why, finished_calls& out) {
  c->failure = std::move(why);
  finish(c, out);
}

void remote_link::finish(const remote_call_ptr& c, finished_calls& out) {
  c->done = true;
  --count_;
  bytes_ -= c->body.size();
  out.push_back(c);
  if (count_ == 0)
    drained_.notify_all();
}

void remote_link::tell(finished_calls& calls) noexcept {
  for (const auto& c : calls)
    c->finished();
}

} // namespace dbengine::actors
