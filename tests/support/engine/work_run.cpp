// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/work_run.hpp"

namespace dbengine::test {

namespace {

std::string nested(const request_view& db, const work& w) {
  std::string text = "nested";
  const auto one = [&](transaction& tx, const operation& o) {
    try {
      text += "\n" + (o.what == operation::kind::fetch ? text_of(tx.fetch(o.sql, o.parameters))
                                                       : text_of(tx.execute(o.sql, o.parameters)));
    } catch (const error& e) {
      text += "\n" + (e.code() == errc::invalid_state ? "lost" : text_of(e.info()));
      throw;
    }
  };
  const auto& o = w.operations;
  bool failed = false;
  try {
    db.write([&](transaction& tx) {
      try {
        one(tx, o.front());
        try {
          tx.write([&](transaction& inner) {
            for (std::size_t i = 1; i + 1 < o.size(); ++i)
              one(inner, o[i]);
          });
        } catch (const error&) { // the savepoint is undone, the others continue
        }
        one(tx, o.back());
      } catch (const error&) {
        failed = true;
        throw;
      }
    });
  } catch (const error& e) {
    return failed ? text : text_of(e.info());
  }
  return text;
}

} // namespace

std::string answer_of(const request_view& db, const work& w) {
  const auto& first = w.operations.front();
  switch (w.what) {
  case work::kind::execute: return text_of(db.execute(first.sql, first.parameters));
  case work::kind::fetch: return text_of(db.fetch(first.sql, first.parameters));
  case work::kind::batch: return text_of(db.execute_many(first.sql, w.sets));
  case work::kind::transaction: return text_of(db.execute_transaction(w.operations));
  case work::kind::script: return text_of(db.execute_script(first.sql));
  case work::kind::script_each:
    return text_of(db.execute_script(first.sql, script_mode::continue_on_error));
  case work::kind::nested: return nested(db, w);
  }
  return {};
}

} // namespace dbengine::test
