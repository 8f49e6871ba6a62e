// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

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

/// A request: its statement, its state, and its result.
/// Thread safety: built by its sender, then owned by the queue, then by one worker. Only the state
/// is shared.
/// Ownership: shared by its sender and its worker, so that a sender may leave at its deadline.
class request {
public:
  enum class kind : std::uint8_t {
    execute,
    fetch,
    batch,       ///< one statement with many sets of parameters
    transaction, ///< a list of operations, all or nothing
    script,
    maintenance,   ///< a function on the worker's connection, outside any transaction
    acquire_writer ///< hands the write connection to the sender's thread
  };

  /// waiting: in a queue, or in a group that has not reached it. Set at the start and by
  ///   `wait_again`; ended by `start`, `finish` and `abandon`.
  /// running: a worker has it. Set by `start`; ended by `finish`, `abandon` and `wait_again`.
  /// answered: its result or failure is delivered. Set by `finish`. Terminal.
  /// abandoned: its sender or the watchdog answers in the worker's place. Set by `abandon`.
  ///   Terminal.
  enum class state : std::uint8_t { waiting, running, answered, abandoned };

  using answer = std::variant<std::monostate, write_result, batch_result, rows,
                              std::vector<operation_result>, script_result>;

  request(kind k, sqlite::request_control c) : what(k), ctl(std::move(c)) {}
  virtual ~request() = default;
  request(const request&) = delete;
  request& operator=(const request&) = delete;

  request_class statistics_class() const noexcept;
  /// The bytes that the request holds while it waits, for the admission.
  std::size_t bytes() const noexcept;
  /// Whether its deadline has passed by more than the time of an interrupt.
  bool is_stuck(sqlite::clock::time_point now) const noexcept;
  /// For log and health: its kind, or the beginning of its SQL.
  std::string describe() const;

  /// From waiting to running; false if the request is answered or abandoned.
  bool start() noexcept {
    auto expected = state::waiting;
    return state_.compare_exchange_strong(expected, state::running, std::memory_order_acq_rel);
  }
  /// Back to waiting, after its worker failed.
  void wait_again() noexcept {
    auto expected = state::running;
    state_.compare_exchange_strong(expected, state::waiting, std::memory_order_acq_rel);
  }
  /// Delivers the result or failure, once; false if the request is answered or abandoned already.
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
  /// Takes the request from its queue or worker: the caller must answer it, with the outcome
  /// returned. Empty if it is answered already. The worker can no longer commit it, unless its
  /// commit has begun (`unknown`).
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
                .is_part_committed()) // continue_on_error: each statement is committed by itself
          return outcome::partially_applied;
        return what == kind::fetch ? outcome::not_run : outcome::rolled_back;
      }
    return std::nullopt;
  }
  bool cancelled() const noexcept { return ctl.deadline.cancel_requested(); }
  state now() const noexcept { return state_.load(std::memory_order_acquire); }

  /// After `abandon`: delivers an error while a worker may still be in the request. Touches neither
  /// `result` nor `failure`.
  virtual void refuse(const error_info&) noexcept {}

  const kind what;
  dbengine::priority urgency = dbengine::priority::interactive;
  std::string sql;
  params parameters;

  // -- batch --
  std::vector<params> batch_parameters;
  /// Used instead of `batch_parameters` while the sender's own list is valid.
  std::span<const params> borrowed_batch;
  std::span<const params> batch() const noexcept {
    return borrowed_batch.empty() ? std::span<const params>(batch_parameters) : borrowed_batch;
  }
  /// Called before the sender's list becomes invalid.
  void copy_batch() {
    if (!borrowed_batch.empty())
      batch_parameters.assign(borrowed_batch.begin(), borrowed_batch.end());
    borrowed_batch = {};
  }

  // -- transaction, script --
  std::vector<operation> operations;
  script_mode mode = script_mode::all_or_nothing;

  // -- maintenance: the function, its class in the statistics, the rows it returned, its time --
  std::function<void(sqlite::connection&)> job;
  request_class job_class = request_class::maintenance;
  std::uint64_t job_rows = 0;
  std::chrono::nanoseconds job_elapsed{0};

  /// The id of an exactly-once request; otherwise empty.
  std::string id;
  /// The number of the port's peer, which gets no more than its share. 0: of this process.
  std::uint64_t peer = 0;

  sqlite::request_control ctl;
  sqlite::clock::time_point queued{};
  sqlite::clock::time_point deadline = sqlite::clock::time_point::max();
  /// The number of workers that failed while they ran it.
  int attempts = 0;
  /// The bytes that the admission counted for it.
  std::size_t held_bytes = 0;
  /// The request runs in no group: its first attempt ended one.
  bool isolated = false;
  /// Whether the request is part of the statistics. Questions about the engine are not: otherwise
  /// each would change what it reports.
  bool counted = true;
  /// The sender itself runs the request: no other thread can answer it.
  std::atomic<bool> on_senders_thread{false};
  /// The port of the request allows no writing.
  bool read_only = false;

  answer result;
  std::optional<error_info> failure;

protected:
  /// Delivers `result` or `failure`. Called once, by the thread that finishes.
  virtual void answered() noexcept = 0;

private:
  std::atomic<state> state_{state::waiting};
};

using request_ptr = std::shared_ptr<request>;

} // namespace dbengine::engine
