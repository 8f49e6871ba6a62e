// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/call_admission.hpp"
#include "engine/database_file.hpp"
#include "engine/engine_counters.hpp"
#include "engine/one_shot_timer.hpp"
#include "engine/read/reader_roles.hpp"
#include "engine/read/reader_slot.hpp"
#include "engine/read/reader_wake_ups.hpp"
#include "engine/request_queues.hpp"
#include "engine/worker_signals.hpp"
#include "engine/write/write_fence.hpp"
#include "engine/write/write_queue.hpp"

#include <memory>
#include <string>
#include <vector>

namespace dbengine::engine {

/// Admits read requests and runs them on the connections of the reader actors: `num_workers` active
/// ones, spare ones, and the last one for maintenance.
/// Thread safety: any thread. Functions of a reader are called by its actor.
class reader_set {
public:
  /// The parts of the engine that a read uses. All must outlive the object.
  struct parts {
    const options& opts;
    const call_admission& calls;
    database_file& file;
    engine_counters& counters;
    write_fence& fence;
    write_queue& writes;
    request_queues& queues;
    const worker_signals& signals;
    one_shot_timer& watchdog_timer;
  };
  /// The activity of one reader at this moment.
  struct observation {
    request_ptr running;
    reader_role role = reader_role::active;
    /// Set between its wake-up and its next sleep: it may have a request that is in no list.
    bool awake = false;
  };

  explicit reader_set(const parts& p);

  /// Queues a read. A statement that turns out to write is queued as a write. Throws as
  /// `call_admission`, or `errc::overloaded`.
  void submit(request_ptr r);
  /// Queues a check of the whole file for the maintenance reader, so that it delays no read.
  void submit_maintenance(request_ptr r);

  // -- for the reader actors ----------------------------------------------------------------------

  std::size_t count() const noexcept { return slots_.size(); }
  bool is_active(std::size_t i) const noexcept { return roles_.is_active(i); }
  bool is_maintenance(std::size_t i) const noexcept { return roles_.is_maintenance(i); }
  /// The reader has its first connection.
  void opened(std::size_t i) noexcept;
  /// The reader takes work from now on. Returns the number of this incarnation, for `failed`.
  std::uint64_t started(std::size_t i);
  /// That incarnation has ended. Ignored if the next one has started: an end may be reported late.
  void failed(std::size_t i, std::uint64_t life);
  /// On `flush`. Returns false if the reader takes no work: it has become spare since it was woken.
  bool accept_wake_up(std::size_t i) noexcept;
  /// On `flush`, without a connection. Returns false if nothing waits: the next request wakes it
  /// again.
  bool has_work(std::size_t i) noexcept;
  /// On `flush`: runs all waiting requests. Returns false if the connection must be closed: the
  /// reader is spare now, or runs maintenance and is done, or the connection is not sound. An
  /// exception is the worker's failure.
  bool drain(std::size_t i, sqlite::connection& c);
  void set_circuit(std::size_t i, bool open, const error_info& why) {
    roles_.set_circuit(i, open, why);
  }

  // -- for the watchdog ---------------------------------------------------------------------------

  observation observe(std::size_t i) const;
  /// The reader is stuck in that request. Returns true if a role changed, that is, if the request
  /// has not ended in between.
  bool retire(std::size_t i, const request_ptr& stuck_in);
  /// Wakes a spare reader if one peer occupies all others.
  void help_other_peers();
  /// Refuses reads and maintenance: no reader will be restarted.
  void stop(const error_info& why);

  template <class F>
  void for_each_counters(F&& f) const {
    for (const auto& s : slots_)
      f(s->counters);
  }

private:
  request_queue& queue_of(std::size_t i) noexcept {
    return is_maintenance(i) ? p_.queues.maintenance : p_.queues.reads;
  }
  bool keeps_working(std::size_t i);
  void run_request(std::size_t i, sqlite::connection& c, const request_ptr& r);
  void execute(std::size_t i, sqlite::connection& c, request& r);
  void pass_to_writer(const request_ptr& r);
  void retry_or_refuse(std::size_t i, const request_ptr& r, const error_info& why);

  parts p_;
  reader_slots slots_;
  reader_roles roles_;
  reader_wake_ups wake_ups_;
};

} // namespace dbengine::engine
