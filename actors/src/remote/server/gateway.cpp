// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/server/gateway.hpp"

#include "base/fault.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "base/version.hpp"
#include "remote/server/gateway_serving.hpp"
#include "workers/worker_failure.hpp"

#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <cstring>

namespace dbengine::actors::remote {

gateway_serving::gateway_serving(self_pointer self, engine_actor engine, gateway_rules rules)
    : self_(self), engine_(std::move(engine)), rules_(std::move(rules)), limits_(rules_.limits),
      answers_(limits_),
      line_(self, rules_.decoder, [this](wire_request& what, peer_request& t, decoded_request* d) {
        try {
          d != nullptr ? ask(*d, t) : dispatch(what, t);
        } catch (...) {
          refuse_with_current_exception(t);
        }
      }) {}

void gateway_serving::request(wire_request& what, const caf::strong_actor_ptr& from,
                              std::uint64_t number, peer_request::promise p) {
  if (!from) // no sender to answer
    return;
  peer_request t{caf::actor_cast<caf::actor_addr>(from), what.id, std::move(p)};
  // Before anything that may fail: the pieces are taken at no other place.
  auto pieces =
      what.body.empty() && rules_.large ? rules_.large->take(from->id(), number) : text_pieces{};
  try {
    const auto [peer, first] = self_->state.peers.try_emplace(t.peer);
    if (first) {
      peer->second.number = rules_.peers ? rules_.peers->of(from->id()) : peer_number({});
      self_->monitor(from);
    }
    if (!pieces.empty() && !carries_statements(static_cast<wire_kind>(what.kind)))
      throw error(errc::protocol, "a request of this kind cannot be that large");
    check_unused(peer->second, t);
    if (carries_statements(static_cast<wire_kind>(what.kind)))
      check_allowed(what);
    if (line_.enqueue(what, pieces, t, peer->second.number))
      return;
    if (!pieces.empty())
      what.body = joined(pieces);
    dispatch(what, t);
  } catch (...) {
    refuse_with_current_exception(t);
  }
}

void gateway_serving::peer_down(const caf::actor_addr& who) {
  const auto it = self_->state.peers.find(who);
  if (it == self_->state.peers.end())
    return;
  const auto writes = std::make_shared<std::vector<std::uint64_t>>();
  for (const auto& [id, r] : it->second.requests)
    if (r.reads)
      self_->send(engine_, cancel_request{r.token});
    else
      writes->push_back(r.token);
  if (!writes->empty()) {
    std::sort(writes->begin(), writes->end());
    self_->delayed_send(self_, defaults::orphan_grace, orphans_ptr(writes));
  }
  line_.remove(who);
  for (const auto& [number, used] : it->second.cursors)
    self_->send(engine_, cursor_close{{number}});
  answers_.remove(who);
  self_->state.peers.erase(it);
}

void gateway_serving::stop_orphans(const std::vector<std::uint64_t>& writes) {
  for (auto token = writes.rbegin(); token != writes.rend(); ++token)
    self_->send(engine_, cancel_request{*token});
}

void gateway_serving::refuse_with_current_exception(peer_request& t) noexcept {
  const auto why = base::current_exception_info();
  if (!base::try_with_retries([&] { t.refuse(why); }))
    base::log(base::log_level::error, "no memory to refuse a request of a peer");
}

gateway_state::peer* gateway_serving::find(const peer_request& t) {
  const auto it = self_->state.peers.find(t.peer);
  return it == self_->state.peers.end() ? nullptr : &it->second;
}

void gateway_serving::check_unused(const gateway_state::peer& p, const peer_request& t) const {
  if (DBENGINE_MUTANT("takes an id that is in flight"))
    return;
  if (p.requests.count(t.id) != 0 || answers_.has(t.peer, t.id) || line_.has(t.peer, t.id))
    throw error(errc::invalid_state, "a request with the number " + std::to_string(t.id) +
                                         " is in flight on this connection");
}

void gateway_serving::check_allowed(const wire_request& what) const {
  system::visit_kind(static_cast<wire_kind>(what.kind), [this]<class Row>(Row) {
    if constexpr (Row::rule.does == system::effect::writes)
      check_writable();
  });
}

void gateway_serving::check_writable() const {
  if (rules_.allowed == access::read_only)
    throw error(errc::read_only, "this port allows reading only");
}

void gateway_serving::dispatch(wire_request& what, peer_request& t) {
  const auto kind = static_cast<wire_kind>(what.kind);
  switch (kind) { // messages of the protocol, not of the engine
  case wire_kind::hello: return greet(what, t);
  case wire_kind::cancel: return cancel(what, t);
  case wire_kind::more: return next_part(what, t);
  default: break;
  }
  const bool known = system::visit_kind(kind, [&]<class Row>(Row) {
    if constexpr (Row::rule.statements) {
      auto d = decode_request(kind, what.body);
      ask(d, t);
    } else if constexpr (Row::rule.to != system::route::cancel) {
      typename Row::request r;
      set_timeout(r, read(what, r));
      serve(r, t);
    }
  });
  if (!known)
    throw error(errc::protocol, "a request of unknown kind " + std::to_string(what.kind));
}

void gateway_serving::ask(decoded_request& d, peer_request& t) {
  std::visit(
      [&](auto& r) {
        set_timeout(r, d.timeout);
        if constexpr (std::is_same_v<std::decay_t<decltype(r)>, fetch_request>)
          fetch(r, d.may_write, t);
        else
          serve(r, t);
      },
      d.what);
}

// -- the kinds ------------------------------------------------------------------------------------

void gateway_serving::greet(const wire_request& what, peer_request& t) {
  // The version comes first: in another version the bytes after it may differ.
  std::uint32_t protocol = 0;
  if (what.body.size() >= 12)
    std::memcpy(&protocol, what.body.data() + 8, sizeof protocol);
  if (protocol != wire_protocol)
    throw error(errc::protocol, "the server speaks version " + std::to_string(wire_protocol) +
                                    " of the protocol (dbengine " + std::string(version) +
                                    "), the client version " + std::to_string(protocol));
  std::string client;
  read(what, protocol, client);
  wire_welcome w{.version = std::string(version),
                 .read_only = rules_.allowed == access::read_only,
                 .max_frame_bytes = limits_.max_frame_bytes,
                 .max_requests = limits_.max_in_flight_requests,
                 .max_bytes = limits_.max_in_flight_bytes};
  t.deliver(wire_outcome::result, base::encode(w));
}

void gateway_serving::serve(backup_request& r, peer_request& t) {
  check_writable();
  if (!rules_.allow_backup)
    throw error(errc::not_allowed, "this port makes no backups for its peers");
  run<bool>(t, std::move(r), false, delivering<bool>());
}

void gateway_serving::serve(statistics_request& r, peer_request& t) {
  run<statistics>(t, r, true, [this](peer_request& to, const statistics& x) {
    // Their texts hold literals of peers that may read more than this port allows.
    statistics shown = x;
    if (rules_.allowed == access::read_only)
      shown.slowest.clear();
    deliver(to, shown);
  });
}

void gateway_serving::fetch(fetch_request& r, bool may_write, peer_request& t) {
  const bool forbidden = rules_.allowed == access::read_only || r.options.read_only;
  if (forbidden)
    r.options.id.clear(); // recording the id is a write
  r.options.read_only = forbidden || !may_write;
  const bool ask_again = r.options.read_only && !forbidden;
  const bool reads = r.options.read_only;
  run<rows>(t, std::move(r), reads, delivering<rows>(),
            [ask_again](peer_request& to, const error_info& why) {
              if (ask_again && why.code == errc::read_only)
                to.deliver(wire_outcome::needs_writer, {});
              else
                to.refuse(why);
            });
}

void gateway_serving::cancel(const wire_request& what, peer_request& t) {
  std::uint64_t id = 0;
  read(what, id);
  line_.cancel(t.peer, id);
  const auto& running = find(t)->requests;
  if (const auto it = running.find(id); it != running.end())
    self_->send(engine_, cancel_request{it->second.token});
  answers_.remove(t.peer, id);
  t.deliver(wire_outcome::result, {});
}

void gateway_serving::next_part(const wire_request& what, peer_request& t) {
  std::uint64_t id = 0;
  read(what, id);
  answers_.send_next_part(t, id);
}

local_gateway_actor::behavior_type gateway(gateway_serving::self_pointer self, engine_actor engine,
                                           gateway_rules rules) {
  workers::end_by_exceptions(self);
  auto work = std::make_shared<gateway_serving>(self, std::move(engine), std::move(rules));
  self->set_down_handler(
      [work](caf::scheduled_actor*, caf::down_msg& m) { work->peer_down(m.source); });
  return {
      [self, work](wire_request& what) -> caf::result<wire_answer> {
        const auto from = self->current_sender(); // the promise takes the sender away
        const auto number = self->current_mailbox_element()->mid.request_id().integer_value();
        auto p = self->make_response_promise<wire_answer>();
        work->request(what, from, number, p);
        return p;
      },
      [](const abandoned_requests_ptr&) {},
      [work](const orphans_ptr& writes) { work->stop_orphans(*writes); },
  };
}

} // namespace dbengine::actors::remote
