// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The things compared: one database opened in one of several ways, used by any number of threads.

#pragma once

#include <dbengine/options.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace dbengine::bench {

/// One row of the tables `users` (read) and `log` (written).
struct person {
  std::string name;
  std::string email;
  double score = 0;
};

/// Rows of `users` in the template database, with the ids 1 to this.
inline constexpr std::int64_t user_count = 100'000;

inline constexpr const char* point_sql = "SELECT id, name, email, score FROM users WHERE id = ?";
inline constexpr const char* range_sql =
    "SELECT id, name, email, score FROM users WHERE id >= ? AND id < ?";
inline constexpr const char* insert_sql = "INSERT INTO log (name, email, score) VALUES (?, ?, ?)";

/// The person with this number; the same number gives the same person.
person make_person(std::int64_t number);

/// What one thread does with a subject. Made and used on that thread, ended before its subject. Every call
/// checks its outcome and throws where it is not what it must be.
class client {
public:
  virtual ~client() = default;
  /// One row by id, all columns as owned values.
  virtual void read_point(std::int64_t id) = 0;
  /// `count` rows from `first` on, all columns as owned values.
  virtual void read_range(std::int64_t first, std::int64_t count) = 0;
  /// One row, committed on return.
  virtual void insert(const person& p) = 0;
  /// The subject's prepared batch in one transaction; see `subject::prepare_batch`.
  virtual void insert_batch() = 0;
};

class subject {
public:
  virtual ~subject() = default;
  virtual std::unique_ptr<client> make_client() = 0;
  /// Puts the rows of `insert_batch` into the form the subject takes them in. Before the clock starts, on both sides.
  virtual void prepare_batch(std::span<const person> people) = 0;
};

/// How all subjects open a database; the defaults are the engine's.
struct open_settings {
  dbengine::synchronous synchronous = dbengine::synchronous::normal;
  std::size_t cache_size = defaults::cache_size;
  std::size_t mmap_size = defaults::mmap_size;
  bool raw_serialized = false;
};

/// The C API: prepared statements reused, a connection per thread for reads, one behind a mutex for writes.
std::unique_ptr<subject> open_raw(const std::filesystem::path& file, const open_settings& o);
/// What people write by hand: one SQLiteCpp database and its prepared statements behind one mutex.
std::unique_ptr<subject> open_sqlitecpp(const std::filesystem::path& file, const open_settings& o);
/// The engine's facade.
std::unique_ptr<subject> open_engine(const std::filesystem::path& file, const open_settings& o);

/// Makes the database that every measurement starts from a copy of: checkpointed, no WAL beside it.
void make_template(const std::filesystem::path& file);

/// The pragmas that every connection of the raw and the SQLiteCpp subject gets: the engine's, but for
/// `wal_autocheckpoint` and `secure_delete`, which stay SQLite's defaults.
std::vector<std::string> twin_pragmas(const open_settings& o);

} // namespace dbengine::bench
