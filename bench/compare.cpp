// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Compares two JSON results of the benchmark programs, one from before and one from after a change.

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using nlohmann::json;

constexpr const char* help = R"(bench-compare BEFORE.json AFTER.json [--fail-below R]

For each workload in both files: the engine's rate before and after, raw SQLite's (which says how much of a change is
the machine's), and the ratio of the engine to raw, which is what counts. With --fail-below, ends with 1 where a ratio
fell below R times what it was. A row is marked "within spread" where the spreads of both runs' ratios overlap.
)";

json read(const std::string& file) {
  std::ifstream in(file);
  if (!in)
    throw std::runtime_error("cannot read " + file);
  auto document = json::parse(in);
  if (!document.contains("rows"))
    throw std::runtime_error(file + " is not the result of a benchmark program: it has no rows");
  return document;
}

const json* row_named(const json& document, const std::string& name) {
  for (const auto& row : document.at("rows"))
    if (row.at("name") == name)
      return &row;
  return nullptr;
}

const json* subject(const json& row, const char* name) {
  if (!row.contains("subjects") || !row["subjects"].contains(name))
    return nullptr;
  return &row["subjects"][name];
}

void warn_if_machines_differ(const json& a, const json& b) {
  for (const char* key : {"machine", "settings"})
    if (a.value(key, json{}) != b.value(key, json{}))
      std::printf("note: %s differs: %s | %s\n", key, a.value(key, json{}).dump().c_str(),
                  b.value(key, json{}).dump().c_str());
}

// Returns whether the row is worse than `fail_below` allows.
bool compare_rates(const std::string& name, const json& before, const json& after,
                   double fail_below) {
  const auto* e0 = subject(before, "engine");
  const auto* e1 = subject(after, "engine");
  const auto* r0 = subject(before, "raw");
  const auto* r1 = subject(after, "raw");
  if (e0 == nullptr || e1 == nullptr || r0 == nullptr || r1 == nullptr || !e0->contains("ratio"))
    return false;
  const auto rate = [](const json* x) { return x->at("rate").get<double>(); };
  const auto at = [](const json* x, const char* key) {
    return x->at("ratio").at(key).get<double>();
  };
  const double change = at(e1, "median") / at(e0, "median");
  const bool overlap = at(e0, "min") <= at(e1, "max") && at(e1, "min") <= at(e0, "max");
  const bool worse = change < fail_below;
  const bool noisy = before.value("noisy", false) || after.value("noisy", false);
  std::printf("%-18s %10.0f %10.0f %+6.1f %% | raw %+6.1f %% | x raw %5.2f %5.2f %+6.1f %%%s%s%s\n",
              name.c_str(), rate(e0), rate(e1), (rate(e1) / rate(e0) - 1) * 100,
              (rate(r1) / rate(r0) - 1) * 100, at(e0, "median"), at(e1, "median"),
              (change - 1) * 100, overlap ? "  within spread" : "", worse ? "  WORSE" : "",
              noisy ? "  [noisy]" : "");
  return worse;
}

void compare_idle(const json& before, const json& after) {
  const auto* e0 = subject(before, "engine");
  const auto* e1 = subject(after, "engine");
  if (e0 == nullptr || e1 == nullptr)
    return;
  std::printf("%-18s wake-ups/s %.1f -> %.1f, resident %.1f -> %.1f MB\n", "idle",
              e0->at("wakeups_per_second").get<double>(),
              e1->at("wakeups_per_second").get<double>(),
              e0->at("resident_bytes").get<double>() / (1 << 20),
              e1->at("resident_bytes").get<double>() / (1 << 20));
}

int run(const std::vector<std::string>& args) {
  std::vector<std::string> files;
  double fail_below = 0;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "--help" || args[i] == "-h") {
      std::fputs(help, stdout);
      return 0;
    }
    if (args[i] == "--fail-below") {
      if (++i == args.size())
        throw std::runtime_error("--fail-below needs a value");
      std::size_t used = 0;
      fail_below = std::stod(args[i], &used);
      if (used != args[i].size())
        throw std::runtime_error("--fail-below: '" + args[i] + "' is not a number");
    } else
      files.push_back(args[i]);
  }
  if (files.size() != 2) {
    std::fputs(help, stderr);
    return 2;
  }
  const auto before = read(files[0]);
  const auto after = read(files[1]);
  warn_if_machines_differ(before, after);
  std::printf("%-18s %10s %10s %8s\n", "workload", "before/s", "after/s", "change");
  bool worse = false;
  std::size_t shared = 0;
  for (const auto& row : before.at("rows")) {
    const auto name = row.at("name").get<std::string>();
    const auto* other = row_named(after, name);
    if (other == nullptr) {
      std::printf("%-18s only in %s\n", name.c_str(), files[0].c_str());
      continue;
    }
    ++shared;
    if (name == "idle")
      compare_idle(row, *other);
    else
      worse = compare_rates(name, row, *other, fail_below) || worse;
  }
  if (shared == 0)
    throw std::runtime_error("the files have no workload in common");
  return worse ? 1 : 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench-compare: %s\n", e.what());
    return 2;
  }
}
