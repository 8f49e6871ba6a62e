// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/history_client.hpp"

#include <array>

namespace dbengine::test {

namespace {

using namespace std::chrono_literals;

constexpr const char* read_register =
    "SELECT (SELECT coalesce(max(v), 0) FROM log), v FROM registers WHERE k = ?";
constexpr const char* read_list = "SELECT (SELECT coalesce(max(v), 0) FROM log), "
                                  "coalesce(sum(v), 0), count(*) FROM lists WHERE k = ?";
constexpr const char* newest = "SELECT coalesce(max(v), 0) FROM log";

// For each client, the stop source of its running request.
std::array<std::atomic<std::stop_source*>, 64> running;

} // namespace

function stop_me() {
  return {.name = "stop_me",
          .arguments = 2,
          .deterministic = false,
          .call = [](std::span<const value_ref> a) -> value {
            if (auto* s = running[static_cast<std::size_t>(a[0].integer)].load())
              s->request_stop();
            return value(a[1].integer);
          }};
}

history_client::history_client(int number, detail::backend& db, bool interactive,
                               const history_settings& s, frontier& f)
    : db_(&db), interactive_(interactive), settings_(&s), frontier_(&f),
      random_(s.seed * 64 + static_cast<unsigned>(number)) {
  records_.client = number;
}

void history_client::run(std::atomic<std::uint64_t>& asked) {
  while (asked.fetch_add(1) < settings_->operations) {
    ++found_.operations;
    const auto n = below(100);
    if (n < 40)
      read_one(false);
    else if (n < 48)
      read_one(true);
    else if (n < 52)
      read_snapshot();
    else if (n < 54)
      read_cursor();
    else if (n < 80)
      write(kind::insert);
    else if (n < 86)
      write(kind::returning);
    else if (n < 91)
      write(kind::transaction);
    else if (n < 94)
      write(kind::batch);
    else if (n < 96)
      write(kind::script);
    else
      write(interactive_ ? kind::interactive : kind::insert);
  }
}

void history_client::stop_when_due() {
  const std::lock_guard lock(mutex_);
  if (!under_way_ || std::chrono::steady_clock::now() < due_)
    return;
  under_way_->request_stop();
  under_way_.reset();
}

void history_client::wrong(const std::string& what) {
  found_.note("client " + std::to_string(records_.client) + ", request " + std::to_string(ops_) +
              ": " + what);
}

// -- requests -------------------------------------------------------------------------------------

template <class F>
auto history_client::request(const std::string& id, F&& f) {
  request_options o;
  o.id = id;
  o.timeout = settings_->deadlines && below(8) == 0 ? std::chrono::milliseconds(1 + below(20))
                                                    : settings_->timeout;
  auto& slot = running[static_cast<std::size_t>(records_.client)];
  std::stop_source source(std::nostopstate);
  const bool cancel = settings_->cancels && below(2) == 0;
  if (settings_->stops || cancel) {
    source = std::stop_source();
    o.cancel = source.get_token();
    slot = &source;
  }
  if (cancel) {
    const std::lock_guard lock(mutex_);
    under_way_ = source;
    due_ = std::chrono::steady_clock::now() + std::chrono::microseconds(below(2'000));
  }
  struct end {
    history_client* c;
    std::atomic<std::stop_source*>* slot;
    ~end() {
      *slot = nullptr;
      const std::lock_guard lock(c->mutex_);
      c->under_way_.reset();
    }
  } const at_the_end{this, &slot};
  return f(request_view(*db_, o));
}

told history_client::failed(const error& e, const char* what) {
  const auto& s = *settings_;
  const bool stopped = e.code() == errc::cancelled || e.code() == errc::timeout;
  const bool killed = e.code() == errc::poison || e.code() == errc::unavailable ||
                      e.code() == errc::outcome_unknown;
  const bool stopping = s.cancels || s.stops || s.deadlines;
  if (!(stopped && stopping) && !(killed && s.kills))
    wrong(std::string(what) + " failed: " + e.what());
  if (e.outcome() == outcome::partially_applied)
    wrong(std::string(what) + " was kept in part: " + e.what());
  if (e.outcome() == outcome::unknown && !stopping && !s.kills)
    wrong(std::string(what) + " is unknown: " + e.what());
  return e.outcome() == outcome::unknown ? told::either : told::not_done;
}

void history_client::saw(std::int64_t version, std::int64_t before) {
  if (version < before)
    wrong("saw version " + std::to_string(version) + ", and " + std::to_string(before) +
          " was known before it asked");
  if (const auto most = frontier_->asked(); version > most)
    wrong("saw version " + std::to_string(version) + " of " + std::to_string(most) +
          " that were asked for");
  frontier_->seen(version);
}

// -- writes ---------------------------------------------------------------------------------------

std::int64_t history_client::call(kind k, const request_view& db, std::uint32_t op, bool list,
                                  int key) {
  const std::string insert =
      std::string("INSERT INTO log (client, op, list, k) VALUES (?1, ?2, ?3, ") +
      (settings_->stops ? "stop_me(?1, ?4))" : "?4)");
  const auto p = params::of(records_.client, static_cast<std::int64_t>(op), list, key);
  switch (k) {
  case kind::insert: return db.execute(insert, p).last_insert_rowid;
  case kind::returning: return db.fetch(insert + " RETURNING v", p)[0][0].as<std::int64_t>();
  case kind::transaction: {
    const auto r =
        db.execute_transaction({operation::execute(insert, p), operation::fetch(newest)});
    const auto v = r[0].write().last_insert_rowid;
    if (r[1].rows()[0][0].as<std::int64_t>() != v)
      wrong("a transaction did not read its own write as the newest");
    return v;
  }
  case kind::batch: db.execute_many(insert, std::vector<params>{p, p, p}); return 0;
  case kind::script: {
    const auto one = "INSERT INTO log (client, op, list, k) VALUES (" +
                     std::to_string(records_.client) + ", " + std::to_string(op) + ", " +
                     std::to_string(static_cast<int>(list)) + ", " + std::to_string(key) + ");";
    return db.execute_script(one + one).steps[0].written.last_insert_rowid;
  }
  case kind::interactive:
    return db.write([&](transaction& tx) {
      const auto before = tx.fetch_value<std::int64_t>(newest).value();
      const auto now = look(tx.fetch(list ? read_list : read_register, key), key, list);
      const auto v = tx.execute(insert, p).last_insert_rowid;
      if (now.version != before || v != before + 1)
        wrong("somebody wrote inside an interactive transaction");
      return v;
    });
  }
  return 0;
}

void history_client::write(kind k) {
  const auto op = ++ops_;
  const bool list = below(3) == 0;
  const int key = static_cast<int>(below(history_keys));
  const int rows = k == kind::batch ? 3 : k == kind::script ? 2 : 1;
  const auto id = k != kind::interactive && below(4) == 0
                      ? std::to_string(records_.client) + "-" + std::to_string(op)
                      : std::string();
  history::write w{op, static_cast<std::uint8_t>(rows)};
  const auto before = frontier_->now();
  frontier_->asks_for(rows);
  const auto ask = [&] {
    return request(id, [&](const request_view& db) { return call(k, db, op, list, key); });
  };
  bool unknown = false;
  for (int tries = 0; tries < 20; ++tries) {
    try {
      w.version = ask();
      w.what = told::done;
      if (w.version != 0) {
        if (w.version <= before)
          wrong("was given version " + std::to_string(w.version) + ", and " +
                std::to_string(before) + " was known before it asked");
        saw(w.version + rows - 1, before);
      }
      break;
    } catch (const error& e) {
      // Once the outcome is unknown, only "done" adds information: a second try that was not run
      // says nothing about the first.
      unknown = failed(e, "a write") == told::either || unknown;
      w.what = unknown ? told::either : told::not_done;
      if (id.empty() || !unknown)
        break;
    }
  }
  records_.writes.push_back(w);
  if (w.what != told::done || id.empty() || below(5) != 0)
    return;
  ++found_.repeated;
  try {
    if (const auto again = ask(); again != w.version)
      wrong("asked again with its id it was given version " + std::to_string(again) + ", not " +
            std::to_string(w.version));
  } catch (const error& e) {
    failed(e, "a repeated write");
  }
}

// -- reads ----------------------------------------------------------------------------------------

history::read history_client::look(const rows& r, int key, bool list) const {
  history::read x;
  x.k = key;
  x.version = r[0][0].as<std::int64_t>();
  x.value = r[0][1].as<std::int64_t>();
  if (list)
    x.length = r[0][2].as<std::int32_t>();
  return x;
}

void history_client::read_one(bool list) {
  const int key = static_cast<int>(below(history_keys));
  const auto before = frontier_->now();
  try {
    const auto r = request({}, [&](const request_view& db) {
      return db.fetch(list ? read_list : read_register, key);
    });
    records_.reads.push_back(look(r, key, list));
    saw(records_.reads.back().version, before);
  } catch (const error& e) {
    failed(e, "a read");
  }
}

void history_client::read_snapshot() {
  if (!interactive_)
    return read_one(true);
  const int key = static_cast<int>(below(history_keys));
  const auto before = frontier_->now();
  try {
    request({}, [&](const request_view& db) {
      db.read([&](snapshot& s) {
        const auto first = look(s.fetch(read_list, key), key, true);
        const auto second = look(s.fetch(read_register, key), key, false);
        if (first.version != second.version)
          wrong("one snapshot has two versions");
        records_.reads.push_back(first);
        records_.reads.push_back(second);
        saw(first.version, before);
      });
    });
  } catch (const error& e) {
    failed(e, "a snapshot");
  }
}

void history_client::read_cursor() {
  const auto before = frontier_->now();
  try {
    request({}, [&](const request_view& db) {
      auto c = db.cursor("SELECT (SELECT max(v) FROM log), v FROM log WHERE v > ? ORDER BY v",
                         {std::max<std::int64_t>(before - 40, 0)}, 16);
      std::int64_t last = std::max<std::int64_t>(before - 40, 0);
      std::int64_t version = last;
      for (const auto& row : c) {
        version = row[0].as<std::int64_t>();
        if (row[1].as<std::int64_t>() != ++last)
          wrong("a cursor left out version " + std::to_string(last));
      }
      if (last != version)
        wrong("a cursor ended at version " + std::to_string(last) + " of " +
              std::to_string(version));
      saw(version, before);
    });
  } catch (const error& e) {
    failed(e, "a cursor");
  }
}

} // namespace dbengine::test
