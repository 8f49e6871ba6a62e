// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "bench_command/cases.hpp"

#include <algorithm>
#include <thread>

namespace dbengine::app::bench {

namespace {

// Differences below this share are noise on most machines.
constexpr double worth_it = 0.95;

using findings_view = std::vector<const finding*>;

findings_view of(const std::vector<finding>& all, const std::string& test) {
  findings_view result;
  for (const auto& f : all)
    if (f.test == test)
      result.push_back(&f);
  return result;
}

bool has(const finding& f, const std::string& name) {
  return std::any_of(f.more.begin(), f.more.end(), [&](const auto& x) { return x.first == name; });
}

// The first (smallest) finding whose rate is within the noise of the best.
const finding* smallest_good(findings_view fs, const std::string& size) {
  if (fs.empty())
    return nullptr;
  std::sort(fs.begin(), fs.end(),
            [&](const auto* a, const auto* b) { return a->figure(size) < b->figure(size); });
  const auto* best = *std::max_element(
      fs.begin(), fs.end(), [](const auto* a, const auto* b) { return a->rate < b->rate; });
  return *std::find_if(fs.begin(), fs.end(),
                       [&](const auto* f) { return f->rate >= worth_it * best->rate; });
}

std::string whole(double x) {
  return std::to_string(static_cast<long long>(x));
}
std::string percent(double x) {
  return whole(x * 100 + 0.5) + " %";
}

void about_batches(const std::vector<finding>& all, std::vector<std::string>& out) {
  const auto* best = smallest_good(of(all, "bulk"), "batch_size");
  if (best == nullptr)
    return;
  auto text = "Batch size: " + whole(best->figure("batch_size")) + " rows per transaction (" +
              rate_text(best->rate) + " rows/s); larger batches gain less than 5 %.";
  const auto single = of(all, "single");
  if (!single.empty())
    text += " One row per call reaches " + rate_text(single.front()->rate) + " rows/s, " +
            percent(single.front()->rate / best->rate) + " of that.";
  out.push_back(std::move(text));
}

void about_scaling(const std::vector<finding>& all, std::vector<std::string>& out) {
  findings_view by_threads, by_workers;
  for (const auto* f : of(all, "scaling"))
    (has(*f, "workers") ? by_workers : by_threads).push_back(f);
  if (const auto* best = smallest_good(by_threads, "threads"))
    out.push_back("Reading threads: throughput stops growing at " + whole(best->figure("threads")) +
                  " threads (" + rate_text(best->rate) + " reads/s on " +
                  std::to_string(std::thread::hardware_concurrency()) +
                  " cores); they use leased connections, independent of the workers.");
  if (const auto* best = smallest_good(by_workers, "workers"))
    out.push_back("Workers: " + whole(best->figure("workers")) +
                  " for actors and remote callers (" + rate_text(best->rate) +
                  " short reads/s from one actor); more workers gain less than 5 %. " +
                  "Add one worker for each long read that may run at the same time.");
}

void about_limits(const std::vector<finding>& all, std::vector<std::string>& out) {
  findings_view mixes, writes;
  for (const auto* f : of(all, "concurrent"))
    (has(*f, "writes_only") ? writes : mixes).push_back(f);
  if (const auto* best = smallest_good(mixes, "threads")) {
    auto text = "Mixed load: best at " + whole(best->figure("threads")) + " threads (" +
                rate_text(best->rate) + " operations/s, processor " + percent(best->processor) +
                "). ";
    text += best->processor > 0.85
                ? "The processor is the limit: more threads cannot help."
                : "The processor is not saturated: commits and locks are the limit.";
    out.push_back(std::move(text));
  }
  if (writes.size() > 1) {
    const auto* alone =
        *std::min_element(writes.begin(), writes.end(), [](const auto* a, const auto* b) {
          return a->figure("threads") < b->figure("threads");
        });
    const auto* best =
        *std::max_element(writes.begin(), writes.end(),
                          [](const auto* a, const auto* b) { return a->rate < b->rate; });
    if (best->rate > alone->rate / worth_it)
      out.push_back("Single writes: " + whole(best->figure("threads")) +
                    " threads together reach " + percent(best->rate / alone->rate) +
                    " of the rate of one, because they share commits.");
    else
      out.push_back("Single writes: more threads are no faster than one (" +
                    rate_text(alone->rate) + " rows/s): use batches.");
  }
}

void about_memory(const std::vector<finding>& all, std::vector<std::string>& out) {
  for (const auto* f : of(all, "memory")) {
    const auto grown = f->figure("growth_second_half_mb");
    const auto per_operation = f->figure("growth_bytes_per_operation");
    // A page cache that is still filling grows by a few bytes per operation; a leaked result of
    // this test is thousands of bytes.
    out.push_back(std::string("Memory: ") +
                  (grown > 1 && per_operation > 100 ? "still growing by " : "steady, ") +
                  whole(per_operation) + " bytes per operation after the caches were filled, " +
                  whole(f->figure("resident_at_end_mb")) + " MB resident.");
  }
}

void about_backup(const std::vector<finding>& all, std::vector<std::string>& out) {
  const finding* without = nullptr;
  const finding* beside = nullptr;
  for (const auto* f : of(all, "backup")) {
    if (f->label == "inserts, no backup running")
      without = f;
    if (f->label == "inserts beside a running backup")
      beside = f;
  }
  if (without != nullptr && beside != nullptr)
    out.push_back("Backup: a writer reaches " + percent(beside->rate / without->rate) +
                  " of its rate while backups run without a pause.");
}

} // namespace

std::vector<std::string> recommend(const bench_settings&, const std::vector<finding>& findings) {
  std::vector<std::string> out;
  about_batches(findings, out);
  about_scaling(findings, out);
  about_limits(findings, out);
  about_memory(findings, out);
  about_backup(findings, out);
  return out;
}

} // namespace dbengine::app::bench
