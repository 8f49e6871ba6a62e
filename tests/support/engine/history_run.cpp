// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#ifdef DBENGINE_FAULTS

#include "support/engine/handle_backend.hpp"
#include "support/engine/history_client.hpp"
#include "support/faults/kill_round.hpp"

#include "facade/local_backend.hpp"
#include "system/engine_handle.hpp"

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>

#include <caf/io/middleman.hpp>
#include <caf/logger.hpp>

#include <memory>
#include <thread>

namespace dbengine::test {

namespace {

using namespace std::chrono_literals;

// No circuit opens: an engine survives any number of worker failures here.
constexpr actors::workers::restart_policy restless{
    .intensity = 1'000'000, .backoff_min = 1ms, .backoff_max = 2ms};

struct port_config : host_config {
  port_config() { load<caf::io::middleman>(); }
};

// One engine, reached by facade, handle and wire.
class three_backends {
public:
  three_backends(const std::string& url, const options& o)
      : engine_(url, o, {.restarts = restless}), ports_(config_) {
    caf::logger::set_current_actor_system(nullptr);
    handle_ = actors::system::engine_handle::make(engine_.engine());
    const auto port = actors::publish(ports_, handle_);
    if (!port)
      throw actors::to_error(port.error());
    by_handle_ = std::make_unique<handle_backend>(handle_);
    remote_.emplace(db_engine::connect("127.0.0.1:" + std::to_string(*port)));
  }
  ~three_backends() {
    remote_.reset();
    by_handle_.reset();
    actors::shutdown(engine_.engine()->system(), handle_);
    handle_ = nullptr;
  }
  three_backends(const three_backends&) = delete;
  three_backends& operator=(const three_backends&) = delete;

  detail::backend& facade() noexcept { return engine_; }
  detail::backend& handle() noexcept { return *by_handle_; }
  detail::backend& remote() noexcept { return remote_->backend(); }
  const std::shared_ptr<actors::system::engine_system>& root() const noexcept {
    return engine_.engine();
  }

private:
  actors::facade::local_backend engine_;
  port_config config_;
  caf::actor_system ports_;
  engine_actor handle_;
  std::unique_ptr<handle_backend> by_handle_;
  std::optional<db_engine> remote_;
};

std::uint64_t kill_until(const std::atomic<bool>& end,
                         const std::shared_ptr<actors::system::engine_system>& root,
                         unsigned seed) {
  static const std::string others[] = {"reader.before_statement",        "reader.after_statement",
                                       "lease.before_statement",         "writer.checkpoint",
                                       "inline.before_statement",        "inline.after_statement",
                                       "read_on_writer.before_statement"};
  std::minstd_rand random(seed);
  const auto below = [&random](std::size_t n) { return std::size_t{random()} / 16 % n; };
  killer k(root);
  while (!end) {
    const auto& point = below(3) != 0 ? writer_points[below(std::size(writer_points))]
                                      : others[below(std::size(others))];
    const bool exits = below(3) == 0 && point != "lease.before_statement";
    k.arm({point, exits ? death::exits : death::throws, below(20)});
    if (!k.struck(100ms))
      k.disarm(); // these clients seldom pass the point
    std::this_thread::sleep_for(std::chrono::milliseconds(below(10)));
  }
  k.disarm();
  return k.kills();
}

} // namespace

history_result run_history(const history_settings& s, const std::filesystem::path& folder) {
  const auto file = folder / ("history" + std::to_string(s.seed) + ".db");
  options o{.num_workers = 2, .max_leases = 4, .cache_size = 1 << 20};
  if (s.stops)
    o.functions.push_back(stop_me());
  history_result r;
  frontier f;
  std::vector<std::unique_ptr<history_client>> clients;
  {
    three_backends all("sqlite:///" + file.string(), o);
    request_view(all.facade(), {}).execute_script(history_schema);
    const auto add = [&](int count, detail::backend& db, bool interactive) {
      for (int i = 0; i < count; ++i)
        clients.push_back(std::make_unique<history_client>(static_cast<int>(clients.size()), db,
                                                           interactive, s, f));
    };
    add(s.facade_clients, all.facade(), true);
    add(s.handle_clients, all.handle(), false);
    add(s.remote_clients, all.remote(), false);
    std::atomic<std::uint64_t> asked{0};
    std::atomic<bool> end{false};
    std::vector<std::thread> threads;
    for (const auto& c : clients)
      threads.emplace_back([&asked, client = c.get()] { client->run(asked); });
    std::thread stopper([&] {
      while (s.cancels && !end) {
        for (const auto& c : clients)
          c->stop_when_due();
        std::this_thread::sleep_for(200us);
      }
    });
    std::thread killing([&] {
      if (s.kills)
        r.kills = kill_until(end, all.root(), s.seed);
    });
    for (auto& t : threads)
      t.join();
    end = true;
    stopper.join();
    killing.join();
  }
  std::vector<const history*> histories;
  for (const auto& c : clients) {
    r.add(c->findings());
    histories.push_back(&c->records());
  }
  check_histories(histories, file, r);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"})
    std::filesystem::remove(file.string() + suffix);
  return r;
}

} // namespace dbengine::test

#endif
