// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/read/reader_roles.hpp"

#include "base/fault.hpp"
#include "base/log.hpp"

#include <dbengine/defaults.hpp>

#include <algorithm>

namespace dbengine::engine {

namespace {

std::string reader_name(std::size_t i) {
  return "reader " + std::to_string(i + 1);
}

} // namespace

reader_slot* reader_roles::find_spare() const noexcept {
  const auto it = std::find_if(slots_->begin(), slots_->end(), [](const auto& s) {
    return s->role == reader_role::spare && s->alive;
  });
  return it == slots_->end() ? nullptr : it->get();
}

int reader_roles::count_active() const noexcept {
  return static_cast<int>(std::count_if(slots_->begin(), slots_->end(), [](const auto& s) {
    return s->role == reader_role::active;
  }));
}

bool reader_roles::one_peer_has_all(const reader_slot* except) const {
  std::uint64_t peer = 0;
  for (const auto& s : *slots_) {
    if (s->role != reader_role::active || s.get() == except)
      continue;
    const base::scoped_lock lock(s->mutex);
    const auto holds = s->current ? s->current->peer : 0;
    if (holds == 0 || (peer != 0 && holds != peer))
      return false;
    peer = holds;
  }
  return peer != 0;
}

bool reader_roles::promote_spare_for_others() {
  if (!queues_->reads.has_work() || DBENGINE_MUTANT("lets one peer have every reader"))
    return false;
  if (!mutex_.try_lock())
    return false; // a sender does not wait for the mutex: the watchdog tries again
  const bool promoted = promote_spare();
  mutex_.unlock();
  return promoted;
}

bool reader_roles::promote_spare() {
  auto* spare = find_spare();
  if (spare == nullptr || !one_peer_has_all())
    return false;
  one_peer_had_all_at_.store(sqlite::clock::now().time_since_epoch().count(),
                             std::memory_order_relaxed);
  spare->role.store(reader_role::active, std::memory_order_seq_cst);
  return true;
}

// Not at once: only if no peer has had all the others for `spare_reader_stays`.
bool reader_roles::step_down_if_surplus(std::size_t i) {
  if (count_active() <= workers_)
    return false;
  const auto now = sqlite::clock::now().time_since_epoch().count();
  if (now - one_peer_had_all_at_.load(std::memory_order_relaxed) <
      sqlite::clock::duration(defaults::spare_reader_stays).count())
    return false;
  const base::scoped_lock lock(mutex_);
  if (count_active() <= workers_)
    return false;
  if (one_peer_has_all(&slot(i))) {
    one_peer_had_all_at_.store(now, std::memory_order_relaxed);
    return false;
  }
  slot(i).role.store(reader_role::spare, std::memory_order_release);
  return true;
}

std::string reader_roles::retire(std::size_t i, const request_ptr& stuck_in) {
  std::string text = reader_name(i) + " is stuck in " + stuck_in->describe();
  const base::scoped_lock lock(mutex_);
  auto& stuck = slot(i);
  {
    const base::scoped_lock current(stuck.mutex);
    if (stuck.current != stuck_in)
      return {};
    stuck.role.store(reader_role::retired, std::memory_order_release);
  }
  if (auto* spare = find_spare(); spare != nullptr) {
    spare->role.store(reader_role::active, std::memory_order_seq_cst);
    const auto it = std::find_if(slots_->begin(), slots_->end(),
                                 [spare](const auto& s) { return s.get() == spare; });
    text += "; " + reader_name(static_cast<std::size_t>(it - slots_->begin())) + " takes its place";
  } else {
    text += "; no spare reader is left to take its place";
  }
  update_read_circuit({.code = errc::unavailable, .message = text});
  return text;
}

void reader_roles::return_to_work(std::size_t i) {
  const base::scoped_lock lock(mutex_);
  const auto working = std::count_if(slots_->begin(), slots_->end(), [](const auto& s) {
    return s->role == reader_role::active && !s->circuit_open;
  });
  const bool missing = working < workers_;
  slot(i).role.store(missing ? reader_role::active : reader_role::spare, std::memory_order_release);
  update_read_circuit({.code = errc::unavailable, .message = "all reader circuits are open"});
  base::log_limited(base::log_level::info, "a reader returned",
                    reader_name(i) + " has returned" + (missing ? "" : " and is now spare"));
}

void reader_roles::set_circuit(std::size_t i, bool open, const error_info& why) {
  const base::scoped_lock lock(mutex_);
  slot(i).circuit_open = open;
  if (!is_maintenance(i))
    return update_read_circuit(why);
  if (!open)
    return queues_->maintenance.open();
  close_queue(queues_->maintenance,
              {.code = errc::unavailable,
               .message = "maintenance failed too often, its circuit is open: " + why.message});
}

void reader_roles::stop_reading(const error_info& why) {
  close_queue(queues_->reads,
              {.code = errc::unavailable,
               .message = "the readers failed too often, their circuits are open: " + why.message});
}

void reader_roles::update_read_circuit(const error_info& why) {
  bool working = false;
  bool open = false;
  for (const auto& s : *slots_)
    if (s->role == reader_role::active)
      (s->circuit_open ? open : working) = true;
  const bool stop = open && !working;
  if (stop && !reading_stopped_)
    stop_reading(why);
  else if (!stop && reading_stopped_)
    queues_->reads.open();
  reading_stopped_ = stop;
}

} // namespace dbengine::engine
