// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// Tests of hostile peers against the guard, plain and TLS. After each attack the victim lives, the
// client that was connected all the time is served, and so is a new one. DBENGINE_GUARD_FRAMES sets
// how much noise is sent (three million frames plain, which take one to two minutes). With TLS, a
// 150th of that is sent: a connection is twenty times as expensive there, and the frames are
// checked by the same code.
#include "support/process/paths.hpp"
#include "support/wire/guard_attacks.hpp"
#include "support/wire/guard_caf.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine::test;

namespace {

constexpr long long allowed_growth_kb = 64 << 10;

/// A folder with certificates, created once.
const std::string& certificates() {
  static const std::string folder = [] {
    auto path =
        std::filesystem::temp_directory_path() / ("dbengine-guard-" + std::to_string(::getpid()));
    return make_certificates(path.string()) ? path.string() : std::string{};
  }();
  static const struct cleaner {
    ~cleaner() { std::filesystem::remove_all(folder); }
  } cleans;
  return folder;
}

struct scene {
  explicit scene(bool secure, std::vector<std::string> arguments = {})
      : folder(secure ? certificates() : std::string{}),
        target(complete(folder, std::move(arguments))) {
    security.certificate = folder + "/client.crt";
    security.key = folder + "/client.key";
  }

  static std::vector<std::string> complete(const std::string& folder,
                                           std::vector<std::string> arguments) {
    arguments.push_back("--tame");
    if (!folder.empty())
      arguments.push_back("--tls=" + folder);
    return arguments;
  }

  connector connect() {
    return [this] { return raw_peer{target.port(), folder.empty() ? nullptr : &security}; };
  }

  std::string folder;
  raw_tls security;
  victim target;
};

void run_attacks(bool secure) {
  scene it{secure};
  caf_client witness{it.target.port(), it.folder};
  CAF_REQUIRE_EQUAL(witness.trouble(), "");
  CAF_CHECK(witness.echo("before"));
  auto before = it.target.stats()["rss_kb"];
  for (const auto& attack : attacks()) {
    // 20,000 handshakes cost CAF 15 MB; with TLS, each takes a millisecond.
    attack.run(it.connect(), secure ? 2'000 : 20'000);
    if (!it.target.alive() || !witness.echo(attack.name))
      CAF_FAIL("lost after the attack: " << attack.name);
    auto late = it.connect()();
    if (!late.open() || !late.shake_hands() || !late.echo())
      CAF_FAIL("new peers are not served after the attack: " << attack.name);
    CAF_CHECK(true);
  }
  CAF_CHECK(it.target.eventually(
      [](auto& now) { return now["connections"] == 1 && now["half_open"] == 0; }));
  auto growth = it.target.stats()["rss_kb"] - before;
  CAF_MESSAGE("memory grew by " << growth << " kB");
  CAF_CHECK_LESS(growth, allowed_growth_kb);
  CAF_CHECK_EQUAL(it.target.end(), 0);
}

std::uint64_t noise_frames() {
  const char* wanted = std::getenv("DBENGINE_GUARD_FRAMES");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 3'000'000;
}

void make_noise(bool secure, std::uint64_t frames) {
  scene it{secure};
  caf_client witness{it.target.port(), it.folder};
  CAF_REQUIRE_EQUAL(witness.trouble(), "");
  auto before = it.target.stats()["rss_kb"];
  // In rounds, so that the witness is served during the noise of two peers at once.
  constexpr std::uint64_t rounds = 10;
  std::uint64_t sent = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    std::uint64_t counts[2] = {0, 0};
    std::vector<std::thread> peers;
    for (auto i : {0u, 1u})
      peers.emplace_back(
          [&, i] { counts[i] = send_noise(it.connect(), 2 * round + i + 1, frames / rounds / 2); });
    bool served = witness.echo("during");
    for (auto& peer : peers)
      peer.join();
    sent += counts[0] + counts[1];
    if (!served || !it.target.alive() || !witness.echo("after"))
      CAF_FAIL("lost in the noise of round " << round);
  }
  auto now = it.target.stats();
  CAF_CHECK_GREATER_OR_EQUAL(sent, frames / rounds / 2 * 2 * rounds);
  // The noise reached the guard and was neither all valid nor all invalid.
  CAF_CHECK_GREATER(now["frames"], static_cast<long long>(sent / 4));
  for (const char* reason :
       {"closed.handshake_invalid", "closed.malformed_header", "closed.malformed_payload",
        "closed.forbidden", "closed.frame_too_large", "dropped.named_receiver",
        "dropped.other_actor", "dropped.not_a_request", "dropped.unlisted_type", "requests"})
    CAF_CHECK_GREATER(now[reason], 0);
  auto growth = now["rss_kb"] - before;
  CAF_MESSAGE(sent << " frames sent, " << now["frames"] << " judged, " << now["requests"]
                   << " good requests, memory grew by " << growth << " kB");
  CAF_CHECK_LESS(growth, allowed_growth_kb);
  CAF_CHECK_EQUAL(it.target.end(), 0);
}

} // namespace

CAF_TEST(every known attack leaves the victim alive and serving) {
  run_attacks(false);
}

CAF_TEST(every known attack with a valid certificate leaves the victim alive and serving) {
  run_attacks(true);
}

CAF_TEST(random and mutated frames do no harm) {
  make_noise(false, noise_frames());
}

CAF_TEST(random and mutated frames through TLS do no harm) {
  make_noise(true, noise_frames() / 150); // most of its time goes into handshakes
}

// Negative control: with the guard off, the same attacks and the same noise cause what it prevents.
CAF_TEST(without the guard the deadly attacks are deadly) {
  for (const auto& attack : attacks()) {
    if (!attack.deadly)
      continue;
    scene it{false, {"--unguarded", "--memory=1024"}};
    CAF_REQUIRE_NOT_EQUAL(it.target.port(), 0);
    attack.run(it.connect(), 1'000);
    auto late = it.connect()();
    auto served = late.open() && late.shake_hands() && late.echo();
    if (served && it.target.alive())
      CAF_ERROR("not deadly: " << attack.name);
    else
      CAF_CHECK(true);
    it.target.kill(); // it may hang
  }
}

CAF_TEST(without the guard the noise is deadly) {
  scene it{false, {"--unguarded", "--memory=1024"}};
  std::uint64_t sent = 0;
  for (std::uint64_t seed = 1; seed <= 20 && it.target.alive(); ++seed)
    sent += send_noise(it.connect(), seed, 2'000);
  // A process that aborts exists until its last page is released.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (it.target.alive() && std::chrono::steady_clock::now() < give_up)
    std::this_thread::yield();
  CAF_CHECK(!it.target.alive());
}
