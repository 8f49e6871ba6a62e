// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A served database: its engine in the server's actor system.
#pragma once

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace dbengine::app::serve {

/// Everything an engine reports about itself at one moment.
struct snapshot {
  dbengine::statistics statistics = {};
  health_report health = {};
  /// Empty if the file cannot be read, because it was replaced or is damaged.
  std::optional<database_info> database = std::nullopt;
  /// Empty if the backup folder does not respond.
  std::optional<backup_info> backup = std::nullopt;
  /// Statistics of its port; empty if it is not published.
  std::optional<actors::port_statistics> peers = std::nullopt;
};

/// An engine that the server runs.
/// Thread safety: any thread.
/// Ownership: the actor system outlives it.
class database {
public:
  /// Opens the engine.
  /// Errors: `dbengine::error`.
  database(caf::actor_system& system, std::string name, const std::string& url, options o);
  /// Shuts the engine down.
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  const std::string& name() const noexcept { return name_; }
  const engine_actor& engine() const noexcept { return engine_; }

  /// Collects the statistics, health and file data.
  /// Errors: `dbengine::error`; `errc::timeout` if the engine does not respond in time.
  snapshot collect_snapshot(std::chrono::milliseconds timeout) const;
  /// Sends no message to an actor or worker, so that a probe is answered without waiting.
  health_report health() const { return actors::health_of(engine_); }
  /// For how long no write, or no read, has completed because of statements that do not return.
  std::chrono::milliseconds stuck_for() const { return actors::stuck_for(engine_); }

  /// Opens a port for remote clients.
  /// Errors: `dbengine::error`.
  void publish(const publish_options& how);
  /// "127.0.0.1:7000"; empty if the database is not published. Set before the pages are created.
  const std::string& where() const noexcept { return where_; }

  /// Refuses new requests and finishes waiting ones within the engine's `shutdown_timeout`.
  /// Idempotent. Returns the names of the abandoned workers.
  std::vector<std::string> drain();

private:
  caf::actor_system& system_;
  std::string name_;
  std::string where_;
  std::uint16_t port_ = 0;
  std::chrono::milliseconds shutdown_timeout_;
  engine_actor engine_;
};

} // namespace dbengine::app::serve
