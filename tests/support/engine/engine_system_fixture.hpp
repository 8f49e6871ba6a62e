// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An engine whose internals the test can reach, and requests that count their answers.
// Thread safety: each object belongs to the test's thread.
// Ownership: the engine ends with the fixture.

#pragma once

#include "support/engine/engine_fixture.hpp"
#include "support/eventually.hpp"
#include "system/engine_system.hpp"
#include "workers/reports.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace dbengine::test {

using namespace std::chrono_literals;

/// Counts its answers; only one answer is right.
class counted_request final : public engine::request {
public:
  using engine::request::request;

  void refuse(const error_info& why) noexcept override {
    refusal = why;
    answers.fetch_add(1);
  }
  /// The error that answered the request, from any thread; `none` if it succeeded.
  error_info outcome_info() const { return refusal ? *refusal : failure.value_or(error_info{}); }
  errc code() const { return outcome_info().code; }

  std::optional<error_info> refusal;
  std::atomic<int> answers{0};

private:
  void answered() noexcept override { answers.fetch_add(1); }
};

using counted_ptr = std::shared_ptr<counted_request>;

class engine_system_fixture {
public:
  struct config : caf::actor_system_config {
    config() {
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", 2);
      actors::setup(*this);
    }
  };

  explicit engine_system_fixture(options o = {}, actors::system::spawn_settings s = {},
                                 const std::string& url = {}) {
    system = std::make_unique<caf::actor_system>(cfg);
    engine = actors::system::engine_system::open(*system, url.empty() ? folder.url() : url,
                                                 std::move(o), s);
  }
  ~engine_system_fixture() {
    if (engine)
      engine->stop(10s);
  }

  engine::engine& core() { return engine->core(); }
  statistics stats() {
    engine->refresh_samples();
    return actors::workers::report_statistics(core(), engine->workers(), engine->backups());
  }
  health_report health() { return engine->health(); }
  worker_health worker(const std::string& name) {
    for (auto& w : health().workers)
      if (w.name == name)
        return w;
    return {};
  }

  counted_ptr make(engine::request::kind k, std::string sql,
                   std::chrono::milliseconds timeout = 60s) {
    const auto deadline = sqlite::clock::now() + timeout;
    auto r = std::make_shared<counted_request>(k, sqlite::request_control(deadline, {}));
    r->deadline = deadline;
    r->sql = std::move(sql);
    return r;
  }
  counted_ptr write(std::string sql, std::chrono::milliseconds timeout = 60s) {
    auto r = make(engine::request::kind::execute, std::move(sql), timeout);
    core().writes().submit(r);
    return r;
  }
  counted_ptr read(std::string sql, std::chrono::milliseconds timeout = 60s) {
    auto r = make(engine::request::kind::fetch, std::move(sql), timeout);
    core().reads().submit(r);
    return r;
  }
  static bool answered(const counted_ptr& r) {
    return eventually([&] { return r->answers.load() > 0; });
  }
  /// Runs a write and waits for it. Returns true if the write succeeded and had one answer.
  bool done(std::string sql) {
    const auto r = write(std::move(sql));
    return answered(r) && r->code() == errc::none && r->answers == 1;
  }
  std::int64_t number(const std::string& sql) {
    const auto r = read(sql);
    if (!answered(r) || r->code() != errc::none)
      throw error(r->outcome_info());
    return std::get<rows>(r->result)[0][0].as<std::int64_t>();
  }

  engine_folder folder;
  config cfg;
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<actors::system::engine_system> engine;
};

/// Restarts failed workers after 1 to 5 ms.
inline actors::system::spawn_settings quick_restarts(int intensity = 1'000) {
  actors::system::spawn_settings s;
  s.restarts = {.intensity = intensity, .period = 60s, .backoff_min = 1ms, .backoff_max = 5ms};
  return s;
}

} // namespace dbengine::test
