// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/engine_load.hpp"

#include "support/engine/engine_load_client.hpp"

#include <algorithm>

namespace dbengine::test {

engine_load::engine_load(detail::backend& db, engine_actor handle, caf::actor_system& sys,
                         load_settings s, int first_client)
    : db_(db, {}), handle_(std::move(handle)), settings_(std::move(s)) {
  for (int i = 0; i < settings_.facade_clients; ++i)
    clients_.push_back(make_facade_client(*this, first_client++));
  for (int i = 0; i < settings_.message_clients; ++i)
    clients_.push_back(make_message_client(*this, first_client++, sys));
  for (const auto& c : clients_)
    threads_.emplace_back([raw = c.get()] { raw->run(); });
}

engine_load::~engine_load() {
  stop();
}

void engine_load::stop() {
  stop_.store(true);
  for (auto& t : threads_)
    if (t.joinable())
      t.join();
  handle_ = nullptr;
}

engine_load::kind engine_load::pick(const load_settings& s, std::minstd_rand& random) {
  // Per cent.
  static constexpr std::pair<kind, unsigned> shares[] = {
      {kind::insert, 30},     {kind::batch, 6},     {kind::transaction, 8}, {kind::script, 2},
      {kind::steps, 2},       {kind::returning, 6}, {kind::once, 6},        {kind::refused, 4},
      {kind::rollback, 4},    {kind::deferred, 4},  {kind::lambda, 6},      {kind::stream, 3},
      {kind::maintenance, 1}, {kind::backup, 1},    {kind::report, 1},      {kind::read, 16}};
  auto n = static_cast<unsigned>(random()) / 16 % 100;
  for (const auto& [k, share] : shares) {
    if (n < share)
      return (k == kind::backup && !s.backups) || (k == kind::maintenance && !s.checkpoints)
                 ? kind::read
                 : k;
    n -= share;
  }
  return kind::read;
}

std::uint64_t engine_load::least_done() const {
  auto least = ~std::uint64_t{0};
  for (const auto& c : clients_)
    least = std::min(least, c->answered.load(std::memory_order_relaxed));
  return least;
}

std::uint64_t engine_load::done() const {
  std::uint64_t sum = 0;
  for (const auto& c : clients_)
    sum += c->answered.load(std::memory_order_relaxed);
  return sum;
}

std::vector<const write_log*> engine_load::write_logs() const {
  std::vector<const write_log*> all;
  for (const auto& c : clients_)
    all.push_back(&c->book);
  return all;
}

void engine_load::note_wrong(const std::string& what) {
  wrong_.fetch_add(1);
  const std::lock_guard lock(mutex_);
  if (first_wrong_.empty())
    first_wrong_ = what;
}

std::string engine_load::first_wrong() const {
  const std::lock_guard lock(mutex_);
  return first_wrong_;
}

void engine_load::failed(kind k, const error_info& e) {
  failed_[static_cast<std::size_t>(e.code)].fetch_add(1);
  const bool bad_by_nature = (k == kind::refused || k == kind::rollback || k == kind::deferred) &&
                             e.code == errc::constraint;
  const bool backup =
      k == kind::backup && (e.code == errc::backup_failed || e.code == errc::internal);
  const bool steps = k == kind::steps && e.code == errc::outcome_unknown;
  if (!bad_by_nature && !backup && !steps && settings_.foreseen.count(e.code) == 0)
    note_wrong("an answer that was not foreseen: " + to_string(e));
  else if (e.outcome == outcome::unknown && !steps && settings_.unknown_with.count(e.code) == 0 &&
           client::keys_of(k) > 0)
    note_wrong("an outcome that nobody can know: " + to_string(e));
}

} // namespace dbengine::test
