// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "bench_command/async_reads.hpp"

#include <dbengine/actors/messages.hpp>
#include <dbengine/actors/spawn.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <exception>
#include <future>

namespace dbengine::app::bench {

namespace {

using clock = std::chrono::steady_clock;

struct host_config : caf::actor_system_config {
  host_config() {
    actors::setup(*this);
    set("scheduler.policy", caf::atom("sharing")); // work stealing polls while it is idle
  }
};

/// State shared by the requesting actor and the thread that waits for it. Only the actor uses it
/// until `done`.
struct order {
  engine_actor engine;
  std::string sql;
  std::function<params(std::size_t)> values;
  std::vector<double> times;
  std::promise<void> done;
};

struct asker_state {
  static inline const char* name = "asker";
  order* what = nullptr;
  std::size_t sent = 0;
  std::size_t answered = 0;
  bool failed = false;
};

using asker = caf::stateful_actor<asker_state>;

void ask(asker* self) {
  auto& state = self->state;
  auto& what = *state.what;
  const auto i = state.sent++;
  const auto start = clock::now();
  self->request(what.engine, caf::infinite, fetch_request{what.sql, what.values(i)})
      .then(
          [self, i, start](const rows&) {
            auto& s = self->state;
            if (s.failed)
              return;
            s.what->times[i] =
                std::chrono::duration<double, std::micro>(clock::now() - start).count();
            if (++s.answered == s.what->times.size())
              s.what->done.set_value();
            else if (s.sent < s.what->times.size())
              ask(self);
          },
          [self](const caf::error& e) {
            if (!std::exchange(self->state.failed, true))
              self->state.what->done.set_exception(std::make_exception_ptr(actors::to_error(e)));
          });
}

} // namespace

finding measure_async_reads(const std::filesystem::path& file, int workers, std::size_t count,
                            std::size_t outstanding, const std::string& sql,
                            const std::function<params(std::size_t)>& values) {
  host_config cfg;
  caf::actor_system sys(cfg);
  order what{.engine = actors::spawn_engine(sys, file.string(), {.num_workers = workers}),
             .sql = sql,
             .values = values,
             .times = std::vector<double>(count),
             .done = {}};
  const stopwatch watch;
  auto ends = what.done.get_future();
  {
    const auto actor = sys.spawn([&what, outstanding](asker* self) {
      self->state.what = &what;
      for (std::size_t i = 0; i < std::min(outstanding, what.times.size()); ++i)
        ask(self);
    });
    ends.wait();
  }
  auto f = watch.finish(std::move(what.times));
  actors::shutdown(sys, what.engine);
  what.engine = nullptr;
  sys.await_all_actors_done();
  ends.get(); // throws the error of a failed request
  return f;
}

} // namespace dbengine::app::bench
