// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/leak_check.hpp"

#include <dbengine/defaults.hpp>

#include <algorithm>
#include <fstream>
#include <functional>
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

// A descriptor that is closed during the count is left out. Every count includes the descriptor of
// the iterated folder itself.
void count_descriptors(const std::filesystem::path& database, footprint& f) {
  std::error_code gone;
  const auto ours = database.string();
  for (std::filesystem::directory_iterator i("/proc/self/fd", gone), end; !gone && i != end;
       i.increment(gone)) {
    std::error_code closed;
    const auto target = std::filesystem::read_symlink(i->path(), closed).string();
    if (closed)
      continue;
    const bool own = target == ours || target == ours + "-wal" || target == ours + "-shm";
    ++(own ? f.database_descriptors : f.descriptors);
  }
}

std::uint64_t size_of(const std::filesystem::path& file) {
  std::error_code missing;
  const auto n = std::filesystem::file_size(file, missing);
  return missing ? 0 : n;
}

// The values of one quarter of the samples, 0 to 3, in order of size.
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

// The minimum of each of six windows after the first quarter.
std::vector<std::uint64_t> least(const std::vector<footprint>& all,
                                 std::uint64_t footprint::*what) {
  constexpr std::size_t windows = 6;
  const auto first = all.size() / 4;
  const auto n = all.size() - first;
  std::vector<std::uint64_t> values;
  for (std::size_t w = 0; w < windows && n >= windows; ++w) {
    auto value = all[first + n * w / windows].*what;
    for (auto i = first + n * w / windows; i < first + n * (w + 1) / windows; ++i)
      value = std::min(value, all[i].*what);
    values.push_back(value);
  }
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
  count_descriptors(database, f);
  f.threads = entries("/proc/self/task");
  f.wal = size_of(database.string() + "-wal");
  f.file = size_of(database);
  return f;
}

std::string grown(const std::vector<footprint>& all, std::uint64_t most_connections) {
  std::string text;
  const auto tell = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  const auto judge = [&](const char* name, std::uint64_t footprint::*what, std::uint64_t slack,
                         std::uint64_t percent) {
    const auto before = quarter(all, 1, what).back();
    const auto after = middle(quarter(all, 3, what));
    if (after > before + before * percent / 100 + slack)
      tell(std::string(name) + " from " + std::to_string(before) + " to " + std::to_string(after));
  };
  const auto judge_steady = [&](const char* name, std::uint64_t footprint::*what) {
    const auto values = least(all, what);
    if (values.size() > 1 &&
        std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end())
      tell(std::string(name) + " from " + std::to_string(values.front()) + " to " +
           std::to_string(values.back()) + ", window by window");
  };
  // In a short run the last quarter may include the first backup whose thread got a separate malloc
  // arena: 2.6 MiB, once.
  judge("memory", &footprint::rss, 4 * mib, 2);
  judge_steady("descriptors", &footprint::descriptors);
  judge_steady("descriptors of the database", &footprint::database_descriptors);
  judge_steady("threads", &footprint::threads);
  // Each connection has the file and its WAL open; all share the index and the lock on it.
  if (const auto n = quarter(all, 3, &footprint::database_descriptors).front();
      n > 2 * most_connections + 2)
    tell(std::to_string(n) + " descriptors of the database");
  judge("file", &footprint::file, mib, 20);
  // The WAL keeps its largest length between two truncations, so growth shows nothing. The bound is
  // twice the length at which the writer restarts the WAL: a backup's snapshot may delay that.
  constexpr auto bound = std::uint64_t{2} * defaults::checkpoint_restart_pages * 4096;
  if (const auto wal = quarter(all, 3, &footprint::wal).back(); wal > bound)
    tell("a WAL of " + std::to_string(wal));
  return text;
}

} // namespace dbengine::test
