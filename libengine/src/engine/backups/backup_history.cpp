// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/backups/backup_history.hpp"

#include "backup/backup_age.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace dbengine::engine {

namespace {

// The maximum age of a backup in comparisons with the interval; older ones count as this old.
constexpr backup_history::clock::duration max_age = std::chrono::hours(24 * 365 * 10);

bool is_callers(errc code) {
  return code == errc::cancelled || code == errc::timeout;
}

// Only these set the schedule, the age and the last error.
bool is_own(backup_kind kind) {
  return kind == backup_kind::periodic || kind == backup_kind::requested;
}

} // namespace

backup_history::backup_history(const options& o)
    : options_(&o),
      schedule_(o.backup_interval, std::nullopt, std::chrono::system_clock::now(), clock::now()) {}

void backup_history::start(std::optional<wall_time> newest) {
  const auto now = clock::now();
  const auto wall_now = std::chrono::system_clock::now();
  const base::scoped_lock lock(mutex_);
  schedule_ = {options_->backup_interval, newest, wall_now, now};
  last_ = newest;
  if (newest)
    last_at_ =
        now - std::clamp<clock::duration>(wall_now - *newest, clock::duration::zero(), max_age);
}

void backup_history::record_success(backup_kind kind) {
  const base::scoped_lock lock(mutex_);
  ++succeeded_;
  if (kind == backup_kind::peer)
    last_for_peer_ = clock::now();
  if (!is_own(kind))
    return;
  last_ = std::chrono::system_clock::now();
  last_at_ = clock::now();
  last_error_.clear();
  if (kind == backup_kind::periodic)
    schedule_.succeeded(clock::now());
  else
    schedule_.succeeded_on_request();
}

void backup_history::record_failure(backup_kind kind, const error_info& why) {
  const base::scoped_lock lock(mutex_);
  if (kind == backup_kind::periodic)
    schedule_.failed(clock::now());
  if (is_callers(why.code) || (kind == backup_kind::peer && why.code == errc::not_allowed))
    return;
  ++failed_;
  if (!is_own(kind))
    return;
  last_error_ = to_string(why);
  if (kind == backup_kind::periodic) // no caller receives this error
    base::log(base::log_level::error, "the backup failed: " + last_error_);
}

void backup_history::record_collision(backup_kind kind) {
  const base::scoped_lock lock(mutex_);
  if (kind == backup_kind::periodic)
    schedule_.failed(clock::now());
}

std::chrono::nanoseconds backup_history::time_until_due() const {
  const base::scoped_lock lock(mutex_);
  return schedule_.wait(clock::now());
}

bool backup_history::check_peer_interval() const {
  {
    const base::scoped_lock lock(mutex_);
    if (!last_for_peer_)
      return false;
    if (clock::now() - *last_for_peer_ >= options_->backup_interval)
      return true;
  }
  refuse_peer();
}

void backup_history::refuse_peer() const {
  throw error(errc::not_allowed, "a peer has made a backup already: peers may make one in " +
                                     std::to_string(options_->backup_interval.count()) + " ms");
}

void backup_history::add_to(dbengine::statistics& s) const {
  const base::scoped_lock lock(mutex_);
  s.backups = succeeded_;
  s.last_backup_time = last_;
  auto& c = s.classes[static_cast<std::size_t>(request_class::backup)];
  c.count += succeeded_ + failed_;
  c.errors += failed_;
  s.requests += succeeded_ + failed_;
  s.errors += failed_;
}

void backup_history::add_to(health_report& h) const {
  const base::scoped_lock lock(mutex_);
  if (last_) {
    const auto age = std::chrono::system_clock::now() - *last_;
    // A backup dated in the future, made while the clock was wrong, has age zero.
    h.last_backup_age =
        std::max(std::chrono::duration_cast<std::chrono::seconds>(age), std::chrono::seconds(0));
  }
  if (!last_error_.empty()) {
    h.problems.push_back("the last backup failed: " + last_error_);
    h.ok = false;
  }
}

void backup_history::add_to(backup_info& i) const {
  const base::scoped_lock lock(mutex_);
  i.last_backup = last_;
  if (options_->backup_enabled)
    i.next_due = schedule_.next_due_wall(std::chrono::system_clock::now(), clock::now());
  i.total_backups = succeeded_;
  i.failed_backups = failed_;
  if (!last_error_.empty())
    i.last_error = last_error_;
}

std::string backup_history::overdue_text() const {
  const auto interval = options_->backup_interval;
  const base::scoped_lock lock(mutex_);
  const auto age = clock::now() - last_at_;
  if (!options_->backup_enabled || !backup::is_overdue(age, interval))
    return {};
  const auto seconds = [](auto d) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(d).count()) + " s";
  };
  return (last_ ? "the last backup is " + seconds(age) + " old"
                : "no backup has been made for " + seconds(age)) +
         ", and one is due each " + seconds(interval);
}

} // namespace dbengine::engine
