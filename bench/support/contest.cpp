// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "contest.hpp"

#include "machine.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace dbengine::bench {

namespace {

using opener = std::unique_ptr<subject> (*)(const std::filesystem::path&, const open_settings&);

struct named_opener {
  const char* name;
  opener open;
};

// Raw is first, because it is the base of each round's pairs.
constexpr named_opener openers[] = {
    {"raw", open_raw}, {"engine", open_engine}, {"sqlitecpp", open_sqlitecpp}};

double micros(std::chrono::nanoseconds d) {
  return static_cast<double>(d.count()) / 1e3;
}

std::string format(const char* pattern, auto... xs) {
  char buffer[256];
  std::snprintf(buffer, sizeof buffer, pattern, xs...);
  return buffer;
}

std::string rate_text(double rate) {
  return rate >= 1e6 ? format("%7.2f M/s", rate / 1e6) : format("%7.1f k/s", rate / 1e3);
}

sample one_round(const workload& w, const settings& s, const named_opener& how,
                 const std::filesystem::path& original, const std::filesystem::path& folder) {
  std::filesystem::create_directory(folder);
  const auto file = folder / "bench.db";
  std::filesystem::copy_file(original, file);
  sample result;
  {
    const auto opened = how.open(file, open_settings_for(s, w.synchronous));
    std::vector<person> people;
    for (unsigned i = 0; i < bulk_rows; ++i)
      people.push_back(make_person(i));
    opened->prepare_batch(people);
    result = measure(*opened, {w.threads, s.seconds, w.time_every, w.operation, how.name});
  }
  std::filesystem::remove_all(folder);
  return result;
}

} // namespace

open_settings open_settings_for(const settings& s, dbengine::synchronous sync) {
  open_settings o;
  o.synchronous = sync;
  o.raw_serialized = s.raw_serialized;
  if (s.mmap_size >= 0)
    o.mmap_size = static_cast<std::size_t>(s.mmap_size);
  return o;
}

const record* outcome::find(std::string_view subject) const {
  const auto at = std::find_if(records.begin(), records.end(),
                               [&](const record& r) { return r.subject == subject; });
  return at == records.end() ? nullptr : &*at;
}

outcome compete(const workload& w, const settings& s, const std::filesystem::path& original,
                const std::filesystem::path& folder) {
  outcome result{.asked = w, .records = {}};
  for (const auto& o : openers)
    if (!s.skipped(o.name) || o.open == open_raw)
      result.records.push_back({o.name, {}, {}, {}});
  for (std::size_t round = 0; round < s.rounds; ++round)
    for (std::size_t i = 0; i < result.records.size(); ++i) {
      // Forwards and backwards in turn, so that drift and effects on the next subject are shared
      // equally.
      auto& r = result.records[round % 2 == 0 ? i : result.records.size() - 1 - i];
      const auto how = std::find_if(std::begin(openers), std::end(openers),
                                    [&](const named_opener& o) { return r.subject == o.name; });
      const auto taken = one_round(w, s, *how, original, folder / (w.name + "-" + r.subject));
      r.rates.push_back(taken.rate * w.rows);
      const auto p50 = micros(taken.times.quantile(0.5));
      r.fairness.push_back(p50 > 0 ? micros(taken.times.quantile(0.99)) / p50 : 0);
      r.times.merge(taken.times);
      result.foreign = std::max(result.foreign, taken.foreign);
    }
  return result;
}

std::optional<bool> met(const outcome& o) {
  const auto* raw = o.find("raw");
  const auto* engine = o.find("engine");
  if (raw == nullptr || engine == nullptr)
    return std::nullopt;
  return paired(engine->rates, raw->rates).median >= o.asked.target &&
         (o.asked.fairness == 0 || median(engine->fairness) <= o.asked.fairness);
}

std::string to_text(const outcome& o) {
  std::string text = o.asked.name + ": " + o.asked.title + "\n";
  const auto* raw = o.find("raw");
  for (const auto& r : o.records) {
    const auto x = paired(r.rates, raw->rates);
    text += format("  %-10s", r.subject.c_str()) + rate_text(median(r.rates)) +
            format("  %5.2f x raw (%.2f..%.2f)", x.median, x.min, x.max) +
            format("  p50 %.1f us  p99 %.1f us  max %.0f us", micros(r.times.quantile(0.5)),
                   micros(r.times.quantile(0.99)), micros(r.times.max()));
    if (o.asked.fairness != 0)
      text += format("  p99/p50 %.1f", median(r.fairness));
    text += "\n";
  }
  text += format("  target     >= %.2f x raw", o.asked.target);
  if (o.asked.fairness != 0)
    text += format(", p99/p50 <= %.1f", o.asked.fairness);
  const auto verdict = met(o);
  text += !verdict ? ": engine not run" : *verdict ? ": met" : ": NOT MET";
  if (o.foreign > noisy_above)
    text += format("   [other processes took up to %.0f %% of the machine: do not trust]",
                   o.foreign * 100);
  return text + "\n";
}

nlohmann::json to_json(const outcome& o) {
  nlohmann::json j{{"name", o.asked.name},       {"title", o.asked.title},
                   {"threads", o.asked.threads}, {"target", o.asked.target},
                   {"foreign_share", o.foreign}, {"noisy", o.foreign > noisy_above}};
  const auto* raw = o.find("raw");
  for (const auto& r : o.records) {
    const auto x = paired(r.rates, raw->rates);
    j["subjects"][r.subject] = {{"rates", r.rates},
                                {"rate", median(r.rates)},
                                {"ratio", {{"median", x.median}, {"min", x.min}, {"max", x.max}}},
                                {"p50_us", micros(r.times.quantile(0.5))},
                                {"p99_us", micros(r.times.quantile(0.99))},
                                {"p999_us", micros(r.times.quantile(0.999))},
                                {"max_us", micros(r.times.max())},
                                {"p99_over_p50", median(r.fairness)}};
  }
  if (o.asked.fairness != 0)
    j["fairness_target"] = o.asked.fairness;
  if (const auto verdict = met(o))
    j["met"] = *verdict;
  return j;
}

} // namespace dbengine::bench
