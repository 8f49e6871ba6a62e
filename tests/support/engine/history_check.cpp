// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/history.hpp"

#include "sqlite/plain_database.hpp"
#include "support/engine/write_log.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_map>

namespace dbengine::test {

namespace {

// The log, replayed: for each register and list, the versions that changed it, in order.
struct replay {
  struct entry {
    std::int64_t first = 0;
    int rows = 0;
  };
  std::unordered_map<std::uint64_t, entry> requests; // by client and op
  std::map<std::int64_t, std::vector<std::int64_t>> registers;
  std::map<std::int64_t, std::vector<std::int64_t>> lists;
  std::map<std::int64_t, std::vector<std::int64_t>> sums; // of a list's first elements, by version
  std::int64_t last = 0;
};

std::uint64_t name_of(std::int64_t client, std::int64_t op) {
  return (static_cast<std::uint64_t>(client) << 32) + static_cast<std::uint64_t>(op);
}

std::string words(std::int64_t client, std::int64_t op) {
  return "client " + std::to_string(client) + ", request " + std::to_string(op);
}

using statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

statement prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* s = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &s, nullptr) != SQLITE_OK)
    throw error(errc::sql, std::string("the history: ") + sqlite3_errmsg(db));
  return {s, &sqlite3_finalize};
}

replay replay_log(sqlite3* db, history_result& r) {
  replay all;
  const auto s = prepare(db, "SELECT v, client, op, list, k FROM log ORDER BY v");
  while (sqlite3_step(s.get()) == SQLITE_ROW) {
    const auto column = [&s](int i) { return std::int64_t{sqlite3_column_int64(s.get(), i)}; };
    const auto v = column(0);
    if (v != ++all.last)
      r.note("version " + std::to_string(all.last) + " is missing");
    all.last = v;
    auto& e = all.requests[name_of(column(1), column(2))];
    if (e.rows++ == 0)
      e.first = v;
    else if (v != e.first + e.rows - 1)
      r.note(words(column(1), column(2)) + ": its rows are no neighbours (versions " +
             std::to_string(e.first) + " and " + std::to_string(v) + ")");
    const auto k = column(4);
    if (column(3) == 0) {
      all.registers[k].push_back(v);
    } else {
      auto& sums = all.sums[k];
      sums.push_back((sums.empty() ? 0 : sums.back()) + v);
      all.lists[k].push_back(v);
    }
  }
  return all;
}

void check_write(const history::write& w, int client, replay& all, history_result& r) {
  const auto who = words(client, w.op);
  const auto it = all.requests.find(name_of(client, w.op));
  const auto there = it == all.requests.end() ? replay::entry{} : it->second;
  if (it != all.requests.end())
    all.requests.erase(it);
  if (there.rows > w.rows)
    r.note(who + " was done twice: " + std::to_string(there.rows) + " rows, asked for " +
           std::to_string(w.rows));
  else if (there.rows != 0 && there.rows != w.rows)
    r.note(who + " was done in part: " + std::to_string(there.rows) + " rows of " +
           std::to_string(w.rows));
  switch (w.what) {
  case told::nothing: r.note(who + " was told nothing"); break;
  case told::done:
    ++r.done;
    if (there.rows == 0)
      r.note(who + " was told done and is not there");
    else if (w.version != 0 && w.version != there.first)
      r.note(who + " was told version " + std::to_string(w.version) + " and has " +
             std::to_string(there.first));
    break;
  case told::not_done:
    ++r.not_done;
    if (there.rows != 0)
      r.note(who + " was told that it was not done and is there");
    break;
  case told::either: ++r.either; break;
  }
}

void check_read(const history::read& x, int client, const replay& all, history_result& r) {
  ++r.reads;
  const bool list = x.length >= 0;
  const auto& of = list ? all.lists : all.registers;
  const auto it = of.find(x.k);
  static const std::vector<std::int64_t> none;
  const auto& versions = it == of.end() ? none : it->second;
  const auto count =
      std::upper_bound(versions.begin(), versions.end(), x.version) - versions.begin();
  const auto before = static_cast<std::size_t>(count);
  std::int64_t value = 0;
  if (before != 0)
    value = list ? all.sums.at(x.k)[before - 1] : versions[before - 1];
  if (value != x.value || (list && x.length != static_cast<std::int32_t>(before)))
    r.note("client " + std::to_string(client) + " read " + (list ? "list " : "register ") +
           std::to_string(x.k) + " as " + std::to_string(x.value) + " beside version " +
           std::to_string(x.version) + ", where it was " + std::to_string(value));
}

} // namespace

void history_result::add(const history_result& other) {
  operations += other.operations;
  done += other.done;
  not_done += other.not_done;
  either += other.either;
  reads += other.reads;
  repeated += other.repeated;
  kills += other.kills;
  if (wrong == 0)
    first_wrong = other.first_wrong;
  wrong += other.wrong;
}

std::string history_result::text() const {
  return std::to_string(operations) + " operations (" + std::to_string(reads) +
         " reads; writes: " + std::to_string(done) + " done, " + std::to_string(not_done) +
         " not done, " + std::to_string(either) + " unknown; " + std::to_string(repeated) +
         " ids repeated), " + std::to_string(kills) + " kills: " + std::to_string(wrong) +
         " wrong" + (first_wrong.empty() ? "" : "; first: " + first_wrong);
}

void check_histories(const std::vector<const history*>& all, const std::filesystem::path& database,
                     history_result& r) {
  const auto db = sqlite::open_database(database.string(), SQLITE_OPEN_READWRITE, nullptr, "open");
  auto log = replay_log(db.get(), r);
  for (const auto* h : all) {
    for (const auto& w : h->writes)
      check_write(w, h->client, log, r);
    for (const auto& x : h->reads) {
      if (x.version > log.last)
        r.note("client " + std::to_string(h->client) + " read version " +
               std::to_string(x.version) + ", and the last one is " + std::to_string(log.last));
      check_read(x, h->client, log, r);
    }
  }
  if (!log.requests.empty())
    r.note(std::to_string(log.requests.size()) + " requests are there that nobody asked for");
  if (const auto problems = integrity(database); !problems.empty())
    r.note("integrity: " + problems);
}

} // namespace dbengine::test
