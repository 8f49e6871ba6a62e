// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "bench_command/bench_command.hpp"

#include "bench_command/cases.hpp"
#include "output/output_file.hpp"
#include "output/output_stream.hpp"
#include "ui/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <optional>
#include <thread>

#include <unistd.h>

namespace dbengine::app {

namespace {

using namespace bench;

struct test_case {
  const char* name;
  const char* title;
  void (*run)(workplace&);
};

constexpr test_case cases[] = {
    {"single", "Single writes", run_single},
    {"bulk", "Bulk inserts", run_bulk},
    {"select", "Selects", run_select},
    {"concurrent", "Concurrent operations", run_concurrent},
    {"transaction", "Transactions", run_transaction},
    {"scaling", "Scaling over workers and threads", run_scaling},
    {"backup", "Backups", run_backup},
    {"memory", "Memory", run_memory},
};

// The number of edits that turn one word into the other.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

void check(const bench_settings& s) {
  const auto& names = bench_tests();
  for (const auto& test : s.tests)
    if (std::find(names.begin(), names.end(), test) == names.end()) {
      const auto nearest =
          *std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
            return distance(test, a) < distance(test, b);
          });
      throw error(errc::invalid_option,
                  "no test is called '" + test + "'; the nearest is '" + nearest + "'");
    }
  if (s.operations < 10)
    throw error(errc::invalid_option,
                "operations: at least 10, not " + std::to_string(s.operations));
  if (s.workers < 1 || s.workers > defaults::max_num_workers)
    throw error(errc::invalid_option, "workers: 1 to " + std::to_string(defaults::max_num_workers) +
                                          ", not " + std::to_string(s.workers));
  if (s.batch_sizes.empty() ||
      std::find(s.batch_sizes.begin(), s.batch_sizes.end(), 0U) != s.batch_sizes.end())
    throw error(errc::invalid_option, "batch sizes: at least one, each from 1 up");
}

bool wanted(const bench_settings& s, const test_case& t) {
  if (s.tests.empty())
    return std::strcmp(t.name, "backup") != 0 || s.backup_enabled;
  return std::find(s.tests.begin(), s.tests.end(), t.name) != s.tests.end();
}

class scratch_folder {
public:
  explicit scratch_folder(const std::filesystem::path& parent) {
    auto name = (parent / "dbengine-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw error(errc::io,
                  "cannot create a folder in " + parent.string() + ": " + std::strerror(errno));
    path_ = name;
  }
  ~scratch_folder() {
    std::error_code e;
    std::filesystem::remove_all(path_, e);
    if (e)
      std::fprintf(stderr, "could not remove %s: %s\n", ui::visible(path_.string()).c_str(),
                   e.message().c_str());
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
};

nlohmann::json to_json(const finding& f) {
  nlohmann::json j{{"test", f.test},  {"label", f.label},        {"unit", f.unit},
                   {"rate", f.rate},  {"p50_us", f.p50},         {"p99_us", f.p99},
                   {"max_us", f.max}, {"processor", f.processor}};
  for (const auto& [name, x] : f.more)
    j[name] = x;
  return j;
}

void write_json(const bench_settings& s, const std::vector<finding>& findings,
                const std::vector<std::string>& advice, output_file& to) {
  nlohmann::json j{
      {"program", "dbengine bench"},        {"cores", std::thread::hardware_concurrency()},
      {"operations", s.operations},         {"workers", s.workers},
      {"backup_enabled", s.backup_enabled}, {"findings", nlohmann::json::array()},
      {"recommendations", advice}};
  for (const auto& f : findings)
    j["findings"].push_back(to_json(f));
  to.stream().write(j.dump(2) + "\n");
  to.commit();
}

} // namespace

const std::vector<std::string>& bench_tests() {
  static const auto names = [] {
    std::vector<std::string> result;
    for (const auto& t : cases)
      result.emplace_back(t.name);
    return result;
  }();
  return names;
}

int run_bench(const bench_settings& s) {
  check(s);
  std::optional<output_file> json; // an unwritable file is reported before the measurements
  if (!s.json.empty())
    json.emplace(s.json);
  const scratch_folder folder(s.directory.empty() ? std::filesystem::temp_directory_path()
                                                  : s.directory);
  std::printf("%zu operations a measurement, %d %s, %u cores, databases in %s\n", s.operations,
              s.workers, s.workers == 1 ? "worker" : "workers", std::thread::hardware_concurrency(),
              ui::visible(folder.path().parent_path().string()).c_str());
  std::vector<finding> findings;
  for (const auto& t : cases) {
    if (!wanted(s, t))
      continue;
    if (s.progress)
      s.progress(std::string("bench: ") + t.name);
    std::printf("\n%-34s %21s %8s %8s %5s\n", t.title, "rate", "p50", "p99", "cpu");
    workplace w(s, folder.path(), t.name);
    t.run(w);
    findings.insert(findings.end(), w.findings().begin(), w.findings().end());
  }
  const auto advice = recommend(s, findings);
  if (!advice.empty())
    std::printf("\nRecommendations\n");
  for (const auto& line : advice)
    std::printf("  %s\n", line.c_str());
  output_stream(stdout).finish(); // reports failed writes
  if (json)
    write_json(s, findings, advice, *json);
  return 0;
}

} // namespace dbengine::app
