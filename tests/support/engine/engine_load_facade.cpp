// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Clients of `engine_load` over the facade.

#include "support/engine/engine_load_client.hpp"

namespace dbengine::test {

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
          // Once the outcome is unknown, only "done" adds information: a second try that was not
          // run says nothing about the first.
          auto v = verdict_of(e.info());
          unknown_before = unknown_before || v == verdict::either;
          v = unknown_before ? verdict::either : v;
          if (keys > 0)
            answer(k, i, v);
          if (k == kind::refused || k == kind::rollback || k == kind::deferred)
            good(); // the expected answer
          if (k == kind::once && v == verdict::either && tries < 20)
            continue;
        } catch (const std::exception& e) {
          load->note_wrong("a foreign exception came through the facade: " + std::string(e.what()));
        }
        break;
      }
    }
  }

  void read_stream(const request_view& db) {
    auto c = db.cursor("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 20) "
                       "SELECT x FROM c",
                       {}, 7);
    int sum = 0;
    for (const auto& r : c)
      sum += r[0].as<int>();
    check(sum == 210, "a cursor's rows");
  }

  void call(kind k, std::size_t i, std::int64_t key) {
    const auto db = load->db_.with_timeout(load->settings_.timeout);
    switch (k) {
    case kind::insert:
      check(db.execute(insert_one, key).changes == 1, "an insert's changes");
      break;
    case kind::batch: {
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
    case kind::stream: read_stream(db); break;
    case kind::maintenance: db.checkpoint(checkpoint_mode::passive); break;
    case kind::backup: db.request_backup(); break;
    case kind::report: check(load->db_.backend().statistics().requests > 0, "statistics"); break;
    }
  }
};

std::unique_ptr<engine_load::client> engine_load::make_facade_client(engine_load& l, int number) {
  return std::make_unique<facade_client>(l, number);
}

} // namespace dbengine::test
