// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The cursors of a port's peers.

#include "remote/server/gateway_serving.hpp"

namespace dbengine::actors::remote {

std::size_t gateway_serving::cursors_of(std::uint64_t number) const {
  std::size_t n = 0;
  for (const auto& [who, p] : self_->state.peers)
    n += p.number == number ? p.cursors.size() + p.opening : 0;
  return n;
}

void gateway_serving::serve(cursor_open& r, peer_request& t) {
  r.options.read_only = true;
  auto& mine = *find(t);
  if (cursors_of(mine.number) >= limits_.max_cursors)
    forget_idle_cursors(mine.number);
  if (cursors_of(mine.number) >= limits_.max_cursors)
    throw error(errc::overloaded, "this peer has " + std::to_string(limits_.max_cursors) +
                                      " cursors open, the most that it may");
  ++mine.opening;
  run<cursor_id>(
      t, std::move(r), true,
      [this](peer_request& to, const cursor_id& x) {
        if (auto* p = find(to)) {
          --p->opening;
          p->cursors[x.number] = {clock::now(), clock::now()};
        } else {
          self_->send(engine_, cursor_close{x});
        }
        deliver(to, x);
      },
      [this](peer_request& to, const error_info& why) {
        if (auto* p = find(to))
          --p->opening;
        to.refuse(why);
      });
}

void gateway_serving::forget_idle_cursors(std::uint64_t number) {
  const auto oldest = clock::now() - defaults::cursor_idle;
  for (auto& [who, p] : self_->state.peers)
    for (auto c = p.cursors.begin(); p.number == number && c != p.cursors.end();) {
      const auto at = c++;
      if (at->second.used < oldest) {
        self_->send(engine_, cursor_close{{at->first}});
        p.cursors.erase(at);
      }
    }
}

void gateway_serving::serve(cursor_next& r, peer_request& t) {
  const auto number = r.id.number;
  auto& mine = find(t)->cursors;
  const auto used = mine.find(number);
  if (used == mine.end())
    throw error(errc::invalid_state, "cursor " + std::to_string(number) + " is not open");
  const auto now = clock::now();
  if (now - used->second.opened > limits_.max_cursor_age) {
    self_->send(engine_, cursor_close{r.id});
    mine.erase(used);
    throw error(errc::invalid_state, "cursor " + std::to_string(number) +
                                         " was closed: it was open for longer than this port "
                                         "allows");
  }
  used->second.used = now;
  const auto forget = [this, peer = t.peer, number] {
    if (const auto it = self_->state.peers.find(peer); it != self_->state.peers.end())
      it->second.cursors.erase(number);
  };
  run<rows>(
      t, r, true,
      [this, forget, number](peer_request& to, const rows& x) {
        if (x.empty())
          forget();            // the end: the cursor is closed
        if (!deliver(to, x)) { // without these rows the following ones are useless
          self_->send(engine_, cursor_close{{number}});
          forget();
        }
      },
      [forget](peer_request& to, const error_info& why) {
        forget(); // the failure closed it
        to.refuse(why);
      });
}

void gateway_serving::serve(cursor_close& r, peer_request& t) {
  if (find(t)->cursors.erase(r.id.number) != 0)
    self_->send(engine_, r);
  t.deliver(wire_outcome::result, {});
}

} // namespace dbengine::actors::remote
