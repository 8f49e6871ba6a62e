// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The scheduler's arithmetic, with simulated clocks.
#include "backup/backup_schedule.hpp"
#include "backup/backup_age.hpp"

#include "support/test.hpp"

using namespace dbengine;
using namespace std::chrono_literals;
using dbengine::backup::backup_schedule;

namespace {

const wall_time wall = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1);
const backup_schedule::steady_time start{1000h};

} // namespace

CAF_TEST(the first backup is due by the age of the newest) {
  CAF_CHECK_EQUAL(backup_schedule(1h, std::nullopt, wall, start).wait(start), 0ns);
  CAF_CHECK_EQUAL(backup_schedule(1h, wall - 20min, wall, start).wait(start), 40min);
  CAF_CHECK_EQUAL(backup_schedule(1h, wall - 5h, wall, start).wait(start), 0ns);
  // A backup from the future delays nothing.
  CAF_CHECK_EQUAL(backup_schedule(1h, wall + 24h * 365, wall, start).wait(start), 0ns);
  CAF_CHECK_EQUAL(backup_schedule(1h, wall - 24h * 9000, wall, start).wait(start), 0ns);
}

CAF_TEST(due times do not drift and missed ones are dropped) {
  backup_schedule s(1h, wall, wall, start);
  for (int i = 1; i <= 100; ++i) {
    CAF_CHECK(s.next_due() == start + 1h * i);
    s.succeeded(start + 1h * i + 7min);
  }
  CAF_CHECK_EQUAL(s.next_due() - start, 101h);
  s.succeeded(start + 150h + 1s);
  CAF_CHECK_EQUAL(s.next_due() - start, 151h);
  s.succeeded(start + 151h);
  CAF_CHECK_EQUAL(s.next_due() - start, 152h);
}

CAF_TEST(a wall clock that jumps moves only what people see) {
  backup_schedule s(1h, wall, wall, start);
  CAF_CHECK(s.next_due_wall(wall + 10min, start + 10min) == wall + 1h);
  CAF_CHECK(s.next_due_wall(wall - 240h, start + 10min) == wall - 240h + 50min);
  CAF_CHECK_EQUAL(s.wait(start + 10min), 50min);
}

CAF_TEST(failures are retried with a growing delay and the grid stays) {
  backup_schedule s(1h, wall, wall, start);
  auto now = start + 1h;
  std::vector<std::chrono::nanoseconds> delays;
  for (int i = 0; i < 12; ++i) {
    s.failed(now);
    delays.push_back(s.wait(now));
    now = s.next_due();
  }
  CAF_CHECK_EQUAL(delays[0], 1s);
  CAF_CHECK_EQUAL(delays[1], 2s);
  CAF_CHECK_EQUAL(delays[8], 256s);
  CAF_CHECK_EQUAL(delays[11], 300s);
  CAF_CHECK_EQUAL(s.failures(), 12);
  s.succeeded(now);
  CAF_CHECK_EQUAL(s.failures(), 0);
  CAF_CHECK_EQUAL((s.next_due() - start) % 1h, 0ns);
  // The delay never exceeds the interval.
  CAF_CHECK_EQUAL(backup_schedule(2s, wall, wall, start).retry_delay(50), 2s);
  s.failed(now);
  s.succeeded_on_request();
  CAF_CHECK_EQUAL((s.next_due() - start) % 1h, 0ns);
}

CAF_TEST(a backup is late after twice its interval and a while) {
  CAF_CHECK(!backup::is_overdue(0s, 1s));
  CAF_CHECK(!backup::is_overdue(10min + 2s, 1s));
  CAF_CHECK(backup::is_overdue(10min + 2s + 1ns, 1s));
  CAF_CHECK(!backup::is_overdue(2h, 1h));
  CAF_CHECK(backup::is_overdue(2h + 11min, 1h));
  CAF_CHECK(!backup::is_overdue(24h * 365, 24h * 365));
}
