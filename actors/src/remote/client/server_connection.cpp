// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/server_connection.hpp"

#include "remote/client/resend_rules.hpp"
#include "system/message_codec.hpp"

#include <caf/message.hpp>
#include <caf/message_id.hpp>

#include <algorithm>
#include <cstring>

namespace dbengine::actors::remote {

namespace {

using clock = remote_call::clock;

/// Writes how much of the call's time is left: the first eight bytes of each body.
void write_time_left(remote_call& c) {
  std::int64_t left = 0; // the server's own default
  if (c.deadline != clock::time_point::max())
    left = std::max<std::int64_t>(
        1, std::chrono::ceil<std::chrono::milliseconds>(c.deadline - clock::now()).count());
  std::memcpy(c.body.data(), &left, sizeof left);
}

} // namespace

void server_connection::open(caf::strong_actor_ptr gateway, std::shared_ptr<wire_window> window,
                             wire_welcome w) noexcept {
  window_ = std::move(window);
  gateway_ = std::move(gateway);
  stopping_ = false;
  welcome_ = std::move(w);
  lost_reason_.clear();
}

server_connection::messages server_connection::lose(std::string reason) noexcept {
  lost_reason_ = std::move(reason);
  gateway_ = nullptr;
  window_ = nullptr; // it ends with the connection, for all links
  auto lost = std::move(in_flight_);
  in_flight_.clear();
  return lost;
}

void server_connection::close(call_table& calls) noexcept {
  gateway_ = nullptr;
  for (auto& [mid, m] : in_flight_) {
    if (m.open_call() != nullptr)
      calls.put_back(std::move(m.call));
    m.call = {};
  }
}

bool server_connection::reserve_room(std::size_t bytes) {
  return window_->try_add(bytes, welcome_.max_requests, welcome_.max_bytes);
}

// What sends allocates first: if there is no memory, the state is as it was before.

void server_connection::send_waiting(call_table& calls) noexcept {
  while (can_send() && calls.first_waiting() != nullptr) {
    const auto size = calls.first_waiting()->body.size();
    if (!reserve_room(size))
      return;
    try {
      send_first(calls);
    } catch (...) {
      window_->remove(size);
      return;
    }
  }
}

void server_connection::send_first(call_table& calls) {
  auto& c = *calls.first_waiting();
  write_time_left(c);
  const auto size = c.body.size();
  // A call that is never sent again moves its bytes into the message.
  const bool keeps = must_keep_body(c);
  std::string copy;
  if (keeps)
    copy = c.body;
  auto& m = send(c.kind, c.id, keeps ? copy : c.body, size);
  c.sent = true;
  c.answer.clear();
  c.expected = 0;
  m.call = calls.take_sent(size);
}

server_connection::sent_message& server_connection::send(wire_kind k, std::uint64_t id,
                                                         std::string& body, std::size_t bytes) {
  auto m = caf::make_message(wire_request{static_cast<std::uint8_t>(k), id, {}});
  auto& inside = m.get_mutable_as<wire_request>(0).body;
  const auto mid = ++last_mid_;
  const auto at = in_flight_.try_emplace(mid).first;
  at->second.bytes = bytes;
  inside.swap(body);
  try {
    gateway_->enqueue(caf::strong_actor_ptr(sender_), caf::message_id(mid).with_normal_priority(),
                      m, nullptr);
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

void server_connection::request_next_part(call_table::node& call, std::uint64_t id) {
  auto body = base::encode(std::int64_t{0}, call.mapped()->id);
  auto& m = send(wire_kind::more, id, body, 0);
  window_->add();
  m.call = std::move(call);
}

void server_connection::send_control(wire_kind k, std::uint64_t about, std::uint64_t id) {
  if (!is_open())
    return;
  auto body = base::encode(std::int64_t{0}, about);
  send(k, id, body, 0);
  window_->add();
}

std::optional<server_connection::sent_message> server_connection::take_answered(
    std::uint64_t mid) noexcept {
  const auto it = in_flight_.find(mid);
  if (it == in_flight_.end())
    return std::nullopt;
  auto m = std::move(it->second);
  in_flight_.erase(it);
  if (window_)
    window_->remove(m.bytes);
  return m;
}

std::vector<remote_call_ptr> server_connection::late_calls(clock::time_point now) const {
  std::vector<remote_call_ptr> late;
  for (const auto& [mid, m] : in_flight_) {
    const auto* c = m.open_call();
    if (c == nullptr)
      continue;
    if (c->is_cancel_overdue(now) ||
        (c->deadline != clock::time_point::max() && now >= c->deadline + defaults::remote_grace))
      late.push_back(m.call.mapped());
  }
  return late;
}

} // namespace dbengine::actors::remote
