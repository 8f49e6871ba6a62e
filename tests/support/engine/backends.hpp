// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// All backends through which an engine is reached, so that one suite runs against each and expects
// equal answers.
// Thread safety: that of a `db_engine`.
// Ownership: owns the engine and the folder of its file.

#pragma once

#include "support/engine/engine_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace dbengine::test {

/// The object that a suite calls: the facade's interface over any backend.
class target : public requesting<target> {
public:
  /// The name of the backend, e.g. "handle on a file".
  std::string name;
  /// Transactions, snapshots and raw connections are available: the engine is in this process and
  /// behind the facade.
  bool interactive = true;
  /// Over the wire: the port also bounds queued requests and message sizes.
  bool remote = false;
  /// The database is in memory; otherwise `file` is its file.
  bool memory = false;
  std::filesystem::path file;

  request_view with(request_options o) const { return {*backend_, std::move(o)}; }
  request_view with_timeout(std::chrono::milliseconds t) const { return with({}).with_timeout(t); }
  request_view with_cancel(std::stop_token t) const { return with({}).with_cancel(std::move(t)); }
  request_view with_priority(dbengine::priority p) const { return with({}).with_priority(p); }
  request_view with_id(std::string id) const { return with({}).with_id(std::move(id)); }

  dbengine::backup_info get_backup_info() const { return backend_->backup_info(); }
  statistics get_stats() const { return backend_->statistics(); }
  health_report health() const { return backend_->health(); }
  dbengine::database_info database_info() const { return backend_->database_info(); }
  void shutdown() { backend_->shutdown(); }

  detail::backend& backend() const { return *backend_; }
  const request_options& properties() const noexcept { return properties_; }

private:
  friend void on_every_backend(const options&, const std::function<void(target&)>&);
  std::shared_ptr<detail::backend> backend_;
  request_options properties_;
};

struct backend_kind {
  const char* name;
  bool interactive;
  /// Throws the errors of opening.
  std::shared_ptr<detail::backend> (*open)(const std::string& url, const options& o);
};
std::span<const backend_kind> backends();

/// Runs the check on a fresh database for each backend. A remote backend serves the same options.
void on_every_backend(const options& o, const std::function<void(target&)>& check);
/// The same with two readers and otherwise the default options.
void on_every_backend(const std::function<void(target&)>& check);

} // namespace dbengine::test
