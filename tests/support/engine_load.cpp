// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine_load.hpp"

#include "answer_box.hpp"

#include <algorithm>
#include <deque>

namespace dbengine::test {

namespace {

constexpr const char* insert_one = "INSERT INTO t (k) VALUES (?)";
constexpr const char* insert_returning = "INSERT INTO t (k) VALUES (?) RETURNING k";
constexpr const char* insert_bad = "INSERT INTO t (k, v) VALUES (?, 'bad')";
constexpr const char* insert_bad_rollback = "INSERT OR ROLLBACK INTO t (k, v) VALUES (?, 'bad')";
constexpr const char* insert_orphan = "INSERT INTO children (k, parent) VALUES (?, 1)";
constexpr const char* count_key = "SELECT count(*) FROM t WHERE k = ?";
// Every answer comes within the longest deadline and what a restart takes; what is not there by then never comes.
constexpr std::chrono::seconds patience{60};

std::string script_of(std::int64_t key) {
  return "INSERT INTO t (k) VALUES (" + std::to_string(key) +
         "); -- two\nINSERT INTO t (k) VALUES (" + std::to_string(key + 1) + ")";
}

std::string id_of(std::int64_t key) {
  return "once-" + std::to_string(key);
}

} // namespace

struct engine_load::client {
  client(engine_load& l, int number)
      : load(&l), book(number), random(l.settings_.seed + static_cast<unsigned>(number)) {}
  virtual ~client() = default;
  virtual void run() = 0;

  static std::int32_t keys_of(kind k) {
    switch (k) {
    case kind::many: return 3;
    case kind::transaction:
    case kind::script:
    case kind::steps:
    case kind::lambda: return 2;
    case kind::read:
    case kind::stream:
    case kind::upkeep:
    case kind::backup:
    case kind::report: return 0;
    default: return 1;
    }
  }
  // Where each statement is committed by itself, each has an entry.
  std::size_t enter(kind k) {
    const auto i = book.ask(k == kind::steps ? 1 : keys_of(k));
    if (k == kind::steps)
      book.ask(1);
    return i;
  }
  void answer(kind k, std::size_t i, verdict v) {
    book.answer(i, v);
    if (k == kind::steps)
      book.answer(i + 1, v);
  }
  void answer_steps(std::size_t i, const script_result& r) {
    check(r.steps.size() == 2, "a script's steps, one by one");
    for (const auto& step : r.steps) {
      if (step.failure)
        load->failed(kind::steps, *step.failure);
      else
        last_done = book.first(i);
      book.answer(i++, step.failure ? verdict_of(*step.failure) : verdict::done);
    }
  }
  void good() { answered.fetch_add(1, std::memory_order_relaxed); }
  void check(bool truth, const char* what) {
    if (!truth)
      load->note_wrong(std::string("client ") + std::to_string(book.client()) + ": " + what);
  }

  engine_load* load;
  ledger book;
  std::minstd_rand random;
  std::atomic<std::uint64_t> answered{0};
  std::int64_t last_done = 0;
};

// -- over the facade ------------------------------------------------------------------------------

struct engine_load::facade_client : client {
  using client::client;

  void run() override {
    while (!load->stop_.load(std::memory_order_relaxed)) {
      const auto k = pick(load->settings_, random);
      const auto keys = keys_of(k);
      const auto i = keys > 0 ? enter(k) : 0;
      const auto key = keys > 0 ? book.first(i) : 0;
      bool unknown_before = false;
      for (int tries = 0;; ++tries) {
        try {
          call(k, i, key);
          if (keys > 0 && k != kind::steps) {
            book.answer(i, verdict::done);
            if (k != kind::deferred)
              last_done = key;
          }
          good();
        } catch (const error& e) {
          load->failed(k, e.info());
          // Once unknown, only "done" says more: a second try that was not run tells nothing of the first.
          auto v = verdict_of(e.info());
          unknown_before = unknown_before || v == verdict::either;
          v = unknown_before ? verdict::either : v;
          if (keys > 0)
            answer(k, i, v);
          if (k == kind::refused || k == kind::rollback || k == kind::deferred)
            good(); // this is the answer it should get
          if (k == kind::once && v == verdict::either && tries < 20)
            continue;
        } catch (const std::exception& e) {
          load->note_wrong("a foreign exception came through the facade: " + std::string(e.what()));
        }
        break;
      }
    }
  }

