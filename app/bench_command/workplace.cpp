// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "bench_command/cases.hpp"
#include "output/output_stream.hpp"

#include <cstdio>

namespace dbengine::app::bench {

db_engine workplace::open(int workers) const {
  const auto name = test_ + "-" + std::to_string(++files_);
  options o;
  o.num_workers = workers;
  o.backup_enabled = settings_.backup_enabled;
  o.backup_dir = folder_ / (name + "-backups");
  std::filesystem::create_directories(o.backup_dir);
  db_engine db(last_file().string(), o);
  db.execute(
      "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, category INTEGER NOT NULL, "
      "price REAL NOT NULL)");
  db.execute("CREATE INDEX items_category ON items (category)");
  return db;
}

params item(std::size_t number) {
  return params::of("item number " + std::to_string(number),
                    static_cast<std::int64_t>(number % 100),
                    static_cast<double>(number % 1'000) / 4);
}

void workplace::fill(const db_engine& db, std::size_t count) const {
  std::vector<params> batch;
  for (std::size_t i = 0; i < count;) {
    batch.clear();
    for (; i < count && batch.size() < 10'000; ++i)
      batch.push_back(item(i));
    db.execute_many(insert_item, batch);
  }
}

finding& workplace::record(finding f, std::string label, std::string unit) {
  if (settings_.cancel.stop_requested())
    throw error(errc::cancelled, "interrupted");
  f.test = test_;
  f.label = std::move(label);
  f.unit = std::move(unit);
  // The columns of the header that `run_bench` writes: 80 in all.
  std::printf("  %-32s %21s %8s %8s %3.0f %%\n", f.label.c_str(),
              (rate_text(f.rate) + " " + f.unit + "/s").c_str(), duration_text(f.p50).c_str(),
              duration_text(f.p99).c_str(), f.processor * 100);
  output_stream(stdout).finish();
  findings_.push_back(std::move(f));
  return findings_.back();
}

} // namespace dbengine::app::bench
