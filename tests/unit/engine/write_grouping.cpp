// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// When callers leave their writes to the writer, and when the writer is sent a message.

#include "engine/write/write_grouping.hpp"
#include "engine/write/writer_wake_up.hpp"

#include "support/test.hpp" // last

using namespace dbengine;
using dbengine::engine::admission;
using dbengine::engine::request_queue;
using dbengine::engine::worker_signals;
using dbengine::engine::write_grouping;
using dbengine::engine::writer_wake_up;

namespace {

struct fixture {
  void run_group(std::size_t size) {
    grouping.begin_group(size);
    grouping.end_group();
  }

  options o;
  admission a{{.max_requests = 10, .max_bytes = 1 << 20}};
  request_queue queue{a};
  write_grouping grouping{o, queue};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(write_groupings, fixture)

CAF_TEST(a group of several writes turns grouped mode on and lone writes turn it off) {
  CAF_CHECK(!grouping.is_on());
  run_group(1);
  CAF_CHECK(!grouping.is_on());
  run_group(2);
  for (int i = 0; i < defaults::grouped_mode_patience; ++i) {
    CAF_CHECK(grouping.is_on());
    run_group(1);
  }
  CAF_CHECK(!grouping.is_on());
}

CAF_TEST(another group of several writes begins the patience anew) {
  run_group(2);
  run_group(1);
  run_group(3);
  for (int i = 1; i < defaults::grouped_mode_patience; ++i)
    run_group(1);
  CAF_CHECK(grouping.is_on());
}

CAF_TEST(a group that fails leaves the mode as it was) {
  grouping.begin_group(5);
  CAF_CHECK(!grouping.is_on());
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(one message to the writer is pending until it is received) {
  int sent = 0;
  worker_signals signals;
  signals.flush_writer = [&] { ++sent; };
  writer_wake_up wake_up(signals);
  wake_up.send();
  wake_up.send();
  CAF_CHECK_EQUAL(sent, 1);
  wake_up.mark_received();
  wake_up.send();
  CAF_CHECK_EQUAL(sent, 2);
}

CAF_TEST(a message that could not be sent is sent by the next caller) {
  bool fails = true;
  int sent = 0;
  worker_signals signals;
  signals.flush_writer = [&] {
    if (fails)
      throw error(errc::internal, "no message");
    ++sent;
  };
  writer_wake_up wake_up(signals);
  wake_up.send();
  CAF_CHECK_EQUAL(sent, 0);
  fails = false;
  wake_up.send();
  CAF_CHECK_EQUAL(sent, 1);
}
