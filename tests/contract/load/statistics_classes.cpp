// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests in which class each kind of request is counted, with its rows, and the error of an
// interrupted read.

#include "support/engine/backends.hpp"

#include <array>
#include <stdexcept>
#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

constexpr auto insert = "INSERT INTO t (v) VALUES (?)";

struct figures {
  std::uint64_t count = 0, errors = 0, rows = 0;
  friend bool operator==(const figures&, const figures&) = default;
};

// What the counters of the classes have grown by since construction.
class growth {
public:
  explicit growth(const target& db) : db_(&db), before_(db.get_stats()) {}
  void is(request_class c, figures expected) const {
    const auto now = db_->get_stats();
    const auto &a = before_.of(c), &b = now.of(c);
    const figures seen{b.count - a.count, b.errors - a.errors, b.rows - a.rows};
    const auto text = [](const figures& f) {
      return std::to_string(f.count) + " " + std::to_string(f.errors) + " " +
             std::to_string(f.rows);
    };
    const auto head = db_->name + ", " + std::string(to_string(c)) + ": ";
    CAF_CHECK_EQUAL(head + text(seen), head + text(expected));
  }
  void only(std::initializer_list<std::pair<request_class, figures>> grown) const {
    std::array<figures, request_class_count> all{};
    for (const auto& [c, f] : grown)
      all[static_cast<std::size_t>(c)] = f;
    for (std::size_t i = 0; i < all.size(); ++i)
      is(static_cast<request_class>(i), all[i]);
  }

private:
  const target* db_;
  statistics before_;
};

void with_rows(const std::function<void(target&)>& check) {
  on_every_backend([&](target& db) {
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    for (int i = 0; i < 10; ++i)
      db.execute(insert, i);
    check(db);
  });
}

} // namespace

CAF_TEST(a cursor is counted with its batches and rows) {
  with_rows([](target& db) {
    const growth g(db);
    {
      auto c = db.cursor("SELECT * FROM t", {}, 4);
      while (!c.next().empty()) {
      }
    }
    g.only({{request_class::cursor, {5, 0, 10}}}); // the opening, pages of 4, 4, 2, the end
    const auto after = db.get_stats();
    CAF_CHECK(after.of(request_class::cursor).run.count > 0);
  });
}

CAF_TEST(maintenance is counted as such) {
  with_rows([](target& db) {
    const growth g(db);
    db.vacuum();
    db.analyze();
    CAF_CHECK(db.integrity_check().empty());
    db.checkpoint(checkpoint_mode::passive);
    g.only({{request_class::maintenance, {4, 0, 0}}});
    const auto after = db.get_stats();
    CAF_CHECK_EQUAL(after.of(request_class::maintenance).run.count, 4u);
  });
}

CAF_TEST(transactions and scripts have the rows of all their statements) {
  with_rows([](target& db) {
    const growth g(db);
    db.execute_transaction({operation::execute("UPDATE t SET v = 'x' WHERE id <= 3"),
                            operation::fetch("SELECT * FROM t LIMIT 5"),
                            operation::execute(insert, 7)});
    db.execute_script("DELETE FROM t WHERE id = 1; SELECT * FROM t LIMIT 2;"
                      "INSERT INTO t (v) VALUES ('a'), ('b') RETURNING id");
    g.only({{request_class::transaction, {1, 0, 9}}, {request_class::script, {1, 0, 5}}});
  });
}

CAF_TEST(a write is one transaction with its rows and reads in a snapshot are fetches) {
  with_rows([](target& db) {
    if (!db.interactive)
      return;
    const growth reads(db);
    db.read([](snapshot& s) {
      CAF_CHECK_EQUAL(s.fetch("SELECT * FROM t").size(), 10u);
      CAF_CHECK_EQUAL(s.fetch("SELECT * FROM t LIMIT 3").size(), 3u);
      CAF_CHECK_EQUAL(code_of([&] { s.fetch("SELECT nope FROM t"); }), "sql");
    });
    reads.only({{request_class::fetch, {3, 1, 13}}});
    const growth writes(db);
    db.write([](transaction& tx) { CAF_CHECK_EQUAL(tx.execute("DELETE FROM t").changes, 10); });
    db.write([](transaction& tx) {
      tx.execute_many(insert, std::vector<params>{params::of(1), params::of(2)});
      CAF_CHECK_EQUAL(tx.fetch("SELECT * FROM t").size(), 2u);
      // Rows that are rolled back are not counted.
      CAF_CHECK_EQUAL(code_of([&] {
                        tx.write([](transaction& inner) {
                          inner.execute(insert, 3);
                          inner.execute("SELEKT");
                        });
                      }),
                      "sql");
    });
    CAF_CHECK_EQUAL(code_of([&] {
                      db.write([](transaction& tx) {
                        tx.execute(insert, 4);
                        throw error(errc::range, "the host does not want it");
                      });
                    }),
                    "range");
    writes.only({{request_class::transaction, {3, 1, 14}}});
  });
}

CAF_TEST(an interrupted read did run) {
  on_every_backend([](target& db) {
    const std::string endless =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c";
    const growth g(db);
    const auto cut = failure_of([&] { db.with_timeout(50ms).fetch(endless); });
    CAF_CHECK(cut.code == errc::timeout);
    // Checked only if the read runs on the caller's own thread. Elsewhere, on a busy machine, the
    // caller may stop waiting before the interrupted read has ended.
    if (db.interactive) {
      CAF_CHECK_EQUAL(to_string(cut.outcome), to_string(outcome::rolled_back));
      g.is(request_class::fetch, {1, 1, 0});
    }
    const auto never = failure_of([&] { db.with_timeout(0ms).fetch("SELECT 1"); });
    CAF_CHECK(never.code == errc::timeout && never.outcome == outcome::not_run);
    const auto wrong = failure_of([&] { db.fetch("SELECT nope"); });
    CAF_CHECK(wrong.code == errc::sql && wrong.outcome == outcome::not_run);
  });
}
