// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "guard/translator.hpp"

#include <algorithm>
#include <cstring>

namespace dbengine::actors::guard {

namespace {

bool is_request(std::uint64_t id) {
  return (id & (response_bit | answered_bit | stream_bit)) == 0 && (id & request_mask) != 0;
}

} // namespace

translator::~translator() {
  stats_.in_flight -= in_flight_.size();
  stats_.in_flight_bytes -= in_flight_bytes_;
}

void translator::disown_in_flight() {
  in_flight_.clear();
  in_flight_bytes_ = 0;
}

translator::action translator::close(close_reason why) {
  why_ = why;
  return action::close;
}

translator::action translator::drop(drop_reason why, const header& head,
                                    const std::vector<char>& answer) {
  stats_.count(why);
  // A request is answered, so that an honest client need not wait for its timeout.
  if (is_request(head.data) && head.source != 0) {
    header reply{.op = static_cast<std::uint8_t>(operation::direct_message),
                 .payload_size = static_cast<std::uint32_t>(answer.size()),
                 .data = head.data | response_bit,
                 .source = shared_.gateway,
                 .dest = head.source};
    auto at = replies_.size();
    replies_.resize(at + header_size);
    write_header(replies_.data() + at, reply);
    replies_.insert(replies_.end(), answer.begin(), answer.end());
  }
  return action::skip;
}

translator::action translator::on_header(const header& head) {
  if (!shaken_)
    return judge_handshake(head);
  if (head.payload_size > bounds_.max_frame_bytes)
    return close(close_reason::frame_too_large);
  if (head.padding != 0)
    return close(close_reason::malformed_header);
  switch (static_cast<operation>(head.op)) {
  case operation::client_handshake: return judge_handshake(head);
  case operation::direct_message: return judge_message(head);
  case operation::monitor_message: {
    if (head.flags != 0 || head.data != 0 || head.source != 0 || head.payload_size != 2 * node_size)
      return close(close_reason::malformed_header);
    if (head.dest != shared_.gateway)
      return drop(drop_reason::other_actor, head, shared_.unreachable);
    return action::feed;
  }
  case operation::heartbeat: {
    if (head.flags != 0 || head.payload_size != 0 || head.data != 0 || head.source != 0 ||
        head.dest != 0)
      return close(close_reason::malformed_header);
    return action::feed;
  }
  case operation::server_handshake:
  case operation::routed_message:
  case operation::down_message: return close(close_reason::forbidden);
  }
  return close(close_reason::malformed_header);
}

translator::action translator::judge_handshake(const header& head) {
  // A stock client shakes hands twice: when it connects and when it has received the server's
  // handshake.
  auto flags = shaken_ ? select_connection_flag : std::uint8_t{0};
  if (!head.is(operation::client_handshake) || head.padding != 0 || head.flags != flags ||
      head.payload_size != node_size || head.data != 0 || head.source != 0 || head.dest != 0 ||
      selected_)
    return close(shaken_ ? close_reason::forbidden : close_reason::handshake_invalid);
  return action::feed;
}

translator::action translator::judge_message(const header& head) {
  if ((head.flags & ~named_receiver_flag) != 0 || head.payload_size == 0 || head.dest == 0)
    return close(close_reason::malformed_header);
  // Peers receive no requests, so they have nothing to answer; streams are not offered.
  if ((head.data & (response_bit | answered_bit | stream_bit)) != 0)
    return close(close_reason::forbidden);
  if (head.flags == named_receiver_flag)
    return drop(drop_reason::named_receiver, head, shared_.unreachable);
  if (head.dest != shared_.gateway)
    return drop(drop_reason::other_actor, head, shared_.unreachable);
  if (!is_request(head.data))
    return drop(drop_reason::not_a_request, head, shared_.unexpected);
  if (head.source == 0)
    return close(close_reason::malformed_header);
  // A connection may use half of the totals that the others leave, so that many greedy connections
  // leave a share for the next one.
  const auto beyond_share = [](std::size_t own, std::size_t more, std::size_t all,
                               std::size_t most) {
    return all + more > most || (own != 0 && own + more > most - all);
  };
  if (in_flight_.size() >= bounds_.max_in_flight_requests ||
      beyond_share(in_flight_.size(), 1, stats_.in_flight, bounds_.max_total_requests))
    return drop(drop_reason::too_many_requests, head, shared_.overloaded);
  if (in_flight_bytes_ + head.payload_size > bounds_.max_in_flight_bytes ||
      beyond_share(in_flight_bytes_, head.payload_size, stats_.in_flight_bytes,
                   bounds_.max_total_bytes))
    return drop(drop_reason::too_many_bytes, head, shared_.overloaded);
  return action::feed;
}

translator::action translator::on_frame(std::span<char> frame, std::size_t aside) {
  auto head = read_header(frame.data());
  auto payload = frame.subspan(header_size);
  switch (static_cast<operation>(head.op)) {
  case operation::client_handshake: {
    auto node = read_node(payload.data());
    if (shaken_) {
      // The broker need not see it: this node has this connection only.
      selected_ = true;
      return node == claimed_ ? action::skip : close(close_reason::forbidden);
    }
    if (!is_process_node(node))
      return close(close_reason::handshake_invalid);
    claimed_ = node;
    shaken_ = true;
    ++stats_.handshakes;
    write_node(payload.data(), assigned_);
    return action::feed;
  }
  case operation::direct_message: {
    switch (classify(payload, shared_.requests)) {
    case payload_kind::malformed: return close(close_reason::malformed_payload);
    case payload_kind::unlisted: return drop(drop_reason::unlisted_type, head, shared_.unexpected);
    case payload_kind::listed: break;
    }
    auto id = ++last_id_ & request_mask;
    const auto bytes = payload.size() + aside;
    in_flight_.emplace(id, pending{head.source, head.data, bytes});
    in_flight_bytes_ += bytes;
    ++stats_.in_flight;
    stats_.in_flight_bytes += bytes;
    ++stats_.requests;
    head.data = id | normal_priority;
    head.source = actor_;
    write_header(frame.data(), head);
    return action::feed;
  }
  case operation::monitor_message: {
    if (read_node(payload.data()) != claimed_ ||
        read_node(payload.data() + node_size) != shared_.shown_node)
      return close(close_reason::forbidden);
    write_node(payload.data(), assigned_);
    write_node(payload.data() + node_size, shared_.real_node);
    return action::feed;
  }
  default: return action::feed; // a heartbeat: all zero, as on_header has checked
  }
}

void translator::on_output(std::vector<char>& frames) {
  std::size_t to = 0;
  for (std::size_t from = 0; frames.size() - from >= header_size;) {
    auto head = read_header(frames.data() + from);
    auto size = header_size + head.payload_size;
    if (size > frames.size() - from)
      break;
    if (pass_output({frames.data() + from, size}, head)) {
      if (to != from)
        std::memmove(frames.data() + to, frames.data() + from, size);
      to += size;
    } else {
      stats_.count(drop_reason::outgoing);
    }
    from += size;
  }
  frames.resize(to);
}

bool translator::pass_output(std::span<char> frame, header head) {
  auto payload = frame.subspan(header_size);
  switch (static_cast<operation>(head.op)) {
  case operation::server_handshake:
    if (payload.size() < node_size)
      return false;
    write_node(payload.data(), shared_.shown_node);
    return true;
  case operation::heartbeat: return true;
  case operation::direct_message: {
    if (head.flags != 0 || head.dest != actor_ || (head.data & response_bit) == 0)
      return false;
    auto i = in_flight_.find(head.data & request_mask);
    if (i == in_flight_.end())
      return false;
    head.data = i->second.id | response_bit;
    head.source = shared_.gateway;
    head.dest = i->second.source;
    in_flight_bytes_ -= i->second.bytes;
    --stats_.in_flight;
    stats_.in_flight_bytes -= i->second.bytes;
    in_flight_.erase(i);
    ++stats_.answers;
    write_header(frame.data(), head);
    return true;
  }
  case operation::down_message:
    if (head.source != shared_.gateway || payload.size() < 2 * node_size)
      return false;
    write_node(payload.data(), shared_.shown_node);
    write_node(payload.data() + node_size, claimed_);
    return true;
  default: return false;
  }
}

} // namespace dbengine::actors::guard
