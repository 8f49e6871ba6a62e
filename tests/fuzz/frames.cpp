// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The fuzz target `frames`: a stream of a peer's frames.

#include "guard/translator.hpp"

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "target.hpp"

namespace dbengine::fuzz {

namespace {

using namespace dbengine::actors::guard;

identity served() {
  std::array<char, 20> host{};
  host.fill('h');
  identity result;
  result.real_node = make_node(7, host);
  result.shown_node = make_node(8, host);
  result.gateway = 5;
  result.requests = {{"dbengine::actors::wire_request", {field::u8, field::u64, field::text}}};
  const std::string_view answer("\0answer", 7);
  result.overloaded.assign(answer.begin(), answer.end());
  result.unreachable = result.unexpected = result.overloaded;
  return result;
}

// Checks that the guard sends a stream of whole frames.
void check_output(const std::vector<char>& frames, const char* whose) {
  for (std::size_t at = 0; at < frames.size();) {
    require(frames.size() - at >= header_size, std::string(whose) + " frames are whole");
    const auto head = read_header(frames.data() + at);
    require(frames.size() - at - header_size >= head.payload_size,
            std::string(whose) + " frames have their payloads");
    at += header_size + head.payload_size;
  }
}

// Checks that every frame to the broker comes from the one actor that represents the peer, and is
// for the gateway.
void check_fed(const header& head, const identity& shared, std::uint64_t actor) {
  if (head.is(operation::direct_message))
    require(head.source == actor && head.dest == shared.gateway && head.flags == 0 &&
                (head.data & (response_bit | answered_bit | stream_bit)) == 0,
            "a request reaches the broker under the guard's names");
  else
    require(head.is(operation::client_handshake) || head.is(operation::monitor_message) ||
                head.is(operation::heartbeat),
            "only listed operations reach the broker");
}

// The text that ends a message must be found as soon as its length has arrived, and be the bytes
// that follow.
void check_last_text(std::span<const char> payload, std::span<const wire_type> types) {
  const bool listed = classify(payload, types) == payload_kind::listed;
  const auto whole = find_last_text(payload, payload.size(), types);
  require(whole.has_value() == listed, "a listed message has its last text, another none");
  if (!whole)
    return;
  require(whole->length_at < whole->begin && whole->begin + whole->size == payload.size(),
          "the last text ends the payload");
  for (const auto here : {whole->length_at, whole->begin}) {
    const auto early = find_last_text(payload.first(here), payload.size(), types);
    require(early.has_value() == (here == whole->begin), "its length tells where it is");
  }
}

} // namespace

void frames(std::string_view input) {
  static const auto shared = served();
  const limits bounds{.max_frame_bytes = 4096, .max_in_flight_requests = 8};
  counters stats;
  constexpr std::uint64_t actor = 9;
  std::array<char, 20> peer{};
  peer.fill('p');
  std::vector<char> requests; // what the broker received
  {
    translator rules(shared, bounds, stats, make_node(100, peer), actor);
    while (input.size() >= header_size) {
      auto head = read_header(input.data());
      auto what = rules.on_header(head);
      if (what == translator::action::close)
        break;
      require(head.payload_size <= bounds.max_frame_bytes, "a frame is bounded");
      if (input.size() - header_size < head.payload_size)
        break;
      std::vector<char> frame(input.begin(), input.begin() + header_size + head.payload_size);
      input.remove_prefix(frame.size());
      check_last_text(std::span<const char>(frame).subspan(header_size), shared.requests);
      if (what == translator::action::feed)
        what = rules.on_frame(frame);
      if (what == translator::action::close)
        break;
      if (what == translator::action::feed) {
        auto fed = read_header(frame.data());
        if (is_mutant("frames") &&
            head.is(operation::direct_message)) // the mutant: the peer's name
          fed.source = head.source;
        check_fed(fed, shared, actor);
        if (fed.is(operation::direct_message))
          requests.insert(requests.end(), frame.begin(), frame.end());
      }
      require(rules.in_flight() <= bounds.max_in_flight_requests, "requests are bounded");
      require(stats.in_flight == rules.in_flight(), "requests are counted");
      check_output(rules.replies(), "the guard's");
      rules.replies().clear();
    }
    // The gateway answers each request: one answer leaves for each.
    const auto waiting = rules.in_flight();
    for (std::size_t at = 0; at < requests.size();) {
      auto head = read_header(requests.data() + at);
      const auto size = header_size + head.payload_size;
      std::swap(head.source, head.dest);
      head.data |= response_bit;
      write_header(requests.data() + at, head);
      at += size;
    }
    rules.on_output(requests);
    check_output(requests, "the answers'");
    require(stats.answers == waiting && rules.in_flight() == 0, "every request is answered once");
    // Then any other output of the broker.
    std::vector<char> rest(input.begin(), input.end());
    rules.on_output(rest);
    check_output(rest, "the broker's");
  }
  require(stats.in_flight == 0 && stats.in_flight_bytes == 0, "nothing is left in flight");
}

} // namespace dbengine::fuzz

DBENGINE_FUZZ_TARGET(frames)
