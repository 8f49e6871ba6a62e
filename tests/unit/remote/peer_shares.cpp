// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The shares of one peer in the readers, the queue, the cursors and the backups: whatever it
// requests, other peers continue.

#include "remote/server/peer_numbers.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/eventually.hpp"
#include "support/faults/mutant.hpp"
#include "support/wire/gateway_scene.hpp"

#include <dbengine/db_engine.hpp>

#include <algorithm>
#include <list>
#include <set>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
using dbengine::actors::remote::wire_kind;

namespace {

/// Point reads of one peer while another runs endless reads; returns the code of the first failure.
std::string reads_beside_long_ones(int readers, int reads, std::chrono::milliseconds timeout) {
  gateway_scene s({.num_workers = readers});
  gateway_peer greedy(s);
  for (int i = 0; i < 4; ++i)
    greedy.send(wire_kind::fetch, fetch_body(endless, ten_minutes));
  greedy.ask(wire_kind::health, wire_body(1s));
  gateway_peer other(s);
  std::vector<double> took;
  for (int i = 0; i < reads; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto code = code_in(other.ask(wire_kind::fetch, fetch_body("SELECT 1", timeout)));
    if (code != "none")
      return code;
    took.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
            .count());
  }
  std::sort(took.begin(), took.end());
  CAF_MESSAGE(reads << " reads beside four without end, p99 " << took[took.size() * 99 / 100]
                    << " us");
  return "none";
}

/// The code of opening a cursor.
std::string open_cursor(gateway_peer& p) {
  return code_in(p.ask(wire_kind::cursor_open, wire_body(20s, cursor_open{"SELECT 1", {}, {}})));
}

int open_cursors(gateway_peer& p, int tries) {
  int n = 0;
  for (int i = 0; i < tries; ++i)
    n += open_cursor(p) == "none";
  return n;
}

std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator(folder))
    if (e.is_regular_file() && e.path().filename().string().rfind("backup_", 0) == 0)
      names.insert(e.path().filename().string());
  return names;
}

/// The number of files that retention has left of the engine's two backups after a peer has
/// requested more.
std::size_t left_beside_peers(const engine_folder& folder, std::vector<std::string>& codes,
                              bool allowed = true) {
  const auto backups = folder.path / "backups";
  const options o{.backup_dir = backups, .backup_cleanup_keep_count = 2};
  {
    db_engine db(folder.url(), o);
    db.execute("CREATE TABLE t (x)");
    db.request_backup();
    db.request_backup();
  }
  const auto before = names_in(backups);
  {
    gateway_scene s(o, {.allow_backup = allowed}, folder.url());
    gateway_peer peer(s);
    peer.ask(wire_kind::execute, execute_body("DELETE FROM t"));
    for (int i = 0; i < 3; ++i)
      codes.push_back(code_in(peer.ask(wire_kind::backup, wire_body(20s, backup_request{}))));
  }
  const auto after = names_in(backups);
  return static_cast<std::size_t>(std::count_if(
      before.begin(), before.end(), [&](const auto& n) { return after.count(n) != 0; }));
}

} // namespace

CAF_TEST(long reads of one peer leave another its reads) {
  CAF_CHECK_EQUAL(reads_beside_long_ones(2, 300, 20s), "none");
  CAF_CHECK_EQUAL(reads_beside_long_ones(3, 50, 20s), "none");
}

CAF_TEST(with one reader peers have it in turns) {
  gateway_scene s({.num_workers = 1});
  gateway_peer greedy(s);
  gateway_peer other(s);
  const std::string some =
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000) "
      "SELECT count(*) FROM c";
  constexpr int many = 40;
  for (int i = 0; i < many; ++i)
    greedy.send(wire_kind::fetch, fetch_body(some, ten_minutes));
  greedy.ask(wire_kind::health, wire_body(1s));
  CAF_CHECK_EQUAL(code_in(other.ask(wire_kind::fetch, fetch_body("SELECT 1"))), "none");
  // At this point nearly all of the greedy peer's reads still wait, a second of work: another one
  // does not overtake them.
  CAF_CHECK(code_in(greedy.ask(wire_kind::fetch, fetch_body("SELECT 2", 1ms))) == "timeout");
}

CAF_TEST(a flood is refused and another peer is not ) {
  gateway_scene s({.num_workers = 2, .max_queue = 20});
  gateway_peer greedy(s);
  gateway_peer other(s);
  const auto refused = [&] {
    return code_in(greedy.ask(wire_kind::fetch, fetch_body("SELECT 1", 100ms))) == "overloaded";
  };
  // Repeats until the first of them runs, which makes room for one more.
  CAF_CHECK(eventually(
      [&] {
        for (int i = 0; i < 30; ++i)
          greedy.send(wire_kind::fetch, fetch_body(endless, ten_minutes));
        return refused() && refused();
      },
      20s));
  CAF_CHECK_EQUAL(code_in(other.ask(wire_kind::fetch, fetch_body("SELECT 1"))), "none");
}

