// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of large requests over the wire: the guard removes their bodies from their messages,
// whatever pieces they arrive in, and the gateway finds them again.

#include "remote/protocol/wire_message.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/wire/guard_wire.hpp"
#include "support/wire/raw_peer.hpp"
#include "support/wire/remote_fixture.hpp"
#include "system/message_codec.hpp"

#include <dbengine/db_engine.hpp>
#include <dbengine/defaults.hpp>

#include <chrono>
#include <random>
#include <string>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
using dbengine::actors::remote::wire_kind;

namespace {

constexpr auto large = defaults::wire_inline_bytes;

struct fixture {
  engine_folder folder;
  server s{folder.url(), {"--buffered=8000000"}};

  fixture() {
    CAF_REQUIRE_EQUAL(s.trouble(), "");
    db_engine::connect(s.address()).execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)");
    speak_of("dbengine::actors::wire_request");
  }
  ~fixture() { speak_of(wire_request_name); } // for the next suites in this process

  std::string sum() const {
    return db_engine::connect(s.address())
        .fetch_value<std::string>("SELECT count(*) || ' ' || coalesce(sum(length(v)), 0) FROM t")
        .value_or("");
  }
};

/// A frame with an insert of a blob; `size` is the blob's size.
bytes insert(const raw_peer& p, std::uint64_t id, std::size_t size) {
  const params with = params::of(blob(size, std::byte{7}));
  const auto body = dbengine::base::encode(
      std::int64_t{20'000}, execute_request{"INSERT INTO t (v) VALUES (?)", with, {}});
  return p.message(request_content(static_cast<std::uint64_t>(wire_kind::execute), id, body), id);
}

raw_peer connected(const server& s) {
  raw_peer p(s.port());
  CAF_REQUIRE(p.open() && p.shake_hands());
  return p;
}

/// Waits for `n` answers; fewer if the connection ends before.
int answers(raw_peer& p, int n) {
  int got = 0;
  while (got < n && !p.receive_frame().empty())
    ++got;
  return got;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(remote_large, fixture)

CAF_TEST(bodies are whole in whatever pieces they come) {
  const unsigned seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  std::mt19937 r(seed);
  std::size_t rows = 0, all = 0;
  for (int round = 0; round < 12; ++round) {
    auto p = connected(s);
    // Sizes around the bound above which a body is removed, small ones after large ones, and large
    // ones in a row.
    bytes stream;
    int n = 0;
    for (const std::size_t size :
         {large - 90 + r() % 60, std::size_t{10}, std::size_t{300'000} + r() % 100'000,
          std::size_t{5}, 2 * large + r() % 3, std::size_t{1'000'000}}) {
      stream += insert(p, static_cast<std::uint64_t>(++n), size);
      ++rows;
      all += size;
    }
    for (std::size_t at = 0; at < stream.size();) {
      // From single bytes, also within headers and lengths, to everything at once.
      const std::size_t most = round == 0 ? stream.size() : at < 400 ? 7 : 1 + r() % 200'000;
      const auto piece = std::min(most, stream.size() - at);
      CAF_REQUIRE(p.send(std::string_view(stream).substr(at, piece)));
      at += piece;
      if (piece < 8)
        std::this_thread::sleep_for(100us);
    }
    CAF_CHECK_EQUAL(answers(p, n), n);
  }
  CAF_CHECK_EQUAL(sum(), std::to_string(rows) + " " + std::to_string(all));
}

CAF_TEST(many of them wait behind a message that is not taken) {
  server roomy{folder.url("roomy.db")};
  CAF_REQUIRE_EQUAL(roomy.trouble(), "");
  db_engine::connect(roomy.address()).execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)");
  auto p = connected(roomy);
  // The buffer keeps this size from then on, and reads all that has accumulated at once.
  bytes stream = p.message(content("nobody's", bytes(20'000'000, 'x')), 1);
  constexpr int n = 400;
  for (int i = 0; i < n; ++i)
    stream += insert(p, static_cast<std::uint64_t>(2 + i), large);
  std::thread sends([&] { p.send(stream); });
  CAF_CHECK_EQUAL(answers(p, 1 + n), 1 + n);
  sends.join();
  CAF_CHECK_EQUAL(db_engine::connect(roomy.address())
                      .fetch_value<std::string>("SELECT count(*) || ' ' || sum(length(v)) FROM t")
                      .value_or(""),
                  std::to_string(n) + " " + std::to_string(n * large));
}

CAF_TEST(a peer that leaves in the middle of a body leaves nothing behind) {
  for (int i = 0; i < 40; ++i) { // five times what all peers may hold
    auto p = connected(s);
    const auto whole = insert(p, 1, 1'500'000);
    p.send(std::string_view(whole).substr(0, 1'000'000));
  }
  auto p = connected(s);
  CAF_CHECK(p.send(insert(p, 1, 1'500'000)));
  CAF_CHECK_EQUAL(answers(p, 1), 1);
  CAF_CHECK_EQUAL(sum(), "1 1500000");
}

CAF_TEST(a length other than that of the message closes the connection) {
  for (const int by : {-1, 1}) {
    auto p = connected(s);
    auto frame = insert(p, 1, 3 * large);
    // The length of the body is a varbyte after kind and id; the size of the frame stays the same.
    const auto body_size =
        dbengine::base::encode(std::int64_t{20'000},
                               execute_request{"INSERT INTO t (v) VALUES (?)",
                                               params::of(blob(3 * large, std::byte{7})),
                                               {}})
            .size();
    const auto at = frame.find(varbyte(body_size));
    CAF_REQUIRE(at != frame.npos);
    frame.replace(at, varbyte(body_size).size(), varbyte(body_size + static_cast<std::size_t>(by)));
    p.send(frame);
    CAF_CHECK(p.closed_within(10'000));
  }
  CAF_CHECK_EQUAL(sum(), "0 0");
}

CAF_TEST(requests of peers that cannot be large are judged as small ones) {
  auto p = connected(s);
  const bytes rest(2 * large, 'x');
  for (std::uint64_t kind = 0; kind < 20; ++kind)
    CAF_CHECK(p.send(p.message(request_content(kind, kind + 1, rest), kind + 1)));
  CAF_CHECK_EQUAL(answers(p, 20), 20);
  CAF_CHECK(p.send(insert(p, 30, 2 * large)));
  CAF_CHECK_EQUAL(answers(p, 1), 1);
  CAF_CHECK_EQUAL(sum(), "1 " + std::to_string(2 * large));
}

CAF_TEST_FIXTURE_SCOPE_END()
