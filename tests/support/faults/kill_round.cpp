// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#ifdef DBENGINE_FAULTS

#include "support/faults/kill_round.hpp"

#include "facade/local_backend.hpp"
#include "support/engine/engine_load.hpp"
#include "support/faults/faulty_vfs.hpp"
#include "system/engine_handle.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>
#include <thread>

namespace dbengine::test {

namespace {

using namespace std::chrono_literals;

// The bound for each kill and each restart.
constexpr auto bound = 60s;

// Quick restarts, and no circuit opens: another suite tests circuits. Here an engine survives any
// number of worker failures.
constexpr actors::workers::restart_policy restless{
    .intensity = 1'000'000, .backoff_min = 1ms, .backoff_max = 2ms};

std::set<std::string> struck;

template <class F>
bool comes(F&& condition, std::chrono::milliseconds within = bound) {
  const auto give_up = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up)
      return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

load_settings settings_of(const kill_round& round, bool stalls) {
  load_settings s{.timeout = round.timeout, .seed = round.seed};
  for (const auto& p : round.plans)
    s.backups = s.backups || p.point.starts_with("backup.") || p.point.starts_with("scheduler.");
  if (stalls) {
    s.timeout = 150ms;
    s.foreseen.insert(errc::timeout);
    s.unknown_with.insert(errc::timeout);
  }
  if (const auto& d = round.disk) {
    s.foreseen.insert(errc::io);
    bool settling_fails = d->in_a_row > 1 || d->broken_at_the_end;
    for (const auto& p : round.plans)
      settling_fails =
          settling_fails || p.point == "writer.settle" || p.point == "writer.checkpoint";
    if (settling_fails) {
      s.foreseen.insert(errc::fenced);
      s.unknown_with.insert(errc::fenced);
    }
  }
  return s;
}

// A separate snapshot, which the engine cannot recall.
std::unique_ptr<sqlite::connection> pin(engine::engine& core) {
  auto reader = core.file().open_reader();
  reader->snapshot().refresh();
  sqlite::request_control ctl(10s, {});
  static_cast<void>(reader->fetch("SELECT count(*) FROM t", {}, ctl));
  return reader;
}

void remove_database(const std::filesystem::path& file) {
  for (const char* suffix : {"", "-wal", "-shm", ".lock"})
    std::filesystem::remove(file.string() + suffix);
}

// Runs after the engine has been closed.
void compare_file(const std::filesystem::path& file, const engine_load& load, round_result& r) {
  r.requests = load.done();
  r.wrong = load.wrong();
  r.first_wrong = load.first_wrong();
  r.found = compare(file, load.write_logs());
  if (const auto problems = integrity(file); !problems.empty() && ++r.wrong == 1)
    r.first_wrong = "integrity: " + problems;
  remove_database(file);
}

} // namespace

std::filesystem::path crash_image(const std::filesystem::path& database) {
  const std::filesystem::path copy = database.string() + ".crashed";
  remove_database(copy);
  for (const char* suffix : {"", "-wal"})
    std::filesystem::copy_file(database.string() + suffix, copy.string() + suffix);
  return copy;
}

namespace {

options options_of(const kill_round& round, const std::filesystem::path& folder,
                   std::atomic<std::uint64_t>& fences) {
  options o{.num_workers = 2,
            .max_leases = 4,
            .backup_dir = folder / "backups",
            .backup_cleanup_keep_count = 1,
            .backup_pages_per_step = 8,
            .synchronous = round.disk ? synchronous::full : synchronous::normal,
            .cache_size = 1 << 20};
  o.on_escalation = [&fences](const escalation& e) {
    fences += e.what == escalation_kind::writing_fenced;
  };
  return o;
}

// Waits until each plan has struck.
void strike(const kill_round& round, killer& k, const engine_load& load, bool stalls,
            round_result& r) {
  for (const auto& p : round.plans)
    k.arm(p);
  if (stalls) {
    // A stalled worker keeps the other plans from striking, so it is released in time.
    comes([&] { return k.kills() > 0; });
    comes([&] { return load.failures(errc::timeout) > 0; }, 300ms);
    r.timeouts = load.failures(errc::timeout);
    k.release();
  }
  r.struck = k.struck(bound);
  if (!r.struck)
    std::fprintf(stderr, "not reached: %s\n", k.left().c_str());
  else
    for (const auto& p : round.plans)
      struck.insert(p.point);
  k.disarm();
}

// Makes the disk fail from here on, to the end.
bool break_disk(const kill_round& round, killer& k, const engine_load& load) {
  const auto refused = [&] { return load.failures(errc::fenced) + load.failures(errc::io); };
  const auto so_far = refused();
  // The last write is not synced, and may reappear. With luck a worker fails at that moment.
  k.arm({"writer.before_answer", death::throws, round.seed % 4});
  k.arm({"writer.before_answer", death::throws, 0});
  faulty_vfs::arm_gone(1 + static_cast<int>(round.seed % 7));
  return comes([&] { return refused() > so_far + 16; });
}

} // namespace

round_result run(const kill_round& round, const std::filesystem::path& folder) {
  static int number = 0;
  const auto file = folder / ("round" + std::to_string(++number) + ".db");
  bool stalls = false;
  for (const auto& p : round.plans)
    stalls = stalls || p.how == death::stalls;
  const auto& disk = round.disk;
  round_result r;
  std::atomic<std::uint64_t> fences{0};
  actors::facade::local_backend engine(disk ? "sqlite:///file:" + file.string() +
                                                  "?vfs=" + faulty_vfs::name()
                                            : "sqlite:///" + file.string(),
                                       options_of(round, folder, fences), {.restarts = restless});
  const auto& inside = engine.engine();
  request_view(engine, {}).execute_script(write_log_schema);
  auto reader = disk && disk->pinned ? pin(inside->core()) : nullptr;
  killer k(inside);
  engine_load load(engine, actors::system::engine_handle::make(inside), inside->system(),
                   settings_of(round, stalls), 1);
  if (disk)
    faulty_vfs::arm_now_and_then(round.seed, disk->every, disk->in_a_row);
  strike(round, k, load, stalls, r);
  if (disk)
    r.failed_calls = static_cast<std::uint64_t>(faulty_vfs::disarm());
  const auto before = load.done();
  const auto least = load.least_done();
  r.served_on = comes([&] { return load.least_done() >= least + 3 && load.done() > before + 48; });
  if (disk && disk->broken_at_the_end)
    r.served_on = break_disk(round, k, load) && r.served_on;
  k.disarm();
  load.stop();
  if (disk && disk->broken_at_the_end) {
    const auto image = crash_image(file);
    r.crashed = compare(image, load.write_logs());
    remove_database(image);
  }
  r.kills = k.kills();
  r.restarts = engine.statistics().restarts;
  reader.reset();
  engine.shutdown();
  if (disk)
    r.failed_calls +=
        disk->broken_at_the_end ? static_cast<std::uint64_t>(faulty_vfs::disarm()) : 0;
  r.fences = fences;
  compare_file(file, load, r);
  return r;
}

void report(const kill_round& round, const round_result& r) {
  std::string text;
  for (const auto& p : round.plans)
    text += " " + p.point + "/" + to_string(p.how) + "/" + std::to_string(p.after);
  if (const auto& d = round.disk)
    text += "; disk: every " + std::to_string(d->every) + ", in a row " +
            std::to_string(d->in_a_row) + (d->pinned ? ", pinned" : "") +
            (d->broken_at_the_end ? ", broken at the end" : "");
  std::fprintf(stderr, "kills:%s\n  struck %d, served on %d, wrong %llu (%s)\n  %s\n  %s\n",
               text.c_str(), r.struck, r.served_on, static_cast<unsigned long long>(r.wrong),
               r.first_wrong.c_str(), r.found.text().c_str(), r.crashed.text().c_str());
}

const std::set<std::string>& points_struck() {
  return struck;
}

std::set<std::string> points_in_sources() {
  std::set<std::string> names;
  // Matches up to the end of the statement, which may name two points and use one of them.
  const std::regex use("DBENGINE_FAULT_POINT\\(([^;]*)\\);");
  const std::regex name("\"([a-z_]+\\.[a-z_]+)\"");
  for (const char* library : {"/libengine", "/actors"})
    for (const auto& e : std::filesystem::recursive_directory_iterator(DBENGINE_SOURCE_DIR +
                                                                       std::string(library))) {
      if (!e.is_regular_file() || e.path().filename() == "fault.hpp")
        continue;
      std::ifstream in(e.path());
      const std::string text(std::istreambuf_iterator<char>(in), {});
      for (std::sregex_iterator it(text.begin(), text.end(), use), end; it != end; ++it) {
        const auto argument = (*it)[1].str();
        const std::sregex_iterator first(argument.begin(), argument.end(), name);
        if (first == end)
          throw std::runtime_error("a fault point without a name in " + e.path().string());
        for (auto n = first; n != end; ++n)
          names.insert((*n)[1].str());
      }
    }
  return names;
}

} // namespace dbengine::test

#endif
