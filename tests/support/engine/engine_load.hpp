// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Clients that load an engine with every kind of request, over the facade and over the typed
// handle, and record the answers in a `write_log`.
// Thread safety: created, read and stopped by one thread; each client runs on a separate thread.

#pragma once

#include "support/engine/write_log.hpp"

#include <dbengine/actors/handles.hpp>
#include <dbengine/db_engine.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace dbengine::test {

struct load_settings {
  int facade_clients = 8;
  int message_clients = 8;
  /// Requests that a message client has in flight at once.
  int window = 4;
  /// The deadline of each request.
  std::chrono::milliseconds timeout{30'000};
  /// Failures that are expected here. Any other failure is wrong.
  std::set<errc> foreseen = {errc::poison, errc::unavailable};
  /// The failures that may leave a write's outcome unknown. (`outcome_unknown` always may, for a
  /// write with several commits.)
  std::set<errc> unknown_with = {};
  bool backups = false;
  bool checkpoints = true;
  unsigned seed = 1;
};

class engine_load {
public:
  /// Clients are numbered from `first_client` on, so that several loads of one file use different
  /// keys.
  engine_load(detail::backend& db, engine_actor handle, caf::actor_system& sys, load_settings s,
              int first_client);
  ~engine_load();
  engine_load(const engine_load&) = delete;
  engine_load& operator=(const engine_load&) = delete;

  /// Lets each client finish its requests in flight, then ends the clients.
  void stop();

  /// The smallest number of requests that a client had answered without an error.
  std::uint64_t least_done() const;
  std::uint64_t done() const;
  std::uint64_t failures(errc c) const { return failed_[static_cast<std::size_t>(c)].load(); }

  // After `stop`:
  std::vector<const write_log*> write_logs() const;
  /// The number of incorrect results, unexpected failures, and missing or surplus answers.
  std::uint64_t wrong() const { return wrong_.load(); }
  std::string first_wrong() const;

private:
  enum class kind : std::uint8_t {
    insert,
    batch,
    transaction,
    script,
    returning,
    once,
    refused,     // a CHECK fails
    rollback,    // the same, and it rolls back the whole transaction around it
    deferred,    // a foreign key violation at COMMIT
    steps,       // a script whose statements are committed one by one
    read,        // the client's last row
    lambda,      // facade: an interactive transaction
    stream,      // facade: a cursor
    maintenance, // a checkpoint
    backup,
    report // statistics and health
  };
  struct client;
  struct facade_client;
  struct message_client;

  static std::unique_ptr<client> make_facade_client(engine_load& l, int number);
  static std::unique_ptr<client> make_message_client(engine_load& l, int number,
                                                     caf::actor_system& sys);

  static kind pick(const load_settings& s, std::minstd_rand& random);
  void note_wrong(const std::string& what);
  /// Counts a failure; false if it is not expected for this kind.
  void failed(kind k, const error_info& e);

  request_view db_;
  engine_actor handle_;
  load_settings settings_;
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<client>> clients_;
  std::vector<std::thread> threads_;
  std::array<std::atomic<std::uint64_t>, 64> failed_{};
  std::atomic<std::uint64_t> wrong_{0};
  mutable std::mutex mutex_; // guards first_wrong_
  std::string first_wrong_;
};

} // namespace dbengine::test
