// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One served database: its engine in the server's actor system.
#pragma once

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace dbengine::app::serve {

/// All that an engine tells of itself, of one moment.
struct snapshot {
  dbengine::statistics statistics = {};
  health_report health = {};
  /// Nothing where the file cannot be asked, because it was moved or is damaged.
  std::optional<database_info> database = std::nullopt;
  /// Nothing where their folder does not answer.
  std::optional<backup_info> backup = std::nullopt;
  /// Of its port; nothing where it is not published.
  std::optional<actors::port_statistics> peers = std::nullopt;
};

/// Thread rule: any thread. The actor system outlives it.
class database {
public:
  /// Opens the engine. Throws `dbengine::error`.
  database(caf::actor_system& system, std::string name, const std::string& url, options o);
  /// Shuts down.
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  const std::string& name() const noexcept { return name_; }
  const engine_actor& engine() const noexcept { return engine_; }

  /// Throw `dbengine::error`, `errc::timeout` where the engine does not answer in time.
  snapshot look(std::chrono::milliseconds timeout) const;
  /// Asks no actor and no worker, so that nothing keeps a probe waiting.
  health_report health() const { return actors::health_of(engine_); }
  /// How long nothing has been written, or nothing read, because of statements that do not come back.
  std::chrono::milliseconds stuck_for() const { return actors::stuck_for(engine_); }

  /// Opens a port for peers. Throws `dbengine::error`.
  void publish(const publish_options& how);
  /// "127.0.0.1:7000", empty where it is not published. Set before the pages are made.
  const std::string& where() const noexcept { return where_; }

  /// No new requests; what waits is finished within the engine's `shutdown_timeout`. Idempotent. The workers that were left behind.
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
