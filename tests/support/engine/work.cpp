// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/work.hpp"

#include <cstdio>

namespace dbengine::test {

namespace {

std::string text_of(const field& f) {
  switch (f.type()) {
  case value_type::integer: return "i" + std::to_string(f.as<std::int64_t>());
  case value_type::real: {
    char text[40];
    std::snprintf(text, sizeof text, "r%.17g", f.as<double>());
    return text;
  }
  case value_type::text: return "t" + std::string(f.bytes());
  case value_type::blob: return "b" + std::string(f.bytes());
  case value_type::null: break;
  }
  return "null";
}

} // namespace

std::string text_of(const rows& r) {
  std::string text = "rows";
  for (const auto& name : r.columns())
    text += "|" + name;
  for (const auto& row : r) {
    text += "\n";
    for (std::size_t i = 0; i < row.size(); ++i)
      text += (i == 0 ? "" : "|") + text_of(row[i]);
  }
  return text;
}

std::string text_of(const write_result& w) {
  return "changes " + std::to_string(w.changes) + " rowid " + std::to_string(w.last_insert_rowid);
}

std::string text_of(const batch_result& b) {
  return "sets " + std::to_string(b.sets) + " changes " + std::to_string(b.changes);
}

std::string text_of(const std::vector<operation_result>& all) {
  std::string text = "transaction";
  for (const auto& r : all)
    text += "\n" + (r.is_rows() ? text_of(r.rows()) : text_of(r.write()));
  return text;
}

std::string text_of(const script_result& s) {
  std::string text = "script";
  for (const auto& step : s.steps)
    text += "\n" + (step.failure                    ? text_of(*step.failure)
                    : step.result.columns().empty() ? text_of(step.written)
                                                    : text_of(step.result));
  return text;
}

std::string text_of(const error_info& e) {
  // Refusals by the engine are compared by their code; SQLite's errors by code, message and
  // position.
  const int primary = e.extended_code & 0xff;
  std::string text;
  if (e.code == errc::timeout || primary == 0 || e.code == errc::not_allowed)
    text = "refused " + std::string(to_string(e.code));
  else
    text = "error " + std::to_string(e.extended_code) + " " + e.message +
           (e.offset ? " at " + std::to_string(*e.offset) : "");
  return text + (e.index ? " index " + std::to_string(*e.index) : "");
}

const char* const work_schema =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE, n INTEGER CHECK (n >= 0), k);"
    "CREATE TABLE pair (a, b, n, PRIMARY KEY (a, b)) WITHOUT ROWID;"
    "CREATE TABLE parent (id INTEGER PRIMARY KEY, name);"
    "CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent (id)"
    "  ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);"
    "CREATE TABLE near (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent (id));"
    "CREATE TABLE log (id INTEGER PRIMARY KEY, what);"
    "CREATE INDEX by_n ON t (n);"
    "CREATE VIRTUAL TABLE words USING fts5(body);"
    "CREATE TRIGGER noted AFTER INSERT ON t BEGIN INSERT INTO log (what) VALUES (new.v); END;"
    "CREATE TRIGGER ends BEFORE INSERT ON t WHEN new.n = 90 BEGIN"
    "  INSERT INTO log (what) VALUES ('never'); SELECT RAISE(ROLLBACK, 'ends it all'); END;"
    "CREATE TRIGGER undoes BEFORE INSERT ON t WHEN new.n = 91 BEGIN SELECT RAISE(ABORT, 'undone'); END;"
    "CREATE TRIGGER stops BEFORE INSERT ON t WHEN new.n = 92 BEGIN SELECT RAISE(FAIL, 'stopped'); END;"
    "CREATE TRIGGER skips BEFORE INSERT ON t WHEN new.n = 93 BEGIN SELECT RAISE(IGNORE); END;";

const char* const shown_in_dumps =
    "substr(name, 1, 7) <> 'sqlite_' AND tbl_name <> 'dbengine_once' AND substr(name, 1, 6) <> 'words_'";

const char* const work_fingerprint =
    "SELECT (SELECT count(*) FROM t), (SELECT total(id * n) FROM t), (SELECT max(id) FROM t),"
    " (SELECT total(a * 31 + b * 7 + n) FROM pair), (SELECT count(*) FROM child),"
    " (SELECT total(p) FROM near), (SELECT max(id) FROM log), (SELECT total(length(what)) FROM log),"
    " (SELECT group_concat(name) FROM (SELECT name FROM parent ORDER BY id)),"
    " (SELECT group_concat(rowid) FROM (SELECT rowid FROM words WHERE words MATCH 'v1*' ORDER BY rowid)),"
    " (SELECT user_version FROM pragma_user_version),"
    " (SELECT count(*) FROM sqlite_schema WHERE tbl_name <> 'dbengine_once')";