  void call(kind k, std::size_t i, std::int64_t key) {
    const auto db = load->db_.with_timeout(load->settings_.timeout);
    switch (k) {
    case kind::insert:
      check(db.execute(insert_one, key).changes == 1, "an insert's changes");
      break;
    case kind::many: {
      const std::vector<params> sets{params::of(key), params::of(key + 1), params::of(key + 2)};
      check(db.execute_many(insert_one, sets).changes == 3, "a bulk insert's changes");
      break;
    }
    case kind::transaction: {
      const auto r = db.execute_transaction({operation::execute(insert_one, key),
                                             operation::fetch(count_key, key),
                                             operation::execute(insert_one, key + 1)});
      check(r.size() == 3 && r[1].rows()[0][0].as<int>() == 1, "a transaction's results");
      break;
    }
    case kind::script:
      check(db.execute_script(script_of(key)).steps.size() == 2, "a script's steps");
      break;
    case kind::steps:
      answer_steps(i, db.execute_script(script_of(key), script_mode::continue_on_error));
      break;
    case kind::returning: {
      const auto r = db.fetch(insert_returning, key);
      check(r.size() == 1 && r[0][0].as<std::int64_t>() == key, "RETURNING");
      break;
    }
    case kind::once:
      check(db.with_id(id_of(key)).execute(insert_one, key).changes == 1, "a write with an id");
      break;
    case kind::refused: db.execute(insert_bad, key); break;
    case kind::rollback: db.execute(insert_bad_rollback, key); break;
    case kind::deferred: db.execute(insert_orphan, key); break;
    case kind::read:
      if (last_done != 0)
        check(db.fetch_value<std::int64_t>(count_key, last_done) == 1,
              "its own write was not read");
      break;
    case kind::lambda:
      db.write([&](transaction& tx) {
        tx.execute(insert_one, key);
        tx.write([&](transaction& inner) { inner.execute(insert_one, key + 1); });
      });
      break;
    case kind::stream: {
      auto c = db.cursor("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 20) "
                         "SELECT x FROM c",
                         {}, 7);
      int sum = 0;
      for (const auto& r : c)
        sum += r[0].as<int>();
      check(sum == 210, "a cursor's rows");
      break;
    }
    case kind::upkeep: db.checkpoint(checkpoint_mode::passive); break;
    case kind::backup: db.request_backup(); break;
    case kind::report: check(load->db_.backend().statistics().requests > 0, "statistics"); break;
    }
  }
};

// -- over the typed handle ------------------------------------------------------------------------

struct engine_load::message_client : client {
  message_client(engine_load& l, int number, caf::actor_system& sys)
      : client(l, number), box(answer_box::make(sys)) {}

  struct asked {
    kind what;
    std::size_t entry;
    std::int64_t key;
    std::uint64_t number;
    std::int64_t expected_there; // of a read
    bool unknown_before;
    int tries;
  };

  void run() override {
    std::deque<asked> under_way;
    for (;;) {
      const bool stop = load->stop_.load(std::memory_order_relaxed);
      if (stop && under_way.empty())
        break;
      while (!stop && under_way.size() < static_cast<std::size_t>(load->settings_.window)) {
        auto k = pick(load->settings_, random);
        if (k == kind::lambda || k == kind::stream)
          k = kind::insert;
        asked a{k, 0, 0, 0, last_done, false, 0};
        if (keys_of(k) > 0) {
          a.entry = enter(k);
          a.key = book.first(a.entry);
        }
        a.number = ask(a);
        under_way.push_back(a);
      }
      auto a = under_way.front();
      under_way.pop_front();
      caf::message m;
      if (!box->wait(a.number, patience, m)) {
        load->note_wrong("client " + std::to_string(book.client()) + ": no answer to request " +
                         std::to_string(a.number));
        continue;
      }
      if (settle(a, m)) {
        a.number = ask(a);
        under_way.push_back(a);
      }
    }
    if (box->surplus() != 0)
      load->note_wrong("client " + std::to_string(book.client()) + ": " +
                       std::to_string(box->surplus()) + " answers too many");
  }

