// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "bench_command/cases.hpp"

#include <algorithm>

namespace dbengine::app::bench {

void run_single(workplace& w) {
  const auto db = w.open();
  w.record(measure(1, w.settings().operations,
                   [&](std::size_t i) {
                     db.execute(insert_item, "single", static_cast<std::int64_t>(i % 100), 1.5);
                   }),
           "insert, one row a call", "rows");
  w.record(measure(1, w.settings().operations,
                   [&](std::size_t i) {
                     db.execute("UPDATE items SET price = price + 1 WHERE id = ?",
                                static_cast<std::int64_t>(i + 1));
                   }),
           "update by id", "rows");
}

void run_bulk(workplace& w) {
  for (const auto size : w.settings().batch_sizes) {
    const auto db = w.open();
    std::vector<params> batch;
    for (std::size_t i = 0; i < size; ++i)
      batch.push_back(item(i));
    const auto batches = std::max<std::size_t>(5, w.settings().operations / size);
    auto f = measure(1, batches, [&](std::size_t) { db.execute_many(insert_item, batch); });
    f.rate *= static_cast<double>(size);
    f.more = {{"batch_size", static_cast<double>(size)},
              {"row_p50_us", f.p50 / static_cast<double>(size)}};
    w.record(std::move(f), std::to_string(size) + " rows a transaction", "rows");
  }
}

void run_transaction(workplace& w) {
  for (const std::size_t size : {1, 5, 10, 50}) {
    const auto db = w.open();
    std::vector<operation> operations;
    for (std::size_t i = 0; i + 1 < size; ++i)
      operations.push_back(operation::execute(insert_item, item(i)));
    operations.push_back(operation::execute("UPDATE items SET price = price + 1 WHERE id = 1"));
    auto f = measure(1, std::max<std::size_t>(10, w.settings().operations / size),
                     [&](std::size_t) { db.execute_transaction(operations); });
    f.more = {{"operations", static_cast<double>(size)}};
    w.record(std::move(f), "execute_transaction of " + std::to_string(size), "transactions");
  }
  const auto db = w.open();
  w.record(measure(1, std::max<std::size_t>(10, w.settings().operations / 2),
                   [&](std::size_t) {
                     db.write([](transaction& t) {
                       const auto id =
                           t.execute(insert_item, "interactive", 1, 1.5).last_insert_rowid;
                       t.fetch("SELECT price FROM items WHERE id = ?", id);
                       t.execute("UPDATE items SET price = 2 WHERE id = ?", id);
                     });
                   }),
           "write(): insert, read, update", "transactions");
}

} // namespace dbengine::app::bench