namespace {

class maker {
public:
  maker(int id, std::mt19937& r) : random_(r), tick_("tick(" + std::to_string(id) + ")") {}

  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  std::string name() { return "v" + std::to_string(below(60)); }
  int n() { return below(12) == 0 ? 90 + below(4) : below(15) == 0 ? -1 : below(50); }
  std::string conflict() {
    static const char* const ways[] = {"",           "OR ROLLBACK ", "OR FAIL ",
                                       "OR IGNORE ", "OR REPLACE ",  "OR ABORT "};
    return below(2) == 0 ? "" : ways[below(6)];
  }

  // One statement that writes and ticks, or fails before it can tick.
  operation write() {
    switch (below(17)) {
    case 15:
    case 16: return full_text();
    case 0:
    case 1:
      return operation::execute(
          "INSERT " + conflict() + "INTO t (v, n, k) VALUES (?, ?, " + tick_ + ")", name(), n());
    case 2:
      return operation::execute(
          "INSERT " + conflict() + "INTO t (v, n, k) VALUES (:v, :n, " + tick_ +
              "), (:w, 5, NULL), (:u, :m, NULL)",
          {{"v", name()}, {"n", n()}, {"w", name()}, {"u", name()}, {"m", n()}});
    case 3:
      return operation::execute("UPDATE " + conflict() +
                                    "t SET v = ?, n = n - 3 WHERE id % 7 = ? AND " + tick_,
                                name(), below(7));
    case 4: return operation::execute("DELETE FROM t WHERE id % 13 = ? AND " + tick_, below(13));
    case 5:
      return operation::execute("INSERT " + conflict() + "INTO pair SELECT ?, ?, ? FROM (SELECT " +
                                    tick_ + " AS x) WHERE x",
                                below(6), below(6), n());
    case 6: return operation::execute("INSERT INTO child (p) SELECT ? WHERE " + tick_, below(14));
    case 7: return operation::execute("INSERT INTO near (p) SELECT ? WHERE " + tick_, below(14));
    case 8:
      return operation::execute("INSERT " + conflict() +
                                    "INTO parent (id, name) SELECT ?, ? WHERE " + tick_,
                                below(10), name());
    case 9: return operation::execute("DELETE FROM parent WHERE id = ? AND " + tick_, below(10));
    case 10:
      return operation::execute("CREATE TABLE extra" + std::to_string(below(3)) +
                                " AS SELECT id, n FROM t WHERE n < 5 AND " + tick_ +
                                " UNION SELECT 0, " + tick_);
    case 11:
      return operation::execute("INSERT INTO extra" + std::to_string(below(3)) + " SELECT 7, " +
                                tick_);
    case 12:
      return operation::execute("INSERT INTO t (v, n, k) VALUES (?, ?, " + tick_ +
                                    ") ON CONFLICT (v) DO UPDATE SET n = n + 1",
                                name(), n());
    case 13:
      return operation::execute("REPLACE INTO log (id, what) SELECT ?, ? WHERE " + tick_, below(30),
                                name());
    default: return mistake();
    }
  }

  // Full text: rows of a virtual table, which writes its own shadow tables.
  operation full_text() {
    switch (below(4)) {
    case 0:
      return operation::execute("DELETE FROM words WHERE rowid % 5 = ? AND " + tick_, below(5));
    case 1:
      return operation::execute("UPDATE words SET body = ? WHERE rowid = ? AND " + tick_, name(),
                                below(30));
    default:
      return operation::execute("INSERT " + conflict() +
                                    "INTO words (rowid, body) SELECT ?, ? WHERE " + tick_,
                                below(30), name() + " " + name());
    }
  }

  // A pragma that may be set. Later statements see it, and the enclosing transaction undoes it.
  operation pragma() {
    switch (below(3)) {
    case 0: return operation::execute("PRAGMA user_version = " + std::to_string(below(1000)));
    case 1: return operation::fetch("PRAGMA user_version");
    default: return operation::fetch("PRAGMA table_info(t)");
    }
  }

  // Not OR FAIL: if the rows are bounded, as over the wire, a statement that returns rows is undone
  // as a whole.
  std::string undoing() {
    auto how = conflict();
    return how == "OR FAIL " ? "OR ABORT " : how;
  }

  // Writes and returns the written rows, by each of the three kinds.
  operation returning() {
    switch (below(3)) {
    case 0:
      return operation::fetch("UPDATE " + undoing() +
                                  "t SET v = ?, n = n + 1 WHERE id % 11 = ? AND " + tick_ +
                                  " RETURNING id, v, n * 2 AS twice",
                              name(), below(11));
    case 1:
      return operation::fetch("DELETE FROM t WHERE id % 17 = ? AND " + tick_ + " RETURNING *",
                              below(17));
    default:
      return operation::fetch("INSERT " + undoing() + "INTO t (v, n, k) VALUES (?, ?, " + tick_ +
                                  ") RETURNING id, v, n",
                              name(), n());
    }
  }

  // Fails before it runs, whatever the tables hold.
  operation mistake() {
    switch (below(5)) {
    case 0: return operation::execute("INSERT INTO t (v, n) VALUES (?, ?)", name()); // one too few
    case 1: return operation::execute("DELETE FROM t", 1);                           // one too many
    case 2: return operation::execute("UPDATE t SETT n = 1");
    case 3: return operation::execute("INSERT INTO t (nope) VALUES (1)");
    default: return operation::execute("INSERT INTO t (v) VALUES (:v)", {{"w", 1}});
    }
  }

