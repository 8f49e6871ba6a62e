// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "workloads.hpp"

namespace dbengine::bench {

namespace {

// Created before any clock runs, so that no subject pays for generating its data.
const person& some_person(random_source& random) {
  static const auto people = [] {
    std::vector<person> result;
    for (std::int64_t i = 0; i < 4'096; ++i)
      result.push_back(make_person(i));
    return result;
  }();
  return people[random() % people.size()];
}

void point(client& c, random_source& random) {
  c.read_point(1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(user_count)));
}

void range(client& c, random_source& random) {
  c.read_range(
      1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(user_count - bulk_rows)),
      bulk_rows);
}

void insert(client& c, random_source& random) {
  c.insert(some_person(random));
}

void bulk(client& c, random_source&) {
  c.insert_batch();
}

void mixed(client& c, random_source& random) {
  if (random() % 5 == 0)
    insert(c, random);
  else
    point(c, random);
}

} // namespace

std::vector<workload> all_workloads() {
  using enum dbengine::synchronous;
  return {
      {"point-1", "point SELECT by id, 1 thread", 1, normal, 2.0, 1, 16, point},
      {"point-8", "point SELECT by id, 8 threads", 8, normal, 2.0, 1, 16, point},
      {"select-1000", "SELECT of 1,000 rows, 1 thread", 1, normal, 1.0, bulk_rows, 1, range},
      {"insert-1-normal", "one-row INSERT, 1 client, NORMAL", 1, normal, 0.95, 1, 1, insert},
      {"insert-32-normal", "one-row INSERT, 32 clients, NORMAL", 32, normal, 2.5, 1, 1, insert,
       3.0},
      {"insert-32-full", "one-row INSERT, 32 clients, FULL", 32, full, 10.0, 1, 1, insert, 3.0},
      {"bulk-1000", "1,000 rows a transaction, 1 client", 1, normal, 1.0, bulk_rows, 1, bulk},
      {"mix-8", "80 % point reads, 20 % inserts, 8 threads", 8, normal, 1.5, 1, 4, mixed},
  };
}

} // namespace dbengine::bench