CAF_TEST(cursors have shares and the next peer finds one) {
  gateway_scene s({.num_workers = 2});
  std::list<gateway_peer> peers;
  std::vector<int> got;
  int all = 0;
  for (int i = 0; i < 6; ++i) {
    got.push_back(open_cursors(peers.emplace_back(s), 20));
    all += got.back();
    CAF_MESSAGE("peer " << i + 1 << " has " << got.back() << " cursors");
    CAF_CHECK_GREATER_OR_EQUAL(got.back(), 1);
  }
  CAF_CHECK_EQUAL(got.front(), 16);
  CAF_CHECK_LESS_OR_EQUAL(all, static_cast<int>(defaults::max_peer_cursors));
  CAF_CHECK_EQUAL(open_cursor(peers.front()), "overloaded");
}

CAF_TEST(a cursor ends at the age that the port allows) {
  gateway_scene s({}, {.limits = {.max_cursor_age = 50ms}});
  gateway_peer peer(s);
  const auto opened =
      peer.ask(wire_kind::cursor_open, wire_body(20s, cursor_open{"SELECT 1", {}, {}}));
  cursor_id id;
  dbengine::base::decode(opened.body, id);
  std::this_thread::sleep_for(100ms);
  const auto why = failure_in(peer.ask(wire_kind::cursor_next, wire_body(20s, cursor_next{id, 1})));
  CAF_CHECK(why.code == errc::invalid_state);
  CAF_CHECK(why.message.find("longer than this port allows") != std::string::npos);
}

CAF_TEST(connections of one address are one peer and those of loopback are not ) {
  using dbengine::actors::remote::peer_number;
  CAF_CHECK_EQUAL(peer_number("192.0.2.1"), peer_number("192.0.2.1"));
  CAF_CHECK_EQUAL(peer_number("192.0.2.1"), peer_number("::ffff:192.0.2.1"));
  CAF_CHECK(peer_number("192.0.2.1") != peer_number("192.0.2.2"));
  CAF_CHECK_EQUAL(peer_number("2001:db8:1:2::3"), peer_number("2001:db8:1:2:ffff::4"));
  CAF_CHECK(peer_number("2001:db8:1:2::3") != peer_number("2001:db8:1:3::3"));
  CAF_CHECK(peer_number("fe80::1%eth0") != peer_number("fe80::2%eth0"));
  for (const auto* own : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "", "nonsense"})
    CAF_CHECK(peer_number(own) != peer_number(own));
}

CAF_TEST(backups that peers ask for are a right and take no place of others) {
  {
    const engine_folder folder;
    std::vector<std::string> codes;
    CAF_CHECK_EQUAL(left_beside_peers(folder, codes), 4u); // two, and their manifests
    CAF_CHECK(codes == (std::vector<std::string>{"none", "not_allowed", "not_allowed"}));
    CAF_CHECK_EQUAL(names_in(folder.path / "backups" / "peers").size(), 2u);
    // They are listed, and count for nothing else.
    db_engine db(folder.url(), {.backup_dir = folder.path / "backups"});
    CAF_CHECK_EQUAL(db.get_backup_info().backup_files.size(), 3u);
  }
  const engine_folder folder;
  std::vector<std::string> codes;
  CAF_CHECK_EQUAL(left_beside_peers(folder, codes, false), 4u);
  CAF_CHECK(codes == std::vector<std::string>(3, "not_allowed"));
}

#ifdef DBENGINE_FAULTS

CAF_TEST(without shares each of these would be noticed) {
  {
    const mutant f("lets one peer have every reader");
    CAF_CHECK_EQUAL(reads_beside_long_ones(2, 1, 300ms), "timeout");
  }
  {
    const mutant f("has no shares");
    gateway_scene s({.num_workers = 2});
    std::list<gateway_peer> peers;
    for (int i = 0; i < 4; ++i)
      open_cursors(peers.emplace_back(s), 16);
    CAF_CHECK_EQUAL(open_cursor(peers.emplace_back(s)), "overloaded");
  }
  const mutant f("keeps backups of peers with the others");
  const engine_folder folder;
  std::vector<std::string> codes;
  CAF_CHECK_EQUAL(left_beside_peers(folder, codes), 0u);
}

#endif
