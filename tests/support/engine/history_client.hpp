// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One client of a history: sends random requests, records the answers, and checks each answer as
// far as it can at once.
// Thread safety: belongs to its thread; any thread may call `stop_when_due`.

#pragma once

#include "support/engine/history.hpp"

#include <dbengine/backend.hpp>
#include <dbengine/db_engine.hpp>

#include <mutex>
#include <optional>
#include <random>
#include <stop_token>

namespace dbengine::test {

/// The SQL function `stop_me(client, x)`: requests the stop of the client's running request and
/// returns x.
function stop_me();

class history_client {
public:
  /// `interactive`: transactions and snapshots are available.
  history_client(int number, detail::backend& db, bool interactive, const history_settings& s,
                 frontier& f);

  /// Sends requests until all clients together have sent enough.
  void run(std::atomic<std::uint64_t>& asked);
  /// Cancels the request in flight once its random moment has passed.
  void stop_when_due();

  const history& records() const noexcept { return records_; }
  /// The failures found during the run.
  const history_result& findings() const noexcept { return found_; }

private:
  enum class kind : std::uint8_t { insert, returning, transaction, batch, script, interactive };

  void write(kind k);
  void read_one(bool list);
  void read_snapshot();
  void read_cursor();
  std::int64_t call(kind k, const request_view& db, std::uint32_t op, bool list, int key);
  history::read look(const rows& r, int key, bool list) const;
  void saw(std::int64_t version, std::int64_t before);
  /// Runs `f` as one request with random options; `f` gets a view. Exceptions of `f` pass through.
  template <class F>
  auto request(const std::string& id, F&& f);
  /// Notes an error that the settings do not explain. Returns what the error says about a write.
  told failed(const error& e, const char* what);
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_()) / 16 % n; }
  void wrong(const std::string& what);

  detail::backend* db_;
  bool interactive_;
  const history_settings* settings_;
  frontier* frontier_;
  std::minstd_rand random_;
  history records_;
  history_result found_;
  std::uint32_t ops_ = 0;

  std::mutex mutex_; // guards under_way_, due_
  std::optional<std::stop_source> under_way_;
  std::chrono::steady_clock::time_point due_;
};

} // namespace dbengine::test
