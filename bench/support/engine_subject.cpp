// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "subject.hpp"

#include <dbengine/db_engine.hpp>

#include <stdexcept>

namespace dbengine::bench {

namespace {

class engine_subject final : public subject {
public:
  engine_subject(const std::filesystem::path& file, const open_settings& o)
      : db_(file.string(),
            {.synchronous = o.synchronous, .cache_size = o.cache_size, .mmap_size = o.mmap_size}) {}

  std::unique_ptr<client> make_client() override { return std::make_unique<engine_client>(*this); }

  void prepare_batch(std::span<const person> people) override {
    batch_.clear();
    for (const auto& p : people)
      batch_.push_back(params::of(p.name, p.email, p.score));
  }

private:
  class engine_client final : public client {
  public:
    explicit engine_client(engine_subject& s) : subject_(s) {}

    void read_point(std::int64_t id) override {
      const auto rows = subject_.db_.fetch(point_sql, id);
      if (rows.size() != 1 || rows[0][0].as<std::int64_t>() != id)
        throw std::runtime_error("engine: point read gave another row");
    }

    void read_range(std::int64_t first, std::int64_t count) override {
      const auto rows = subject_.db_.fetch(range_sql, first, first + count);
      if (rows.size() != static_cast<std::size_t>(count) || rows[0][0].as<std::int64_t>() != first)
        throw std::runtime_error("engine: range read gave other rows");
    }

    void insert(const person& p) override {
      if (subject_.db_.execute(insert_sql, p.name, p.email, p.score).changes != 1)
        throw std::runtime_error("engine: insert changed another number of rows");
    }

    void insert_batch() override {
      if (subject_.db_.execute_many(insert_sql, subject_.batch_).sets != subject_.batch_.size())
        throw std::runtime_error("engine: batch ran another number of sets");
    }

  private:
    engine_subject& subject_;
  };

  db_engine db_;
  std::vector<params> batch_;
};

} // namespace

std::unique_ptr<subject> open_engine(const std::filesystem::path& file, const open_settings& o) {
  return std::make_unique<engine_subject>(file, o);
}

} // namespace dbengine::bench
