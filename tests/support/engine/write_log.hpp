// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The requests to an engine and its answers, compared with the rows in the file.
// Thread safety: each object belongs to one client and is compared after that client has ended.
//
// Every write inserts rows with keys that no other request uses. So a row shows its request, and
// two rows of one key show that a request ran twice.

#pragma once

#include <dbengine/error.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

struct sqlite3;

namespace dbengine::test {

/// The answer that the caller got. `open`: none yet. `either`: the engine reports that the outcome
/// is unknown.
enum class verdict : std::uint8_t { open, done, not_done, either };

/// What an error says about its request.
verdict verdict_of(const error_info& e);

class write_log {
public:
  struct entry {
    std::int64_t first = 0;
    std::int32_t keys = 0;
    verdict said = verdict::open;
    /// The request may be applied in part (a script that continues on errors).
    bool parts = false;
  };

  explicit write_log(int client) : client_(client) {}

  /// Enters a request that inserts `keys` rows, with keys from `first()` of the entry on.
  std::size_t ask(std::int32_t keys) {
    entries_.push_back({(std::int64_t{client_} << 32) + next_, keys});
    next_ += keys;
    return entries_.size() - 1;
  }
  std::int64_t first(std::size_t i) const { return entries_[i].first; }
  void answer(std::size_t i, verdict v) { entries_[i].said = v; }

  const std::vector<entry>& entries() const noexcept { return entries_; }
  int client() const noexcept { return client_; }

private:
  int client_;
  std::int64_t next_ = 1;
  std::vector<entry> entries_;
};

struct findings {
  std::uint64_t done = 0, not_done = 0, either = 0;
  std::uint64_t unanswered = 0; ///< no answer arrived
  std::uint64_t lost = 0;       ///< answered as done, but absent
  std::uint64_t ghosts = 0;     ///< answered as not done, but present
  std::uint64_t doubled = 0;    ///< present more than once
  std::uint64_t torn = 0;       ///< a part of an indivisible request
  std::uint64_t strangers = 0;  ///< rows without a request
  std::string first;            ///< the first of these, in words

  bool right() const noexcept {
    return unanswered + lost + ghosts + doubled + torn + strangers == 0;
  }
  std::string text() const;
};

/// The tables that the keys go to.
inline constexpr const char* write_log_schema =
    "CREATE TABLE IF NOT EXISTS t (k INTEGER NOT NULL, v TEXT CHECK (v IS NULL OR v <> 'bad'));"
    "CREATE INDEX IF NOT EXISTS t_k ON t (k);"
    "CREATE TABLE IF NOT EXISTS parents (id INTEGER PRIMARY KEY);"
    "CREATE TABLE IF NOT EXISTS children (k INTEGER NOT NULL, "
    "parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);";

/// Compares the logs with all rows of the tables. Opens the file without the engine. Throws
/// `error`.
findings compare(const std::filesystem::path& database, const std::vector<const write_log*>& all);
/// The problems that `PRAGMA integrity_check` finds in the file; empty if there are none.
std::string integrity(const std::filesystem::path& database);

} // namespace dbengine::test
