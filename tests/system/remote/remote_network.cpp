// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a wire that is cut, drops everything, or is slow: the server runs in a separate network
// namespace. Needs the right to create one.

#include "support/engine/engine_fixture.hpp"
#include "support/process/program.hpp"
#include "support/wire/remote_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

/// 5 s are promised; the other 5 s are for a machine under load.
constexpr auto promised = 5s + 5s;

bool shell(const std::string& command) {
  return std::system((command + " > /dev/null 2>&1").c_str()) == 0;
}

/// A network namespace and a wire to it. It exists as long as a process is in it; a named one would
/// leave a mount behind.
class island {
public:
  island() {
    const auto number = std::to_string(::getpid());
    here_ = "dba" + number;
    there_ = "dbb" + number;
    const auto inside = "nsenter -n -t " + holder() + " ";
    made_ = separate() && shell("ip link add " + here_ + " type veth peer name " + there_) &&
            shell("ip link set " + there_ + " netns " + holder()) &&
            shell("ip addr add 10.213.7.1/30 dev " + here_) &&
            shell("ip link set " + here_ + " up") &&
            shell(inside + "ip addr add 10.213.7.2/30 dev " + there_) &&
            shell(inside + "ip link set " + there_ + " up") && shell(inside + "ip link set lo up");
  }
  ~island() { shell("ip link del " + here_); }
  island(const island&) = delete;
  island& operator=(const island&) = delete;

  bool made() const { return made_; }
  std::vector<std::string> inside() const { return {"nsenter", "-n", "-t", holder()}; }
  bool up(bool on) const { return shell("ip link set " + here_ + (on ? " up" : " down")); }
  /// Sets whether packets from here arrive. If not, they go to a hardware address that no machine
  /// has, so that neither side is notified.
  bool arrives(bool on) const {
    return on ? shell("ip neigh del 10.213.7.2 dev " + here_)
              : shell("ip neigh replace 10.213.7.2 lladdr 02:00:00:00:00:99 nud permanent dev " +
                      here_);
  }
  /// Limits the wire to 8 Mbit/s in both directions.
  bool slow() const {
    const std::string how = " root tbf rate 8mbit burst 32kbit latency 10s";
    return shell("tc qdisc add dev " + here_ + how) &&
           shell("nsenter -n -t " + holder() + " tc qdisc add dev " + there_ + how);
  }

private:
  std::string holder() const { return std::to_string(holder_.pid()); }
  /// Waits until the holder has its own namespace; the holder ends if it may not have one.
  bool separate() {
    const auto at = [](const std::string& process) {
      std::error_code gone;
      return std::filesystem::read_symlink("/proc/" + process + "/ns/net", gone).string();
    };
    return wait_until([&] { return at(holder()) != at("self"); }) && !at(holder()).empty();
  }

  program holder_{{"--net", "sleep", "infinity"}, {}, "/usr/bin/unshare"};
  std::string here_, there_;
  bool made_ = false;
};

struct scene {
  scene() : s(folder.url(), {"--host=10.213.7.2", "--insecure"}, net.inside()) {}

  std::string address() const { return "10.213.7.2:" + std::to_string(s.port()); }

  island net;
  engine_folder folder;
  server s;
};

bool comes_back(const db_engine& db) {
  for (const auto end = std::chrono::steady_clock::now() + 30s;
       std::chrono::steady_clock::now() < end; ::poll(nullptr, 0, 10))
    if (code_of([&] { db.fetch("SELECT 1"); }) == "none")
      return true;
  return false;
}

// Checks the answers to a client while `broken`, and that all is well after `mend`.
void cut_wire(const std::function<bool(island&)>& broken,
              const std::function<bool(island&)>& mend) {
  scene it;
  CAF_REQUIRE_EQUAL(it.s.trouble(), "");
  auto db = db_engine::connect(it.address());
  db.execute("CREATE TABLE t (x)");
  CAF_REQUIRE(broken(it.net));
  const auto start = std::chrono::steady_clock::now();
  auto reading =
      std::async(std::launch::async, [&] { return failure_of([&] { db.fetch("SELECT 1"); }); });
  const auto write = failure_of([&] { db.execute("INSERT INTO t VALUES (1)"); });
  const auto read = reading.get();
  const auto took = std::chrono::steady_clock::now() - start;
  CAF_CHECK(took < promised);
  CAF_CHECK_EQUAL(to_string(read.code), "unreachable");
  CAF_CHECK_EQUAL(to_string(write.code), "outcome_unknown");
  // With an id, the outcome is known in the end, and the write runs once.
  auto once = std::async(std::launch::async, [&] {
    while (code_of([&] { db.with_id("a").execute("INSERT INTO t VALUES (2)"); }) != "none") {
    }
  });
  CAF_REQUIRE(mend(it.net));
  CAF_CHECK(comes_back(db));
  once.get();
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t WHERE x = 2").value_or(-1), 1);
  db.shutdown();
  CAF_CHECK_EQUAL(it.s.end(), 0);
}

} // namespace

CAF_TEST(a wire that is cut and mended) {
  if (!island().made())
    DBENGINE_SKIP("no right to make network namespaces here");
  cut_wire([](island& n) { return n.up(false); }, [](island& n) { return n.up(true); });
}

CAF_TEST(a wire that loses everything for a while) {
  if (!island().made())
    DBENGINE_SKIP("no right to make network namespaces here");
  cut_wire([](island& n) { return n.arrives(false); }, [](island& n) { return n.arrives(true); });
}

CAF_TEST(a slow wire is slow and nothing else) {
  if (const island probe; !probe.made() || !probe.slow())
    DBENGINE_SKIP("no network namespaces, or no token buckets here");
  scene it;
  CAF_REQUIRE_EQUAL(it.s.trouble(), "");
  CAF_REQUIRE(it.net.slow());
  auto db = db_engine::connect(it.address());
  const auto start = std::chrono::steady_clock::now();
  const blob big(3'000'000, std::byte{7});
  // Both directions take longer than the silence after which a connection counts as lost.
  CAF_CHECK(db.fetch("SELECT ?", big)[0][0].as<blob>() == big);
  CAF_CHECK(std::chrono::steady_clock::now() - start > 4s);
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 8").value_or(0), 8);
}
