// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "support/wire/guard_attacks.hpp"

#include "support/wire/guard_wire.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace dbengine::test {

namespace {

constexpr std::array<const char*, 42> types{wire_request_name,
                                            "dbengine::test::wire_answer",
                                            "@actor",
                                            "@actorvec",
                                            "@addr",
                                            "@addrvec",
                                            "@atom",
                                            "@charbuf",
                                            "@config_value",
                                            "@down",
                                            "@downstream_msg",
                                            "@duration",
                                            "@error",
                                            "@exit",
                                            "@group",
                                            "@group_down",
                                            "@i16",
                                            "@i32",
                                            "@i64",
                                            "@i8",
                                            "@ldouble",
                                            "@message",
                                            "@message_id",
                                            "@node",
                                            "@open_stream_msg",
                                            "@str",
                                            "@strmap",
                                            "@strong_actor_ptr",
                                            "@strset",
                                            "@strvec",
                                            "@timeout",
                                            "@timespan",
                                            "@timestamp",
                                            "@u16str",
                                            "@u32str",
                                            "@u64",
                                            "@u8",
                                            "@unit",
                                            "@upstream_msg",
                                            "@weak_actor_ptr",
                                            "float",
                                            "double"};

class noise {
public:
  explicit noise(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  bytes random_bytes(std::size_t size) {
    bytes result(size, '\0');
    std::generate(result.begin(), result.end(), [this] { return static_cast<char>(random_()); });
    return result;
  }

  std::uint64_t integer(const raw_peer& peer) {
    switch (below(8)) {
    case 0: return 0;
    case 1: return peer.gateway;
    case 2: return below(64);
    case 3: return normal_request | below(8);
    case 4: return std::uint64_t{1} << below(64);
    case 5: return ~std::uint64_t{0} >> below(64);
    case 6: return atom("SpawnServ");
    default: return random_();
    }
  }

  bytes some_node(const raw_peer& peer) {
    switch (below(3)) {
    case 0: return peer.self;
    case 1: return peer.server;
    default: return node(static_cast<std::uint32_t>(random_()), static_cast<char>(random_()));
    }
  }

  /// Members that match no particular type, and some at random.
  bytes members(const raw_peer& peer) {
    bytes result;
    for (auto i = below(5); i > 0; --i) {
      switch (below(7)) {
      case 0: result += u8(random_()); break;
      case 1: result += u64(integer(peer)); break;
      case 2: result += text(random_bytes(below(40))); break;
      case 3: result += varbyte(integer(peer)); break;
      case 4: result += some_node(peer); break;
      case 5: result += u16(0) + text(bytes{"@<>+"} + types[below(types.size())]); break;
      default: result += random_bytes(below(64)); break;
      }
    }
    return result;
  }

  bytes payload(const raw_peer& peer) {
    switch (below(6)) {
    case 0: return request_content(below(2) * 3, below(1'000), random_bytes(below(200)));
    case 1: return some_node(peer) + some_node(peer) + members(peer);
    case 2: return random_bytes(1 + below(120));
    default: {
      bytes name = types[below(types.size())];
      while (below(4) == 0)
        name += bytes{"+"} + types[below(types.size())];
      return content(name, members(peer));
    }
    }
  }

  bytes valid(const raw_peer& peer) {
    switch (below(8)) {
    case 0: return frame(6, 0, 0, 0, 0);
    case 1: return peer.monitor();
    default:
      return peer.message(request_content(0, below(1'000), random_bytes(below(100))),
                          1 + below(1'000));
    }
  }

  bytes mutated(bytes what) {
    for (auto i = 1 + below(4); i > 0; --i) {
      auto at = below(what.size());
      switch (below(6)) {
      case 0: what[at] = static_cast<char>(random_()); break;
      case 1: what[at] = static_cast<char>(what[at] ^ static_cast<char>(1 << below(8))); break;
      case 2: what.erase(at, 1 + below(8)); break;
      case 3: what.insert(at, random_bytes(1 + below(8))); break;
      case 4: what.insert(at, what.substr(below(what.size()), below(32))); break;
      default: what[at] = below(2) == 0 ? '\0' : '\xff'; break;
      }
      if (what.empty())
        what = "x";
    }
    return what;
  }

  bytes next(const raw_peer& peer) {
    switch (below(10)) {
    case 0: return random_bytes(32 + below(64));
    case 1: return mutated(valid(peer));
    case 2: return mutated(frame(2, 0, normal_request | 1, 7, peer.gateway, payload(peer)));
    case 3:
      return frame(below(8), below(4), integer(peer), integer(peer), integer(peer), payload(peer));
    case 4: return valid(peer);
    // The header of an honest frame: only the contents are judged, and most connections survive.
    default:
      return frame(2, below(8) == 0, normal_request | below(4), 1 + below(9),
                   below(4) == 0 ? integer(peer) : peer.gateway, payload(peer));
    }
  }

private:
  std::mt19937_64 random_;
};

} // namespace

std::uint64_t send_noise(const connector& connect, std::uint64_t seed, std::uint64_t count) {
  noise source{seed};
  std::uint64_t sent = 0;
  while (sent < count) {
    auto peer = connect();
    if (!peer.open())
      return sent;
    // One in eight connections sends noise instead of a handshake.
    if (source.below(8) == 0) {
      peer.send(source.below(2) == 0 ? source.random_bytes(64) : source.mutated(peer.handshake()));
      ++sent;
    } else {
      if (!peer.shake_hands())
        return sent;
      bytes batch;
      auto frames = 1 + source.below(12);
      for (std::uint64_t i = 0; i < frames; ++i)
        batch += source.next(peer);
      peer.send(batch);
      sent += frames;
    }
    peer.finish();
    peer.closed_within(5'000);
  }
  return sent;
}

} // namespace dbengine::test
