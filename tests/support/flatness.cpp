// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "flatness.hpp"

#include <dbengine/defaults.hpp>

#include <algorithm>
#include <fstream>
#include <unistd.h>
#include <utility>

namespace dbengine::test {

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

std::uint64_t entries(const char* folder) {
  std::error_code gone;
  std::uint64_t n = 0;
  for (std::filesystem::directory_iterator i(folder, gone), end; !gone && i != end;
       i.increment(gone))
    ++n;
  return n;
}

std::uint64_t size_of(const std::filesystem::path& file) {
  std::error_code missing;
  const auto n = std::filesystem::file_size(file, missing);
  return missing ? 0 : n;
}

// Of a quarter, 0 to 3, in order of size.
std::vector<std::uint64_t> quarter(const std::vector<footprint>& all, std::size_t which,
                                   std::uint64_t footprint::*what) {
  const auto n = all.size();
  std::vector<std::uint64_t> values;
  for (auto i = n * which / 4; i < n * (which + 1) / 4; ++i)
    values.push_back(all[i].*what);
  if (values.empty())
    values.push_back(0);
  std::sort(values.begin(), values.end());
  return values;
}

std::uint64_t middle(const std::vector<std::uint64_t>& v) {
  return v[v.size() / 2];
}

} // namespace

footprint look(const std::filesystem::path& database) {
  footprint f;
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  f.rss = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  f.descriptors = entries("/proc/self/fd");
  f.threads = entries("/proc/self/task");
  f.wal = size_of(database.string() + "-wal");
  f.file = size_of(database);
  return f;
}

std::string grown(const std::vector<footprint>& all) {
  std::string text;
  const auto judge = [&](const char* name, std::uint64_t footprint::*what, std::uint64_t slack,
                         std::uint64_t percent) {
    const auto before = quarter(all, 1, what).back();
    const auto after = middle(quarter(all, 3, what));
    if (after > before + before * percent / 100 + slack)
      text += (text.empty() ? "" : ", ") + std::string(name) + " from " + std::to_string(before) +
              " to " + std::to_string(after);
  };
  // In a short run the last quarter may have the first backup whose thread got an arena of its own from malloc: 2.6 MiB, once.
  judge("memory", &footprint::rss, 4 * mib, 2);
  judge("descriptors", &footprint::descriptors, 2, 0);
  judge("threads", &footprint::threads, 2, 0);
  judge("file", &footprint::file, mib, 20);
  // The WAL keeps its largest length between two truncations, so growth says nothing. Twice the length at which the writer starts
  // it anew: a backup's snapshot may hold it for a while.
  constexpr auto bound = std::uint64_t{2} * defaults::checkpoint_restart_pages * 4096;
  if (const auto wal = quarter(all, 3, &footprint::wal).back(); wal > bound)
    text += (text.empty() ? "" : ", ") + std::string("a WAL of ") + std::to_string(wal);
  return text;
}

} // namespace dbengine::test
