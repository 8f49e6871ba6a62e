// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests which server a TLS client accepts: one whose certificate has the name that was dialled, or
// the name that was requested.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/skip.hpp"
#include "support/wire/remote_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <netdb.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

namespace fs = std::filesystem;

bool resolves(const char* name) {
  addrinfo* found = nullptr;
  const bool any = getaddrinfo(name, nullptr, nullptr, &found) == 0;
  if (any)
    freeaddrinfo(found);
  return any;
}

struct fixture {
  engine_folder folder;
  fs::path tls = folder.path / "tls";

  fixture() { CAF_REQUIRE(make_certificates(tls.string())); }

  /// A folder in which the server's certificate is that of `name`.
  std::string acting_as(const std::string& name) const {
    const auto to = folder.path / ("as-" + name);
    fs::create_directory(to);
    fs::copy_file(tls / (name + ".crt"), to / "server.crt");
    fs::copy_file(tls / (name + ".key"), to / "server.key");
    fs::copy_file(tls / "ca.crt", to / "ca.crt");
    return to.string();
  }
  remote_options client(std::optional<std::string> name = std::nullopt) const {
    remote_options o;
    o.tls = {tls / "client.crt", tls / "client.key", tls / "ca.crt"};
    o.tls_name = std::move(name);
    return o;
  }
  error_info connecting(const std::string& address, const remote_options& o) const {
    return failure_of([&] { db_engine::connect(address, o).fetch("SELECT 1"); });
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(remote_names, fixture)

CAF_TEST(the server must carry the name that is dialled) {
  server s(folder.url(), {"--tls=" + tls.string()});
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  const auto port = ":" + std::to_string(s.port());
  CAF_CHECK_EQUAL(to_string(connecting("127.0.0.1" + port, client()).code), "none");
  CAF_CHECK_EQUAL(to_string(connecting("127.0.0.1" + port, client("localhost")).code), "none");
  // An address matches an address only, and a name matches a name only.
  for (const auto* name :
       {"127.0.0.2", "127.0.0.1.", "localhost.example", "dbengine test server", "*"}) {
    const auto why = connecting("127.0.0.1" + port, client(name));
    CAF_CHECK_EQUAL(to_string(why.code), "protocol");
    CAF_CHECK(why.message.find("does not carry the name \"" + std::string(name) + "\"") !=
              std::string::npos);
  }
  CAF_CHECK_EQUAL(to_string(connecting("127.0.0.2" + port, client()).code), "unreachable");
}

CAF_TEST(a name that is dialled is compared as a name) {
  if (!resolves("localhost"))
    DBENGINE_SKIP("localhost is no name here: /etc/hosts is missing");
  server s(folder.url(), {"--tls=" + tls.string()});
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  const auto address = "localhost:" + std::to_string(s.port());
  CAF_CHECK_EQUAL(to_string(connecting(address, client()).code), "none");
  CAF_CHECK_EQUAL(to_string(connecting(address, client("127.0.0.1")).code), "none");
  server other(folder.url("other.db"), {"--tls=" + acting_as("client")});
  CAF_REQUIRE_EQUAL(other.trouble(), "");
  CAF_CHECK_EQUAL(to_string(connecting("localhost:" + std::to_string(other.port()), client()).code),
                  "protocol");
}

CAF_TEST(a client of the same CA is no server) {
  server s(folder.url(), {"--tls=" + acting_as("client")});
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  CAF_CHECK_EQUAL(to_string(connecting(s.address(), client()).code), "protocol");
  // A client that turns the check off, or requests that name, is connected.
  CAF_CHECK_EQUAL(to_string(connecting(s.address(), client("")).code), "none");
  CAF_CHECK_EQUAL(to_string(connecting(s.address(), client("client.dbengine.test")).code), "none");
}

CAF_TEST(the command line compares and takes another name) {
  server s(folder.url(), {"--tls=" + acting_as("client")});
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  const auto query = [&](const std::string& more) {
    return run_line("--connect " + s.address() +
                        " --tls-cert tls/client.crt --tls-key tls/client.key" +
                        " --tls-ca tls/ca.crt " + more + " query 'SELECT 7 AS x' -o csv",
                    {.folder = folder.path});
  };
  const auto refused = query("");
  CAF_CHECK(refused.code != 0);
  CAF_CHECK(refused.err.find("does not carry the name \"127.0.0.1\"") != std::string::npos);
  CAF_CHECK_EQUAL(query("--tls-name client.dbengine.test").out, "x\n7\n");
  CAF_CHECK_EQUAL(query("--tls-name ''").out, "x\n7\n");
}

CAF_TEST(a key that everybody may read is refused) {
  {
    server s(folder.url(), {"--tls=" + tls.string()});
    CAF_REQUIRE_EQUAL(s.trouble(), "");
    fs::permissions(tls / "client.key", fs::perms::others_read, fs::perm_options::add);
    const auto why = connecting(s.address(), client());
    CAF_CHECK_EQUAL(to_string(why.code), "invalid_option");
    CAF_CHECK(why.message.find("every user of this machine may read") != std::string::npos);
    // Access by a group is allowed: that is how keys are shared with a service.
    fs::permissions(tls / "client.key", fs::perms::owner_read | fs::perms::group_read);
    CAF_CHECK_EQUAL(to_string(connecting(s.address(), client()).code), "none");
  }
  fs::permissions(tls / "server.key", fs::perms::others_read, fs::perm_options::add);
  server s(folder.url(), {"--tls=" + tls.string()});
  CAF_CHECK(s.trouble().find("every user of this machine may read") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