  operation first() { return operation::fetch("SELECT " + tick_); }

  // A statement without parameters, for a script.
  std::string statement() {
    switch (below(10)) {
    case 8: return "PRAGMA user_version = " + std::to_string(below(1000));
    case 9: return "INSERT INTO words (body) VALUES ('" + name() + "')";
    case 0:
    case 1:
      return "INSERT " + conflict() + "INTO t (v, n, k) VALUES ('" + name() + "', " +
             std::to_string(n()) + ", " + tick_ + ")";
    case 2: return "INSERT INTO child (p) VALUES (" + std::to_string(below(14)) + ")";
    case 3: return "CREATE TABLE extra" + std::to_string(below(3)) + " (id, n)";
    case 4: return "DROP TABLE extra" + std::to_string(below(3));
    case 5: return "SELECT count(*), ';' FROM t -- a comment; with a semicolon\n";
    case 6: return "ALTER TABLE extra" + std::to_string(below(3)) + " ADD COLUMN more";
    default: return "UPDATE t SET n = n - 4 WHERE id % 5 = 0";
    }
  }

  operation change_schema() {
    const auto table = "extra" + std::to_string(below(3));
    switch (below(3)) {
    case 0: return operation::execute("DROP TABLE " + table);
    case 1: return operation::execute("CREATE INDEX made" + std::to_string(below(3)) + " ON t (k)");
    default:
      return operation::execute("ALTER TABLE " + table + " ADD COLUMN c" +
                                std::to_string(below(4)));
    }
  }

private:
  std::mt19937& random_;
  std::string tick_;
};

void add_batch(work& w, maker& make) {
  w.what = work::kind::batch;
  w.operations.push_back(operation::execute("INSERT " + make.conflict() +
                                            "INTO t (v, n, k) VALUES (:v, :n, tick(" +
                                            std::to_string(w.id) + "))"));
  const int last = make.below(6);
  for (int i = 0; i <= last; ++i)
    w.sets.push_back({{"v", make.name()}, {make.below(40) == 0 ? "m" : "n", make.n()}});
}

void add_transaction(work& w, maker& make) {
  w.what = work::kind::transaction;
  w.operations.push_back(make.first());
  for (int i = make.below(4); i >= 0; --i)
    w.operations.push_back(make.below(3) == 0   ? make.change_schema()
                           : make.below(5) == 0 ? make.pragma()
                           : make.below(6) == 0 ? make.returning()
                                                : make.write());
  if (make.below(3) == 0)
    w.operations.push_back(operation::fetch("SELECT count(*), total(n) FROM t"));
}

void add_script(work& w, maker& make) {
  w.what = make.below(2) == 0 ? work::kind::script : work::kind::script_each;
  std::string text = "SELECT tick(" + std::to_string(w.id) + ");";
  for (int i = make.below(4); i >= 0; --i)
    text += make.statement() + ";\n";
  w.operations.push_back(operation::execute(text));
}

} // namespace

work random_work(int id, std::mt19937& random) {
  maker make(id, random);
  work w;
  w.id = id;
  switch (make.below(20)) {
  case 0:
    w.what = work::kind::fetch;
    w.operations.push_back(make.returning());
    break;
  case 1: add_batch(w, make); break;
  case 2:
  case 3: add_transaction(w, make); break;
  case 4:
  case 5: add_script(w, make); break;
  case 6:
    w.what = work::kind::nested;
    w.operations.push_back(make.first());
    for (int i = make.below(3) + 2; i >= 0; --i)
      w.operations.push_back(make.below(5) == 0   ? make.change_schema()
                             : make.below(8) == 0 ? make.pragma()
                                                  : make.write());
    break;
  case 7: {
    static const char* const texts[] = {"BEGIN", "COMMIT", "SAVEPOINT s",
                                        "PRAGMA journal_mode = DELETE",
                                        "ATTACH ':memory:' AS other"};
    w.forbidden = true;
    w.operations.push_back(operation::execute(texts[make.below(5)]));
    break;
  }
  case 8:
    if (make.below(8) == 0) {
      w.endless = true;
      w.operations.push_back(operation::execute(
          "INSERT INTO log (what) WITH RECURSIVE c(x) AS (SELECT tick(" + std::to_string(id) +
          ") UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"));
    } else {
      w.operations.push_back(make.below(4) == 0 ? operation::execute("VACUUM") : make.mistake());
    }
    break;
  case 9:
  case 10:
  case 11:
    w.what = work::kind::fetch;
    w.reads = true;
    w.operations.push_back(make.below(3) == 0 ? operation::fetch("SELECT count(*) FROM extra" +
                                                                 std::to_string(make.below(3)))
                                              : operation::fetch(work_fingerprint));
    break;
  default: w.operations.push_back(make.write());
  }
  return w;
}

} // namespace dbengine::test
