// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The control plane of the facade: each call becomes the message that a CAF caller would send, to
// the same handle, and the calling thread waits for the answer. Backends, local and remote, derive
// from it and add the data plane: statements and scopes.
// Thread safety: any thread. Ownership: shares the engine's handle. Errors: the answer's, thrown.
// Cost: a message and its answer, some tens of microseconds; statements do not take this path for
// that reason.

#pragma once

#include <dbengine/actors/handles.hpp>
#include <dbengine/backend.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <cstdint>
#include <utility>

namespace dbengine::actors::facade {

class control_plane : public detail::backend {
public:
  bool request_backup(const request_options& o) override;
  void backup_to(const std::filesystem::path& target, const progress_callback& progress,
                 const request_options& o) override;
  dbengine::backup_info backup_info() override;
  dbengine::statistics statistics() override;
  health_report health() override;
  dbengine::database_info database_info() override;
  void vacuum(const request_options& o) override;
  void analyze(std::string_view table, const request_options& o) override;
  void optimize(const request_options& o) override;
  std::vector<std::string> integrity_check(bool quick, const request_options& o) override;
  checkpoint_result checkpoint(checkpoint_mode mode, const request_options& o) override;
  void set_pragma(std::string_view name, const value& v, const request_options& o) override;

protected:
  /// What a call needs of the engine; determines which check the call must pass.
  enum class access : std::uint8_t {
    report, ///< of an engine that may be shut down
    read,
    write
  };

  /// Called in the backend's constructor, before the first call.
  void connect(caf::actor_system& sys, engine_actor engine);
  /// Called in the backend's destructor: the handle must not outlive the actor system.
  engine_actor disconnect() noexcept { return std::exchange(engine_, {}); }

private:
  /// Throws if this thread may not call now, for example in a forked child. Called before any use
  /// of CAF.
  virtual void check_call(access a) const = 0;
  /// `progress` follows the calls of `sender` from here to `unfollow`. Only for engines of this
  /// process.
  virtual void follow_backup(const caf::actor& sender);
  virtual void unfollow_backup(const caf::actor& sender) noexcept;

  template <class Result, class Request>
  Result ask(access a, Request r, const request_options& o, const progress_callback& progress = {});
  maintenance_result maintain(maintenance_request m, const request_options& o);

  caf::actor_system* system_ = nullptr;
  engine_actor engine_;
};

} // namespace dbengine::actors::facade
