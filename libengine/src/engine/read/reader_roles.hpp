// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/read/reader_slot.hpp"
#include "engine/request_queues.hpp"

#include <atomic>
#include <cstddef>
#include <string>

namespace dbengine::engine {

/// Assigns roles to the readers, and closes the queue of reads while no active reader works.
/// Thread safety: any thread.
class reader_roles {
public:
  /// `workers`: how many readers are active. All references must outlive the object.
  reader_roles(const reader_slots& slots, request_queues& queues, int workers)
      : slots_(&slots), queues_(&queues), workers_(workers) {}

  bool is_active(std::size_t i) const noexcept {
    return slot(i).role.load(std::memory_order_acquire) == reader_role::active;
  }
  bool is_maintenance(std::size_t i) const noexcept { return i + 1 == slots_->size(); }

  /// If one peer occupies all active readers and other requests wait, a spare reader becomes
  /// active. Returns true if one did.
  bool promote_spare_for_others();
  /// Reverts that: if there is one active reader too many and it is no longer needed, `i` becomes
  /// spare. Returns true if it did.
  bool step_down_if_surplus(std::size_t i);
  /// The reader is stuck in that request: a spare one takes its place. Returns the text for the
  /// log, empty if the request has just ended.
  std::string retire(std::size_t i, const request_ptr& stuck_in);
  /// The retired reader has returned from its statement.
  void return_to_work(std::size_t i);
  /// The circuit of one reader opened or closed. Reads are refused while the circuits of all active
  /// readers are open.
  void set_circuit(std::size_t i, bool open, const error_info& why);
  /// Refuses reads: no reader will be restarted.
  void stop_reading(const error_info& why);

private:
  reader_slot& slot(std::size_t i) const noexcept { return *(*slots_)[i]; }
  reader_slot* find_spare() const noexcept;
  int count_active() const noexcept;
  bool promote_spare() DBENGINE_REQUIRES(mutex_);
  bool one_peer_has_all(const reader_slot* except = nullptr) const DBENGINE_REQUIRES(mutex_);
  void update_read_circuit(const error_info& why) DBENGINE_REQUIRES(mutex_);

  const reader_slots* slots_;
  request_queues* queues_;
  const int workers_;
  base::mutex mutex_;
  bool reading_stopped_ DBENGINE_GUARDED_BY(mutex_) = false;
  /// When one peer was last seen in all active readers, or in all but one.
  std::atomic<sqlite::clock::rep> one_peer_had_all_at_{0};
};

} // namespace dbengine::engine
