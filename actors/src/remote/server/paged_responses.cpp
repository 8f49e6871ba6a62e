// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/server/paged_responses.hpp"

#include <dbengine/defaults.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace dbengine::actors::remote {

namespace {

constexpr std::chrono::seconds kept_for{30};

} // namespace

bool paged_responses::may_hold(peer_request& t, std::size_t bytes) {
  drop_old();
  const auto s = by_peer_.find(t.peer);
  const bool own = (s == by_peer_.end() ? 0 : s->second.bytes) + bytes > limits_.max_answer_bytes;
  if (!own && bytes_ + bytes <= limits_.max_total_answer_bytes)
    return true;
  t.refuse({.code = errc::too_big,
            .outcome = t.writes ? outcome::unknown : outcome::not_run,
            .message = "the result has " + std::to_string(bytes) +
                       " bytes, more than this port may hold now (" +
                       (own ? std::to_string(limits_.max_answer_bytes) + " for one peer"
                            : std::to_string(limits_.max_total_answer_bytes) + " for all peers") +
                       "): use a cursor" + (t.writes ? "; what it wrote is committed" : "")});
  return false;
}

void paged_responses::hold(peer_request& t, std::string bytes, std::size_t part) {
  auto& s = by_peer_[t.peer];
  s.bytes += bytes.size();
  bytes_ += bytes.size();
  const auto at =
      s.answers.insert_or_assign(t.id, response{std::move(bytes), 0, clock::now()}).first;
  send_part(t, s, at, part);
}

void paged_responses::send_next_part(peer_request& t, std::uint64_t whose) {
  const auto s = by_peer_.find(t.peer);
  if (s != by_peer_.end())
    if (const auto at = s->second.answers.find(whose); at != s->second.answers.end())
      return send_part(t, s->second, at, defaults::wire_part_bytes);
  throw error(errc::invalid_state, "no part is left of the answer " + std::to_string(whose));
}

bool paged_responses::has(const caf::actor_addr& peer, std::uint64_t whose) const {
  const auto s = by_peer_.find(peer);
  return s != by_peer_.end() && s->second.answers.count(whose) != 0;
}

void paged_responses::remove(const caf::actor_addr& peer, std::uint64_t whose) {
  const auto s = by_peer_.find(peer);
  if (s == by_peer_.end())
    return;
  if (const auto at = s->second.answers.find(whose); at != s->second.answers.end())
    drop(s->second, at);
}

void paged_responses::remove(const caf::actor_addr& peer) {
  const auto s = by_peer_.find(peer);
  if (s == by_peer_.end())
    return;
  bytes_ -= s->second.bytes;
  by_peer_.erase(s);
}

paged_responses::place paged_responses::drop(peer_responses& s, place at) {
  bytes_ -= at->second.bytes.size();
  s.bytes -= at->second.bytes.size();
  return s.answers.erase(at);
}

void paged_responses::drop_old() {
  const auto oldest = clock::now() - kept_for;
  for (auto& [peer, s] : by_peer_)
    for (auto a = s.answers.begin(); a != s.answers.end();)
      a = a->second.since < oldest ? drop(s, a) : std::next(a);
}

void paged_responses::send_part(peer_request& t, peer_responses& s, place at, std::size_t part) {
  auto& h = at->second;
  const auto n = std::min(part, h.bytes.size() - h.sent);
  auto body = base::encode(static_cast<std::uint64_t>(h.bytes.size()));
  body.append(h.bytes, h.sent, n);
  h.sent += n;
  h.since = clock::now();
  if (h.sent == h.bytes.size())
    drop(s, at);
  t.deliver(wire_outcome::part, std::move(body));
}

} // namespace dbengine::actors::remote
