// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The control plane of the facade without statements, over any actor in the engine's place. It
// follows backups as the local backend does, and shows what a call was checked for.
// Thread safety: calls by any thread; hooks and observers by the test's.

#pragma once

#include "facade/control_plane.hpp"
#include "workers/progress_listeners.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::test {

[[noreturn]] inline void no_statements() {
  throw error(errc::not_allowed, "a control plane runs no statements");
}

class bare_control_plane final : public actors::facade::control_plane {
public:
  bare_control_plane(caf::actor_system& sys, engine_actor engine) {
    connect(sys, std::move(engine));
  }
  ~bare_control_plane() override { disconnect(); }

  rows fetch(std::string_view, const params_view&, const request_options&) override {
    no_statements();
  }
  write_result execute(std::string_view, const params_view&, const request_options&) override {
    no_statements();
  }
  batch_result execute_many(std::string_view, std::span<const params>,
                            const request_options&) override {
    no_statements();
  }
  std::vector<operation_result> transact(std::span<const operation>,
                                         const request_options&) override {
    no_statements();
  }
  script_result script(std::string_view, script_mode, const request_options&) override {
    no_statements();
  }
  std::unique_ptr<detail::cursor_source> open_cursor(std::string_view, const params_view&,
                                                     std::size_t, const request_options&) override {
    no_statements();
  }
  std::unique_ptr<detail::scope> begin_write(const request_options&) override { no_statements(); }
  std::unique_ptr<detail::scope> begin_read(const request_options&) override { no_statements(); }
  std::unique_ptr<detail::scope> begin_raw(bool, const request_options&) override {
    no_statements();
  }
  void shutdown() override {}

  /// "report", "read" or "write": what the last call was checked for.
  std::string checked() const { return checked_.load(); }
  /// Called by the next calls' checks, and when a backup is followed.
  std::function<void()> on_check, on_follow;
  actors::workers::progress_listeners listeners;
  std::atomic<int> followed{0};

private:
  void check_call(access a) const override {
    checked_ = a == access::report ? "report" : a == access::read ? "read" : "write";
    if (on_check)
      on_check();
  }
  void follow_backup(const caf::actor& sender) override {
    listeners.add(sender.id(), std::make_shared<actors::workers::progress_channel>(sender));
    ++followed;
    if (on_follow)
      on_follow();
  }
  void unfollow_backup(const caf::actor& sender) noexcept override {
    followed -= listeners.find(sender.id()) != nullptr ? 1 : 0;
    listeners.remove(sender.id());
  }

  mutable std::atomic<const char*> checked_{""};
};

} // namespace dbengine::test
