// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Checks whether the engine reaches its targets: every workload beside raw SQLite and SQLiteCpp in
// the same run; see README.md.

#include "contest.hpp"
#include "idle.hpp"
#include "machine.hpp"
#include "work_folder.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstring>
#include <exception>

namespace {

using namespace dbengine::bench;

constexpr const char* about =
    "bench-targets: the engine beside raw SQLite and SQLiteCpp, in paired rounds.\n"
    "Exits with 0 if every target is met, with 1 if one is not, with 2 on a usage error.\n";

int run(const settings& s) {
  const auto workloads = all_workloads();
  if (s.list) {
    for (const auto& w : workloads)
      std::printf("%-18s %s\n", w.name.c_str(), w.title.c_str());
    std::printf("%-18s %s\n", "idle", "wake-ups and memory of an open and unused database");
    return 0;
  }
  const work_folder folder(s.directory);
  nlohmann::json document{{"program", "bench-targets"},
                          {"date", today()},
                          {"machine", describe_machine(folder.path())},
                          {"settings", to_json(s)},
                          {"load_average_before", load_average()},
                          {"rows", nlohmann::json::array()}};
  std::printf("%s\n%zu rounds of %.1f s, MEMSTATUS %s (for all), raw connections %s%s\n\n",
              machine_line(document.at("machine")).c_str(), s.rounds, s.seconds,
              s.memstatus ? "on" : "off", s.raw_serialized ? "serialised" : "NOMUTEX",
              s.rounds < 5 ? "  [fewer than 5 rounds: no measurement]" : "");
  const auto original = folder.path() / "template.db";
  make_template(original);
  bool all_met = true;
  std::size_t ran = 0;
  const auto keep = [&](nlohmann::json row, const std::string& text) {
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
    all_met = all_met && row.value("met", true);
    document["rows"].push_back(std::move(row));
    ++ran;
    if (!s.json.empty()) // after each row: an interrupted run keeps its results
      write_json(s.json, document);
  };
  for (const auto& w : workloads)
    if (s.selected(w.name)) {
      const auto result = compete(w, s, original, folder.path());
      keep(to_json(result), to_text(result));
    }
  if (s.selected("idle")) {
    auto result = measure_idle(s, original, folder.path());
    const auto text = idle_text(result);
    keep(std::move(result), text);
  }
  if (ran == 0) {
    std::fprintf(stderr, "no workload has that name (see --list)\n");
    return 2;
  }
  return all_met ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 1 && std::strcmp(argv[1], idle_probe_flag) == 0)
      return run_idle_probe(argc, argv);
    const auto s = parse_settings(argc, argv, about);
    apply_process_settings(s);
    return run(s);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench-targets: %s\n", e.what());
    return 2;
  }
}