  // True: to be asked again.
  bool settle(asked& a, const caf::message& m) {
    const bool writes = keys_of(a.what) > 0;
    const auto failure = failure_in(m);
    if (failure.code == errc::none) {
      check_result(a, m);
      if (writes && a.what != kind::steps) {
        book.answer(a.entry, verdict::done);
        if (a.what != kind::deferred)
          last_done = a.key;
      }
      good();
      return false;
    }
    load->failed(a.what, failure);
    auto v = verdict_of(failure);
    a.unknown_before = a.unknown_before || v == verdict::either;
    v = a.unknown_before ? verdict::either : v;
    if (writes)
      answer(a.what, a.entry, v);
    if (a.what == kind::refused || a.what == kind::rollback || a.what == kind::deferred)
      good();
    return a.what == kind::once && v == verdict::either && ++a.tries < 20;
  }

  std::uint64_t ask(const asked& a) {
    const call_options o{.timeout = load->settings_.timeout};
    const auto& to = load->handle_;
    const auto key = a.key;
    switch (a.what) {
    case kind::many:
      return box->send(
          to, batch_request{
                  insert_one, {params::of(key), params::of(key + 1), params::of(key + 2)}, o});
    case kind::transaction:
      return box->send(to, transaction_request{{operation::execute(insert_one, key),
                                                operation::fetch(count_key, key),
                                                operation::execute(insert_one, key + 1)},
                                               o});
    case kind::script:
      return box->send(to, script_request{script_of(key), script_mode::all_or_nothing, o});
    case kind::steps:
      return box->send(to, script_request{script_of(key), script_mode::continue_on_error, o});
    case kind::returning: return box->send(to, fetch_request{insert_returning, params::of(key), o});
    case kind::once: {
      auto with_id = o;
      with_id.id = id_of(key);
      return box->send(to, execute_request{insert_one, params::of(key), with_id});
    }
    case kind::refused: return box->send(to, execute_request{insert_bad, params::of(key), o});
    case kind::rollback:
      return box->send(to, execute_request{insert_bad_rollback, params::of(key), o});
    case kind::deferred: return box->send(to, execute_request{insert_orphan, params::of(key), o});
    case kind::read:
      return box->send(to, fetch_request{count_key, params::of(a.expected_there), o});
    case kind::upkeep:
      return box->send(to, maintenance_request{maintenance_kind::checkpoint, "passive", {}, o});
    case kind::backup: return box->send(to, backup_request{o});
    case kind::report: return box->send(to, statistics_request{});
    default: return box->send(to, execute_request{insert_one, params::of(key), o});
    }
  }

  void check_result(const asked& a, const caf::message& m) {
    switch (a.what) {
    case kind::insert:
    case kind::once:
      check(m.match_elements<write_result>() && m.get_as<write_result>(0).changes == 1,
            "an insert's answer");
      break;
    case kind::many:
      check(m.match_elements<batch_result>() && m.get_as<batch_result>(0).changes == 3,
            "a bulk insert's answer");
      break;
    case kind::transaction:
      check(m.match_elements<transaction_result>() &&
                m.get_as<transaction_result>(0).results.size() == 3,
            "a transaction's answer");
      break;
    case kind::script:
      check(m.match_elements<script_result>() && m.get_as<script_result>(0).steps.size() == 2,
            "a script's answer");
      break;
    case kind::steps:
      if (m.match_elements<script_result>())
        answer_steps(a.entry, m.get_as<script_result>(0));
      else
        load->note_wrong("the answer to a script of steps is no script's");
      break;
    case kind::returning:
      check(m.match_elements<rows>() && m.get_as<rows>(0).size() == 1, "RETURNING over the handle");
      break;
    case kind::read:
      check(m.match_elements<rows>() && m.get_as<rows>(0).size() == 1 &&
                (a.expected_there == 0 || m.get_as<rows>(0)[0][0].as<int>() == 1),
            "its own write was not read over the handle");
      break;
    default: break;
    }
  }

