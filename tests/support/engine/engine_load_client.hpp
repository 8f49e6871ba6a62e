// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Shared by the clients of `engine_load`, over the facade or the typed handle.
// Thread safety: each client belongs to its thread; `answered` is read by any thread.

#pragma once

#include "support/engine/engine_load.hpp"

namespace dbengine::test {

inline constexpr const char* insert_one = "INSERT INTO t (k) VALUES (?)";
inline constexpr const char* insert_returning = "INSERT INTO t (k) VALUES (?) RETURNING k";
inline constexpr const char* insert_bad = "INSERT INTO t (k, v) VALUES (?, 'bad')";
inline constexpr const char* insert_bad_rollback =
    "INSERT OR ROLLBACK INTO t (k, v) VALUES (?, 'bad')";
inline constexpr const char* insert_orphan = "INSERT INTO children (k, parent) VALUES (?, 1)";
inline constexpr const char* count_key = "SELECT count(*) FROM t WHERE k = ?";
// Every answer arrives within the longest deadline plus the time of a restart. An answer that is
// missing then never arrives.
inline constexpr std::chrono::seconds patience{60};

inline std::string script_of(std::int64_t key) {
  return "INSERT INTO t (k) VALUES (" + std::to_string(key) +
         "); -- two\nINSERT INTO t (k) VALUES (" + std::to_string(key + 1) + ")";
}

inline std::string id_of(std::int64_t key) {
  return "once-" + std::to_string(key);
}

struct engine_load::client {
  client(engine_load& l, int number)
      : load(&l), book(number), random(l.settings_.seed + static_cast<unsigned>(number)) {}
  virtual ~client() = default;
  virtual void run() = 0;

  static std::int32_t keys_of(kind k) {
    switch (k) {
    case kind::batch: return 3;
    case kind::transaction:
    case kind::script:
    case kind::steps:
    case kind::lambda: return 2;
    case kind::read:
    case kind::stream:
    case kind::maintenance:
    case kind::backup:
    case kind::report: return 0;
    default: return 1;
    }
  }
  // If each statement is committed by itself, each has an entry.
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
    if (r.steps.size() != 2)
      return load->note_wrong("a script's steps, one by one");
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
  write_log book;
  std::minstd_rand random;
  std::atomic<std::uint64_t> answered{0};
  std::int64_t last_done = 0;
};

} // namespace dbengine::test
