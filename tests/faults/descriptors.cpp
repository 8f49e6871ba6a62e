// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that open engines until the process has no descriptor left: each opens completely or not at
// all.

#include "support/engine/engine_fixture.hpp"
#include "support/faults/needs_pipes.hpp"
#include "support/process/child.hpp"

#include <dbengine/db_engine.hpp>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

void limit_descriptors(rlim_t soft) {
  rlimit l{};
  ::getrlimit(RLIMIT_NOFILE, &l);
  l.rlim_cur = std::min(soft, l.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &l);
}

// Collects what the engines log from now on.
std::shared_ptr<std::ostringstream> logged() {
  auto out = std::make_shared<std::ostringstream>();
  spdlog::drop("dbengine");
  auto logger = std::make_shared<spdlog::logger>(
      "dbengine", std::make_shared<spdlog::sinks::ostream_sink_mt>(*out));
  spdlog::register_logger(std::move(logger));
  return out;
}

int fail(const std::string& what, int code) {
  std::fprintf(stderr, "%s\n", what.c_str());
  return code;
}

// Opens engines until one is refused, which must return the reason; the others work.
int open_all(const engine_folder& folder, int num_workers) {
  limit_descriptors(200);
  const auto log = logged();
  std::vector<std::unique_ptr<db_engine>> engines;
  error_info e;
  while (e.code == errc::none && engines.size() < 100)
    e = failure_of([&] {
      auto name = "e" + std::to_string(engines.size()) + ".db";
      engines.push_back(
          std::make_unique<db_engine>(folder.url(name), options{.num_workers = num_workers}));
    });
  std::fprintf(stderr, "%zu engines with 200 descriptors; the next: %s\n", engines.size(),
               to_string(e).c_str());
  if (e.code != errc::cannot_open || e.message.find("file descriptors") == std::string::npos)
    return 1;
  if (engines.size() < 4)
    return 2;
  if (std::filesystem::exists(folder.path / ("e" + std::to_string(engines.size()) + ".db")))
    return 3;
  for (auto& db : engines) {
    db->execute("CREATE TABLE t (x)");
    if (!db->health().ok)
      return 4;
  }
  if (!log->str().empty())
    return fail(log->str(), 5);
  // Each engine can be used, one at a time, including the last one opened.
  engines.back()->execute("INSERT INTO t VALUES (7)");
  if (engines.back()->fetch_value<int>("SELECT x FROM t") != 7)
    return 6;
  engines.pop_back();
  engines.push_back(
      std::make_unique<db_engine>(folder.url("again.db"), options{.num_workers = num_workers}));
  return 0;
}

} // namespace

CAF_TEST(an engine without enough descriptors does not open and the others go on) {
  for (const int workers : {1, 6}) {
    CAF_MESSAGE(workers << " readers");
    engine_folder folder;
    CAF_CHECK_EQUAL(in_child([&] { return open_all(folder, workers); }), 0);
  }
}

CAF_TEST(engines that open at once share what is left) {
  engine_folder folder;
  CAF_CHECK_EQUAL(
      in_child([&] {
        limit_descriptors(200);
        const auto log = logged();
        std::vector<std::unique_ptr<db_engine>> engines(24);
        std::vector<std::thread> threads;
        std::atomic<int> wrong{0}, refused{0};
        for (std::size_t i = 0; i < engines.size(); ++i)
          threads.emplace_back([&, i] {
            const auto e = failure_of([&] {
              engines[i] = std::make_unique<db_engine>(folder.url(std::to_string(i) + ".db"));
            });
            refused += e.code != errc::none ? 1 : 0;
            if (e.code != errc::none && (e.code != errc::cannot_open ||
                                         e.message.find("file descriptors") == std::string::npos))
              wrong += fail(to_string(e), 1);
          });
        for (auto& t : threads)
          t.join();
        if (wrong != 0)
          return 1;
        if (refused == 0)
          return 2;
        for (const auto& db : engines)
          if (db)
            db->execute("CREATE TABLE t (x)");
        return log->str().empty() ? 0 : fail(log->str(), 3);
      }),
      0);
}

CAF_TEST(an engine that is open can be closed without a free descriptor) {
  if (needs_pipes)
    DBENGINE_SKIP("a sanitizer needs descriptors");
  engine_folder folder;
  CAF_CHECK_EQUAL(in_child([&] {
                    const auto log = logged();
                    auto db = std::make_unique<db_engine>(folder.url());
                    db->execute("CREATE TABLE t (x)");
                    limit_descriptors(3);
                    db.reset();
                    limit_descriptors(1024);
                    return db_engine(folder.url()).fetch_value<int>("SELECT count(*) FROM t") == 0
                               ? 0
                               : 1;
                  }),
                  0);
}