  answer_box_ptr box;
};

// -- all of them ----------------------------------------------------------------------------------

engine_load::engine_load(detail::backend& db, engine_actor handle, caf::actor_system& sys,
                         load_settings s, int first_client)
    : db_(db, {}), handle_(std::move(handle)), settings_(std::move(s)) {
  for (int i = 0; i < settings_.facade_clients; ++i)
    clients_.push_back(std::make_unique<facade_client>(*this, first_client++));
  for (int i = 0; i < settings_.message_clients; ++i)
    clients_.push_back(std::make_unique<message_client>(*this, first_client++, sys));
  for (const auto& c : clients_)
    threads_.emplace_back([raw = c.get()] { raw->run(); });
}

engine_load::~engine_load() {
  stop();
}

void engine_load::stop() {
  stop_.store(true);
  for (auto& t : threads_)
    if (t.joinable())
      t.join();
  handle_ = nullptr;
}

engine_load::kind engine_load::pick(const load_settings& s, std::minstd_rand& random) {
  // Of a hundred.
  static constexpr std::pair<kind, unsigned> shares[] = {
      {kind::insert, 30},  {kind::many, 6},      {kind::transaction, 8}, {kind::script, 2},
      {kind::steps, 2},    {kind::returning, 6}, {kind::once, 6},        {kind::refused, 4},
      {kind::rollback, 4}, {kind::deferred, 4},  {kind::lambda, 6},      {kind::stream, 3},
      {kind::upkeep, 1},   {kind::backup, 1},    {kind::report, 1},      {kind::read, 16}};
  auto n = static_cast<unsigned>(random()) / 16 % 100;
  for (const auto& [k, share] : shares) {
    if (n < share)
      return (k == kind::backup && !s.backups) || (k == kind::upkeep && !s.checkpoints) ? kind::read
                                                                                        : k;
    n -= share;
  }
  return kind::read;
}

std::uint64_t engine_load::least_done() const {
  auto least = ~std::uint64_t{0};
  for (const auto& c : clients_)
    least = std::min(least, c->answered.load(std::memory_order_relaxed));
  return least;
}

std::uint64_t engine_load::done() const {
  std::uint64_t sum = 0;
  for (const auto& c : clients_)
    sum += c->answered.load(std::memory_order_relaxed);
  return sum;
}

std::vector<const ledger*> engine_load::ledgers() const {
  std::vector<const ledger*> all;
  for (const auto& c : clients_)
    all.push_back(&c->book);
  return all;
}

void engine_load::note_wrong(const std::string& what) {
  wrong_.fetch_add(1);
  const std::lock_guard lock(mutex_);
  if (first_wrong_.empty())
    first_wrong_ = what;
}

std::string engine_load::first_wrong() const {
  const std::lock_guard lock(mutex_);
  return first_wrong_;
}

void engine_load::failed(kind k, const error_info& e) {
  failed_[static_cast<std::size_t>(e.code)].fetch_add(1);
  const bool bad_by_nature = (k == kind::refused || k == kind::rollback || k == kind::deferred) &&
                             e.code == errc::constraint;
  const bool backup =
      k == kind::backup && (e.code == errc::backup_failed || e.code == errc::internal);
  const bool steps = k == kind::steps && e.code == errc::outcome_unknown;
  if (!bad_by_nature && !backup && !steps && settings_.foreseen.count(e.code) == 0)
    note_wrong("an answer that was not foreseen: " + to_string(e));
  else if (e.outcome == fate::unknown && !steps && settings_.unknown_with.count(e.code) == 0 &&
           client::keys_of(k) > 0)
    note_wrong("an outcome that nobody can know: " + to_string(e));
}

} // namespace dbengine::test
