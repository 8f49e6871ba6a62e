// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/server/decode_line.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"

#include <dbengine/defaults.hpp>

#include <algorithm>

namespace dbengine::actors::remote {

namespace {

bool is_large(const wire_request& what, const text_pieces& pieces) {
  return (what.body.size() > defaults::wire_inline_bytes || !pieces.empty()) &&
         carries_statements(static_cast<wire_kind>(what.kind)) &&
         !DBENGINE_MUTANT("decodes in the gateway");
}

/// What bypasses the line: messages of the protocol, and requests that need no worker.
bool is_urgent(const wire_request& what) {
  const auto kind = static_cast<wire_kind>(what.kind);
  if (kind == wire_kind::hello || kind == wire_kind::cancel || kind == wire_kind::more)
    return true;
  bool urgent = false;
  system::visit_kind(kind, [&]<class Row>(Row) {
    urgent = Row::rule.to == system::route::stats ||
             (Row::rule.to == system::route::backup && Row::rule.does == system::effect::reads);
  });
  return urgent;
}

void refuse(peer_request& t, error_info why) noexcept {
  if (!base::try_with_retries([&] { t.refuse(why); }))
    base::log_limited(base::log_level::error, "no answer", "no memory to answer a peer");
}

} // namespace

bool decode_line::enqueue(wire_request& what, text_pieces& pieces, peer_request& t,
                          std::uint64_t peer) {
  if (!decoder_ || is_urgent(what))
    return false;
  auto at = connections_.find(t.peer);
  if (at == connections_.end()) {
    if (!is_large(what, pieces))
      return false;
    at = connections_.try_emplace(t.peer).first;
    at->second.peer = peer;
  }
  at->second.line.push_back({std::move(what), std::move(pieces), t});
  if (at->second.line.size() == 1)
    decode(at);
  return true;
}

bool decode_line::has(const caf::actor_addr& who, std::uint64_t id) const {
  const auto at = connections_.find(who);
  return at != connections_.end() &&
         std::any_of(at->second.line.begin(), at->second.line.end(),
                     [id](const waiting& w) { return w.whose.id == id; });
}

void decode_line::cancel(const caf::actor_addr& who, std::uint64_t id) {
  const auto at = connections_.find(who);
  if (at == connections_.end())
    return;
  for (auto& w : at->second.line)
    w.cancelled = w.cancelled || w.whose.id == id;
}

void decode_line::remove(const caf::actor_addr& who) {
  const auto at = connections_.find(who);
  if (at == connections_.end())
    return;
  for (auto& w : at->second.line)
    refuse(w.whose, {.code = errc::cancelled, .message = "the connection has ended"});
  connections_.erase(at);
}

void decode_line::decode(place at) {
  const auto [peer, first] = peers_.try_emplace(at->second.peer);
  if (first)
    send(at);
  else
    peer->second.push_back(at->first);
}

void decode_line::send(place at) {
  auto& first = at->second.line.front();
  auto job = std::make_shared<decode_job>();
  job->kind = static_cast<wire_kind>(first.what.kind);
  job->body = std::move(first.what.body);
  job->pieces = std::move(first.pieces);
  const auto who = at->first;
  const auto peer = at->second.peer;
  base::retry_on_bad_alloc([&] {
    self_->request(decoder_, caf::infinite, job)
        .then([this, job, who, peer](bool) { decoded(who, peer, *job); },
              [this, job, who, peer](const caf::error&) {
                job->failure = {.code = errc::unavailable,
                                .message = "the port cannot decode large requests now"};
                decoded(who, peer, *job);
              });
  });
}

void decode_line::decoded(const caf::actor_addr& who, std::uint64_t peer, decode_job& job) {
  // Sends the next request of this peer first, so that the decoder stays busy.
  for (auto& turns = peers_[peer];;) {
    if (turns.empty()) {
      peers_.erase(peer);
      break;
    }
    const auto next = connections_.find(turns.front());
    turns.pop_front();
    if (next != connections_.end()) {
      send(next);
      break;
    }
  }
  const auto at = connections_.find(who);
  if (at == connections_.end())
    return; // it was refused when its connection ended
  auto first = std::move(at->second.line.front());
  at->second.line.pop_front();
  if (job.failure)
    refuse(first.whose, *job.failure);
  else if (first.cancelled)
    refuse(first.whose, {.code = errc::cancelled, .message = "cancelled before it began"});
  else
    serve_(first.what, first.whose, &job.result);
  serve_small(at);
}

void decode_line::serve_small(place at) {
  auto& line = at->second.line;
  while (!line.empty()) {
    if (is_large(line.front().what, line.front().pieces))
      return decode(at);
    auto next = std::move(line.front());
    line.pop_front();
    if (next.cancelled)
      refuse(next.whose, {.code = errc::cancelled, .message = "cancelled before it began"});
    else
      serve_(next.what, next.whose, nullptr);
  }
  connections_.erase(at);
}

} // namespace dbengine::actors::remote
