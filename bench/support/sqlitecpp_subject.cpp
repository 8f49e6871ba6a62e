// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "raw_sqlite.hpp"
#include "subject.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <mutex>
#include <stdexcept>

namespace dbengine::bench {

namespace {

raw::owned_rows fetch(SQLite::Statement& s) {
  raw::owned_rows result;
  while (s.executeStep()) {
    result.width = static_cast<std::size_t>(s.getColumnCount());
    for (int i = 0; i < s.getColumnCount(); ++i) {
      const auto column = s.getColumn(i);
      if (column.isInteger())
        result.cells.emplace_back(column.getInt64());
      else if (column.isFloat())
        result.cells.emplace_back(column.getDouble());
      else if (column.isText())
        result.cells.emplace_back(column.getString());
      else if (column.isBlob()) {
        const auto* bytes = static_cast<const std::byte*>(column.getBlob());
        result.cells.emplace_back(std::vector<std::byte>(bytes, bytes + column.getBytes()));
      } else
        result.cells.emplace_back();
    }
  }
  s.reset();
  return result;
}

class sqlitecpp_subject final : public subject {
public:
  sqlitecpp_subject(const std::filesystem::path& file, const open_settings& o)
      : db_(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 30'000) {
    for (const auto& pragma : twin_pragmas(o))
      db_.exec(pragma);
    point_ = std::make_unique<SQLite::Statement>(db_, point_sql);
    range_ = std::make_unique<SQLite::Statement>(db_, range_sql);
    insert_ = std::make_unique<SQLite::Statement>(db_, insert_sql);
  }

  std::unique_ptr<client> make_client() override {
    return std::make_unique<sqlitecpp_client>(*this);
  }

  void prepare_batch(std::span<const person> people) override {
    batch_.assign(people.begin(), people.end());
  }

private:
  void insert(const person& p) {
    insert_->bindNoCopy(1, p.name);
    insert_->bindNoCopy(2, p.email);
    insert_->bind(3, p.score);
    insert_->exec();
    insert_->reset();
  }

  class sqlitecpp_client final : public client {
  public:
    explicit sqlitecpp_client(sqlitecpp_subject& s) : subject_(s) {}

    void read_point(std::int64_t id) override {
      const std::lock_guard guard(subject_.mutex_);
      subject_.point_->bind(1, id);
      const auto rows = fetch(*subject_.point_);
      if (rows.size() != 1 || std::get<std::int64_t>(rows.cells[0]) != id)
        throw std::runtime_error("sqlitecpp: point read gave another row");
    }

    void read_range(std::int64_t first, std::int64_t count) override {
      const std::lock_guard guard(subject_.mutex_);
      subject_.range_->bind(1, first);
      subject_.range_->bind(2, first + count);
      const auto rows = fetch(*subject_.range_);
      if (rows.size() != static_cast<std::size_t>(count) ||
          std::get<std::int64_t>(rows.cells[0]) != first)
        throw std::runtime_error("sqlitecpp: range read gave other rows");
    }

    void insert(const person& p) override {
      const std::lock_guard guard(subject_.mutex_);
      subject_.insert(p);
    }

    void insert_batch() override {
      const std::lock_guard guard(subject_.mutex_);
      SQLite::Transaction transaction(subject_.db_);
      for (const auto& p : subject_.batch_)
        subject_.insert(p);
      transaction.commit();
    }

  private:
    sqlitecpp_subject& subject_;
  };

  std::mutex mutex_;
  SQLite::Database db_;
  std::unique_ptr<SQLite::Statement> point_, range_, insert_;
  std::vector<person> batch_;
};

} // namespace

std::unique_ptr<subject> open_sqlitecpp(const std::filesystem::path& file, const open_settings& o) {
  return std::make_unique<sqlitecpp_subject>(file, o);
}

} // namespace dbengine::bench
