// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Measures point reads from one CAF actor with 100 requests in flight, beside one thread with raw
// SQLite; see README.md.

#include "contest.hpp"
#include "machine.hpp"
#include "work_folder.hpp"

#include <dbengine/actors/spawn.hpp>

#include <nlohmann/json.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <future>
#include <stdexcept>
#include <thread>

namespace {

using namespace dbengine::bench;
using steady = std::chrono::steady_clock;

constexpr const char* about =
    "bench-pipelined: point reads from one actor with 100 requests outstanding, beside one raw thread.\n"
    "Exits with 0 if the target is met, with 1 if it is not, with 2 on a usage error.\n";
constexpr int outstanding = 100;
constexpr std::uint64_t time_every = 16;

struct host_config : caf::actor_system_config {
  host_config() {
    dbengine::actors::setup(*this);
    // As in the engine's own actor systems: with work stealing, idle scheduler threads poll.
    set("scheduler.policy", caf::atom("sharing"));
  }
};

// State shared by the pump and the thread that measures it.
struct gauge {
  std::atomic<std::uint64_t> answered{0};
  std::atomic<bool> timing{false};
  std::atomic<bool> stop{false};
  // Written by the pump only, read after `done` is set.
  latencies times;
  std::promise<void> done;
};

struct pump_state {
  static inline const char* name = "pump";
  dbengine::engine_actor engine;
  gauge* meter = nullptr;
  random_source random{1};
  std::uint64_t sent = 0;
  int waiting = 0;
  bool failed = false;
};

using pump_actor = caf::stateful_actor<pump_state>;

void send_next(pump_actor* self);

// Handles an answer; the last one after a stop or a failure ends the pump.
void answered(pump_actor* self) {
  auto& s = self->state;
  --s.waiting;
  if (!s.failed && !s.meter->stop.load(std::memory_order_relaxed))
    return send_next(self);
  if (s.waiting > 0)
    return;
  if (!s.failed)
    s.meter->done.set_value();
  self->quit();
}

void fail(pump_actor* self, const std::string& why) {
  auto& s = self->state;
  if (!s.failed)
    s.meter->done.set_exception(std::make_exception_ptr(std::runtime_error(why)));
  s.failed = true;
}

void send_next(pump_actor* self) {
  auto& s = self->state;
  const auto id =
      1 + static_cast<std::int64_t>(s.random() % static_cast<std::uint64_t>(user_count));
  const bool timed = s.sent++ % time_every == 0 && s.meter->timing.load(std::memory_order_relaxed);
  const auto begin = timed ? steady::now() : steady::time_point{};
  ++s.waiting;
  self->request(s.engine, caf::infinite,
                dbengine::fetch_request{point_sql, dbengine::params::of(id)})
      .then(
          [self, id, timed, begin](const dbengine::rows& rows) {
            auto& state = self->state;
            if (timed)
              state.meter->times.add(steady::now() - begin);
            if (rows.size() != 1 || rows[0][0].as<std::int64_t>() != id)
              fail(self, "engine: point read gave another row");
            state.meter->answered.fetch_add(1, std::memory_order_relaxed);
            answered(self);
          },
          [self](const caf::error& e) {
            fail(self, to_string(e));
            answered(self);
          });
}

caf::behavior pump(pump_actor* self, dbengine::engine_actor engine, gauge* meter) {
  self->state.engine = std::move(engine);
  self->state.meter = meter;
  for (int i = 0; i < outstanding; ++i)
    send_next(self);
  return {[](caf::unit_t) {}};
}

sample measure_actor(const std::filesystem::path& file, const settings& s) {
  host_config config;
  caf::actor_system system{config};
  const auto o = open_settings_for(s, dbengine::synchronous::normal);
  auto engine = dbengine::actors::spawn_engine(
      system, file.string(), {.cache_size = o.cache_size, .mmap_size = o.mmap_size});
  sample result;
  std::exception_ptr failure;
  try {
    using seconds = std::chrono::duration<double>;
    gauge meter;
    auto done = meter.done.get_future();
    system.spawn(pump, engine, &meter);
    std::this_thread::sleep_for(seconds(std::max(0.1, s.seconds / 5)));
    const noise_monitor noise;
    meter.timing = true;
    const auto first = meter.answered.load();
    const auto begin = steady::now();
    std::this_thread::sleep_for(seconds(s.seconds));
    result.rate =
        static_cast<double>(meter.answered.load() - first) / seconds(steady::now() - begin).count();
    result.foreign = noise.other_share();
    meter.stop = true;
    done.get();
    result.times = meter.times;
  } catch (...) {
    failure = std::current_exception();
  }
  dbengine::actors::shutdown(system, engine);
  engine = nullptr;
  if (failure)
    std::rethrow_exception(failure);
  return result;
}

int run(const settings& s) {
  workload asked;
  asked.name = "pipelined-100";
  asked.title = "point SELECT from one actor, 100 outstanding";
  asked.target = 0.7;
  if (s.list) {
    std::printf("%-18s %s\n", asked.name.c_str(), asked.title.c_str());
    return 0;
  }
  for (const auto& w : all_workloads())
    if (w.name == "point-1") {
      asked.operation = w.operation;
      asked.time_every = w.time_every;
    }
  const work_folder folder(s.directory);
  nlohmann::json document{{"program", "bench-pipelined"},
                          {"date", today()},
                          {"machine", describe_machine(folder.path())},
                          {"settings", to_json(s)},
                          {"load_average_before", load_average()}};
  std::printf("%s\n\n", machine_line(document.at("machine")).c_str());
  const auto original = folder.path() / "template.db";
  make_template(original);
  outcome result{.asked = asked, .records = {{"raw", {}, {}, {}}, {"engine", {}, {}, {}}}};
  if (!s.skipped("sqlitecpp"))
    result.records.push_back({"sqlitecpp", {}, {}, {}});
  const auto file = folder.path() / "bench.db";
  for (std::size_t round = 0; round < s.rounds; ++round)
    for (auto& r : result.records) {
      for (const char* end : {"", "-wal", "-shm", ".lock"})
        std::filesystem::remove(file.string() + end);
      std::filesystem::copy_file(original, file);
      sample taken;
      if (r.subject == "engine")
        taken = measure_actor(file, s);
      else
        taken = measure(*(r.subject == "raw" ? open_raw : open_sqlitecpp)(
                            file, open_settings_for(s, asked.synchronous)),
                        {1, s.seconds, asked.time_every, asked.operation, r.subject.c_str()});
      r.rates.push_back(taken.rate);
      r.fairness.push_back(0);
      r.times.merge(taken.times);
      result.foreign = std::max(result.foreign, taken.foreign);
    }
  document["rows"] = {to_json(result)};
  std::printf("%s\n", to_text(result).c_str());
  if (!s.json.empty())
    write_json(s.json, document);
  return met(result).value_or(false) ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  try {
    const auto s = parse_settings(argc, argv, about);
    apply_process_settings(s);
    return run(s);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench-pipelined: %s\n", e.what());
    return 2;
  }
}
