// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A request on its way: what is asked, how far it is, what came of it.
// Thread rule: built by its sender, then owned by the queue, then by one worker; `state` alone is touched by several.
// Ownership: shared by the sender that waits and by the worker, so that a sender may leave at its deadline.

#pragma once

#include "sqlite/request_control.hpp"

#include <dbengine/options.hpp>
#include <dbengine/results.hpp>
#include <dbengine/stats.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace dbengine::sqlite {
class connection;
} // namespace dbengine::sqlite

namespace dbengine::engine {

class request {
public:
  enum class kind : std::uint8_t {
    execute,
    fetch,
    batch,
    transaction,
    script,
    maintenance,   ///< maintenance: a function on the worker's connection, outside any transaction
    acquire_writer ///< hand the write connection to the thread that waits
  };

  /// waiting -> running -> answered; waiting or running -> abandoned (by the sender or the watchdog, which answers
  /// in the worker's place). answered and abandoned are terminal.
  enum class state : std::uint8_t { waiting, running, answered, abandoned };

  using answer = std::variant<std::monostate, write_result, batch_result, rows,
                              std::vector<operation_result>, script_result>;

  request(kind k, sqlite::request_control c) : what(k), ctl(std::move(c)) {}
  virtual ~request() = default;
  request(const request&) = delete;
  request& operator=(const request&) = delete;

  request_class statistics_class() const noexcept;
  /// Bytes that it holds while it waits: what admission counts.
  std::size_t bytes() const noexcept;
  /// Past its deadline for longer than an interrupt takes.
  bool is_stuck(sqlite::clock::time_point now) const noexcept;
  /// For log and health: its kind, or the beginning of its SQL.
  std::string describe() const;

  /// From waiting to running; false where somebody else has answered it.
  bool start() noexcept {
    auto expected = state::waiting;
    return state_.compare_exchange_strong(expected, state::running, std::memory_order_acq_rel);
  }
  /// Back into the queue after its worker failed.
  void wait_again() noexcept {
    auto expected = state::running;
    state_.compare_exchange_strong(expected, state::waiting, std::memory_order_acq_rel);
  }
  /// Gives the answer, once: false where it was given already.
  bool finish() noexcept {
    auto s = state_.load(std::memory_order_acquire);
    while (s == state::waiting || s == state::running)
      if (state_.compare_exchange_weak(s, state::answered, std::memory_order_acq_rel)) {
        answered();
        return true;
      }
    return false;
  }
  bool fail(error_info info) noexcept {
    failure = std::move(info);
    return finish();
  }
  /// Takes the request away from queue or worker: it is the caller's to answer then, with this fate. Nothing where it is
  /// answered already. A worker that is in it cannot commit it any more, unless its commit is under way (`unknown`).
  std::optional<outcome> abandon() noexcept {
    auto s = state_.load(std::memory_order_acquire);
    while (s == state::waiting || s == state::running)
      if (state_.compare_exchange_weak(s, state::abandoned, std::memory_order_acq_rel)) {
        if (s == state::waiting)
          return outcome::not_run;
        if (!ctl.commit.try_forbid() ||
            what == kind::maintenance) // VACUUM and its like commit by themselves
          return outcome::unknown;
        if (ctl.commit
                .is_part_committed()) // a script that goes on: each of its statements is committed by itself
          return outcome::partially_applied;
        return what == kind::fetch ? outcome::not_run : outcome::rolled_back;
      }
    return std::nullopt;
  }
  bool cancelled() const noexcept { return ctl.deadline.cancel_requested(); }
  state now() const noexcept { return state_.load(std::memory_order_acquire); }

  /// Answers with an error in the place of a worker that is still in the request: touches neither `result` nor
  /// `failure`. Only after `abandon`.
  virtual void refuse(const error_info&) noexcept {}

  const kind what;
  dbengine::priority urgency = dbengine::priority::interactive;
  std::string sql;
  params parameters;
  std::vector<params> sets;
  /// Instead of `sets` while the sender's own list can be used.
  std::span<const params> borrowed_sets;
  void own_sets() {
    if (!borrowed_sets.empty())
      sets.assign(borrowed_sets.begin(), borrowed_sets.end());
    borrowed_sets = {};
  }
  std::vector<operation> operations;
  script_mode mode = script_mode::all_or_nothing;
  std::function<void(sqlite::connection&)> task;
  /// Of a task: what it counts as, the rows that it gave, and how long it took on the write connection.
  request_class task_class = request_class::maintenance;
  std::uint64_t task_rows = 0;
  std::chrono::nanoseconds task_elapsed{0};
  std::string id;
  /// Not 0: of this peer of a port, and no more than its share.
  std::uint64_t peer = 0;

  sqlite::request_control ctl;
  sqlite::clock::time_point queued{};
  sqlite::clock::time_point deadline = sqlite::clock::time_point::max();
  /// Workers that failed while they ran it.
  int attempts = 0;
  /// What admission counted for it.
  std::size_t held_bytes = 0;
  /// Runs in no group: its first try ended one.
  bool alone = false;
  /// Part of the statistics. A question about the engine is not, or each look would change what it looks at.
  bool counted = true;
  /// Its sender runs it itself: nobody else can answer while it does.
  std::atomic<bool> on_senders_thread{false};
  /// Its listener allows no writing.
  bool read_only = false;

  answer result;
  std::optional<error_info> failure;

protected:
  /// Delivers `result` or `failure`. Called once, by whoever finishes.
  virtual void answered() noexcept = 0;

private:
  std::atomic<state> state_{state::waiting};
};

using request_ptr = std::shared_ptr<request>;

} // namespace dbengine::engine
