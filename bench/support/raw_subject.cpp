// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "raw_sqlite.hpp"
#include "subject.hpp"

#include <mutex>
#include <stdexcept>

namespace dbengine::bench {

namespace {

class raw_subject final : public subject {
public:
  raw_subject(std::filesystem::path file, open_settings o)
      : file_(std::move(file)), settings_(o), writer_(file_, !o.raw_serialized) {
    prepare(writer_);
    insert_ = std::make_unique<raw::statement>(writer_, insert_sql);
    begin_ = std::make_unique<raw::statement>(writer_, "BEGIN IMMEDIATE");
    commit_ = std::make_unique<raw::statement>(writer_, "COMMIT");
  }

  std::unique_ptr<client> make_client() override { return std::make_unique<raw_client>(*this); }

  void prepare_batch(std::span<const person> people) override {
    batch_.assign(people.begin(), people.end());
  }

private:
  class raw_client final : public client {
  public:
    explicit raw_client(raw_subject& s)
        : subject_(s), reader_(s.file_, !s.settings_.raw_serialized), prepared_(s.prepare(reader_)),
          point_(reader_, point_sql), range_(reader_, range_sql) {}

    void read_point(std::int64_t id) override {
      point_.bind(1, id);
      const auto rows = point_.fetch();
      if (rows.size() != 1 || std::get<std::int64_t>(rows.cells[0]) != id)
        throw std::runtime_error("raw: point read gave another row");
    }

    void read_range(std::int64_t first, std::int64_t count) override {
      range_.bind(1, first);
      range_.bind(2, first + count);
      const auto rows = range_.fetch();
      if (rows.size() != static_cast<std::size_t>(count) ||
          std::get<std::int64_t>(rows.cells[0]) != first)
        throw std::runtime_error("raw: range read gave other rows");
    }

    void insert(const person& p) override {
      const std::lock_guard guard(subject_.mutex_);
      subject_.insert_->run(p);
    }

    void insert_batch() override {
      const std::lock_guard guard(subject_.mutex_);
      subject_.begin_->run();
      for (const auto& p : subject_.batch_)
        subject_.insert_->run(p);
      subject_.commit_->run();
    }

  private:
    raw_subject& subject_;
    raw::connection reader_;
    bool prepared_; // the pragmas run after opening and before preparation
    raw::statement point_, range_;
  };

  bool prepare(raw::connection& c) const {
    for (const auto& pragma : twin_pragmas(settings_))
      c.run(pragma);
    return true;
  }

  std::filesystem::path file_;
  open_settings settings_;
  std::mutex mutex_;
  raw::connection writer_;
  std::unique_ptr<raw::statement> insert_, begin_, commit_;
  std::vector<person> batch_;
};

} // namespace

std::unique_ptr<subject> open_raw(const std::filesystem::path& file, const open_settings& o) {
  return std::make_unique<raw_subject>(file, o);
}

} // namespace dbengine::bench
