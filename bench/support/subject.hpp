// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The subjects of the comparison: one database opened in one of several ways, used by any number of
// threads.

#pragma once

#include <dbengine/options.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace dbengine::bench {

/// A row of the tables `users` (read) and `log` (written).
struct person {
  std::string name;
  std::string email;
  double score = 0;
};

/// Number of rows of `users` in the template database, with the ids 1 to this.
inline constexpr std::int64_t user_count = 100'000;

inline constexpr const char* point_sql = "SELECT id, name, email, score FROM users WHERE id = ?";
inline constexpr const char* range_sql =
    "SELECT id, name, email, score FROM users WHERE id >= ? AND id < ?";
inline constexpr const char* insert_sql = "INSERT INTO log (name, email, score) VALUES (?, ?, ?)";

/// The person with this number; the same number always returns the same person.
person make_person(std::int64_t number);

/// The operations of one thread on a subject. It is created and used on that thread and destroyed
/// before its subject.
/// Errors: every call checks its result and throws if it is wrong.
class client {
public:
  virtual ~client() = default;
  /// Reads one row by id, all columns as owned values.
  virtual void read_point(std::int64_t id) = 0;
  /// Reads `count` rows from `first` on, all columns as owned values.
  virtual void read_range(std::int64_t first, std::int64_t count) = 0;
  /// Inserts one row, committed on return.
  virtual void insert(const person& p) = 0;
  /// Inserts the subject's prepared batch in one transaction; see `subject::prepare_batch`.
  virtual void insert_batch() = 0;
};

class subject {
public:
  virtual ~subject() = default;
  virtual std::unique_ptr<client> make_client() = 0;
  /// Converts the rows of `insert_batch` to the subject's input format, before the clock starts for
  /// every subject.
  virtual void prepare_batch(std::span<const person> people) = 0;
};

/// How all subjects open a database; the defaults are the engine's.
struct open_settings {
  dbengine::synchronous synchronous = dbengine::synchronous::normal;
  std::size_t cache_size = defaults::cache_size;
  std::size_t mmap_size = defaults::mmap_size;
  bool raw_serialized = false;
};

/// The C API: prepared statements are reused; a connection per thread for reads, one behind a mutex
/// for writes.
std::unique_ptr<subject> open_raw(const std::filesystem::path& file, const open_settings& o);
/// Typical hand-written code: one SQLiteCpp database and its prepared statements behind one mutex.
std::unique_ptr<subject> open_sqlitecpp(const std::filesystem::path& file, const open_settings& o);
/// The engine's facade.
std::unique_ptr<subject> open_engine(const std::filesystem::path& file, const open_settings& o);

/// Creates the database whose copies all measurements start from: checkpointed, without a WAL.
void make_template(const std::filesystem::path& file);

/// The pragmas of every connection of the raw and the SQLiteCpp subject. They are the engine's,
/// except for `wal_autocheckpoint` and `secure_delete`, which keep SQLite's defaults.
std::vector<std::string> twin_pragmas(const open_settings& o);

} // namespace dbengine::bench
