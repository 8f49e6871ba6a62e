// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// Tests that peers without the right to a TLS port are refused, while others are served.
#include "guard/listener.hpp"
#include "support/process/paths.hpp"
#include "support/wire/guard_attacks.hpp"
#include "support/wire/guard_caf.hpp"

#include <openssl/ssl.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine::test;

namespace {

struct folder {
  folder()
      : path(std::filesystem::temp_directory_path() /
             ("dbengine-tls-" + std::to_string(::getpid()))) {
    CAF_REQUIRE(make_certificates(path.string()));
  }
  ~folder() { std::filesystem::remove_all(path); }

  std::string file(const std::string& name) const { return (path / name).string(); }

  raw_tls identity(const std::string& name) const {
    raw_tls result;
    result.certificate = file(name + ".crt");
    result.key = file(name + ".key");
    return result;
  }

  std::filesystem::path path;
};

/// With TLS 1.3, a refused client takes itself as connected until it reads.
bool is_served(std::uint16_t port, const raw_tls& how) {
  raw_peer peer{port, &how};
  return peer.open() && peer.shake_hands() && peer.echo();
}

bool is_closed(std::uint16_t port, const bytes& what) {
  raw_peer peer{port};
  peer.send(what);
  return peer.closed_within(10'000);
}

} // namespace

CAF_TEST(a peer with a certificate of the authority is served) {
  folder certificates;
  victim target{{"--tls=" + certificates.path.string()}};
  CAF_CHECK(is_served(target.port(), certificates.identity("client")));
  auto older = certificates.identity("client");
  older.max_version = TLS1_2_VERSION;
  CAF_CHECK(is_served(target.port(), older));
  caf_client stock{target.port(), certificates.path.string()};
  CAF_CHECK_EQUAL(stock.trouble(), "");
  CAF_CHECK(stock.echo(bytes(std::size_t{5} << 20, 'x')));
}

CAF_TEST(sixteen kinds of bad peers are refused) {
  folder certificates;
  victim target{{"--tls=" + certificates.path.string(), "--handshake-timeout=1000"}};
  auto port = target.port();
  caf_client witness{port, certificates.path.string()};
  CAF_REQUIRE_EQUAL(witness.trouble(), "");

  auto old = [&](int version) {
    auto result = certificates.identity("client");
    result.max_version = version;
    result.ciphers = "ALL:@SECLEVEL=0";
    return result;
  };
  raw_tls anonymous;
  anonymous.max_version = TLS1_2_VERSION;
  anonymous.ciphers = "AECDH-AES256-SHA:@SECLEVEL=0";
  const std::vector<std::pair<const char*, raw_tls>> strangers{
      {"no certificate", {}},
      {"a self-signed certificate", certificates.identity("selfsigned")},
      {"another authority", certificates.identity("foreign")},
      {"an expired certificate", certificates.identity("expired")},
      {"a certificate of the future", certificates.identity("future")},
      {"a server's certificate", certificates.identity("serveronly")},
      {"a certificate signed by a client", certificates.identity("leafsigned")},
      {"a key of 1024 bits", certificates.identity("weak")},
      {"a SHA-1 signature", certificates.identity("sha1")},
      {"TLS 1.1", old(TLS1_1_VERSION)},
      {"TLS 1.0", old(TLS1_VERSION)},
      {"an anonymous cipher, as CAF without certificates", anonymous},
  };
  for (const auto& [what, how] : strangers) {
    if (is_served(port, how))
      CAF_ERROR("served: " << what);
    else
      CAF_CHECK(witness.echo(what));
  }
  // Bytes that are not from a TLS client.
  const bytes hello = bytes{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11};
  CAF_CHECK(is_closed(port, raw_peer{0}.handshake()));
  CAF_CHECK(is_closed(port, bytes(100, '\0')));
  CAF_CHECK(is_closed(port, hello + bytes(600, '\xff')));
  CAF_CHECK(is_closed(port, hello)); // and then silence
  CAF_CHECK(witness.echo("after"));

  auto now = target.stats();
  CAF_CHECK_EQUAL(now["closed.tls_required"], 1);
  CAF_CHECK_EQUAL(now["closed.handshake_timeout"], 1);
  CAF_CHECK_GREATER_OR_EQUAL(now["closed.tls_failed"], 14);
  CAF_CHECK_EQUAL(now["handshakes"], 1);
}

CAF_TEST(silent peers in the middle of the handshake cost no processor time) {
  folder certificates;
  victim target{{"--tls=" + certificates.path.string()}};
  std::vector<raw_peer> peers;
  for (int i = 0; i < 50; ++i) {
    peers.emplace_back(target.port());
    peers.back().send(bytes{"\x16\x03\x01", 3});
  }
  CAF_CHECK(target.eventually([](auto& now) { return now["half_open"] == 50; }));
  // A stream that waited for writing would be woken in a loop: 50 of them would occupy a core.
  auto before = target.stats()["cpu_ms"];
  CAF_CHECK(peers.front().closed_within(10'000));
  CAF_CHECK_LESS(target.stats()["cpu_ms"] - before, 1'000);
}

CAF_TEST(plain and TLS do not mix) {
  folder certificates;
  auto client = certificates.identity("client");
  victim plain{{}};
  CAF_CHECK(!is_served(plain.port(), client));
  CAF_CHECK(plain.eventually([](auto& now) { return now["closed.tls_unexpected"] == 1; }));
  victim secure{{"--tls=" + certificates.path.string()}};
  caf_client without{secure.port()};
  CAF_CHECK(!without.connected());
  CAF_CHECK(secure.eventually([](auto& now) { return now["closed.tls_required"] == 1; }));
}

CAF_TEST(missing and wrong files are refused with a reason before the port opens) {
  namespace guard = dbengine::actors::guard;
  folder certificates;
  guard::tls good{certificates.file("server.crt"), certificates.file("server.key"),
                  certificates.file("ca.crt")};
  std::string reason;
  CAF_CHECK(guard::load_tls(good, reason) != nullptr);
  std::ofstream{certificates.file("garbage")} << "no PEM in here";
  struct {
    std::string guard::tls::*member;
    const char* file;
    const char* says;
  } cases[] = {
      {&guard::tls::certificate, "nowhere", "cannot read the certificate file"},
      {&guard::tls::key, "nowhere", "cannot read the private key file"},
      {&guard::tls::ca, "nowhere", "cannot read the CA file"},
      {&guard::tls::certificate, "garbage", "no certificate in"},
      {&guard::tls::key, "garbage", "no private key"},
      {&guard::tls::ca, "garbage", "no CA certificate in"},
      {&guard::tls::key, "client.key", "key"},
  };
  for (const auto& x : cases) {
    auto files = good;
    files.*x.member = certificates.file(x.file);
    reason.clear();
    CAF_CHECK(guard::load_tls(files, reason) == nullptr);
    CAF_CHECK_NOT_EQUAL(reason.find(x.says), std::string::npos);
  }
}
