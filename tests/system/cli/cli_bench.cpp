// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of `dbengine bench`: its options, which are those of jpy-sync-db-lite, what it prints,
// what it writes, what it refuses.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"

#include <algorithm>
#include <fstream>

#include <nlohmann/json.hpp>

#include "support/test.hpp" // last

using namespace dbengine::test;

namespace {

struct fixture {
  engine_folder folder;
  run_result go(std::vector<std::string> words) const {
    words.insert(words.begin(), "bench");
    return run(words, {.input = {}, .folder = folder.path});
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_bench, fixture)

CAF_TEST(several tests and batch sizes after one option each) {
  const auto r = go({"--tests", "single", "bulk", "--operations", "20", "--batch-sizes", "5", "10",
                     "--json", "b.json", "--dir", "."});
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK(has(r.out, "Single writes"));
  CAF_CHECK(has(r.out, "10 rows a transaction"));
  CAF_CHECK(has(r.out, "Batch size: "));
  CAF_CHECK(!has(r.out, "Selects"));
  CAF_CHECK(has(r.err, "bench: bulk"));
  std::ifstream in(folder.path / "b.json");
  const auto j = nlohmann::json::parse(in);
  CAF_CHECK_EQUAL(j.at("findings").size(), 4u);
  for (const auto& f : j.at("findings"))
    CAF_CHECK(f.at("rate").get<double>() > 0);
  CAF_CHECK(!j.at("recommendations").empty());
  // Only the JSON file is left.
  CAF_CHECK_EQUAL(std::distance(std::filesystem::directory_iterator(folder.path),
                                std::filesystem::directory_iterator()),
                  1);
}

CAF_TEST(scaling reports threads on leases and of workers behind a handle) {
  const auto r = go({"--tests", "scaling", "--operations", "10", "--workers", "3", "--json",
                     "b.json", "--dir", "."});
  CAF_CHECK_EQUAL(r.code, 0);
  std::ifstream in(folder.path / "b.json");
  const auto j = nlohmann::json::parse(in);
  int threads = 0;
  std::vector<int> workers;
  for (const auto& f : j.at("findings"))
    if (f.contains("workers"))
      workers.push_back(f.at("workers").get<int>());
    else
      threads += f.contains("threads") ? 1 : 0;
  CAF_CHECK_EQUAL(threads, 4);
  CAF_CHECK_EQUAL(workers, (std::vector<int>{1, 2, 3, 4}));
  CAF_CHECK(has(r.out, "Reading threads: "));
  CAF_CHECK(has(r.out, "Workers: "));
}

CAF_TEST(every other test of the tool runs and leaves its figures) {
  const auto r = go({"--tests", "select", "concurrent", "transaction", "backup", "memory",
                     "--operations", "10", "--backup-enabled", "--json", "b.json", "--dir", "."});
  CAF_CHECK_EQUAL(r.code, 0);
  std::ifstream in(folder.path / "b.json");
  const auto j = nlohmann::json::parse(in);
  for (const std::string test : {"select", "concurrent", "transaction", "backup", "memory"})
    CAF_CHECK(std::any_of(j.at("findings").begin(), j.at("findings").end(), [&](const auto& f) {
      return f.at("test") == test && f.at("rate").template get<double>() > 0 &&
             f.at("p99_us").template get<double>() >= f.at("p50_us").template get<double>();
    }));
  CAF_CHECK(has(r.out, "Memory: "));
  CAF_CHECK(has(r.out, "Backup: "));
  CAF_CHECK(has(r.out, "Single writes: "));
}

CAF_TEST(mistakes are refused before anything runs) {
  const std::vector<std::vector<std::string>> wrong{{"--tests", "sngle"},
                                                    {"--operations", "1"},
                                                    {"--workers", "65"},
                                                    {"--batch-sizes", "0"},
                                                    {"--batch-sizes", "ten"}};
  for (const auto& words : wrong) {
    const auto r = go(words);
    CAF_CHECK_EQUAL(r.code, 2);
    CAF_CHECK(r.out.empty());
  }
  CAF_CHECK(has(go({"--tests", "sngle"}).err, "did you mean 'single'"));
  const auto nowhere = go({"--json", "none/b.json"});
  CAF_CHECK_EQUAL(nowhere.code, 1);
  CAF_CHECK_EQUAL(nowhere.err, "error: cannot write none/b.json: No such file or directory\n");
  const auto full = run({"bench", "--tests", "single", "--operations", "10", "--dir", "."},
                        {.folder = folder.path, .output_to = "/dev/full"});
  CAF_CHECK_EQUAL(full.code, 1);
  CAF_CHECK(has(full.err, "error: cannot write standard output: No space left on device\n"));
}

CAF_TEST_FIXTURE_SCOPE_END()
