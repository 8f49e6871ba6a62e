// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the HTTP of `dbengine serve` over a socket: what it refuses, and that no client starves
// another.
//
//   silent, slow, greedy clients        server                      a probe
//   connect, send nothing ----------->  256 places
//   a byte, and another ------------->
//   ask, do not read ---------------->
//                                       the oldest is closed <----- GET /healthz
//                                       ------------------------->  200

#include "serve/http/listener.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/manual_reset_event.hpp"
#include "support/process/program.hpp"
#include "support/wire/http.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

#include <sys/resource.h>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
namespace web = app::serve::http;

namespace {

using connections = std::vector<std::unique_ptr<tcp_connection>>;

const std::string host = "Host: localhost\r\n";
const std::string probe = "GET /healthz HTTP/1.1\r\n" + host + "\r\n";

web::page text_page(const std::string& text) {
  return {.make = [text] { return web::answer{.body = text}; }};
}

// The server's listener without a server.
struct listening {
  explicit listening(web::pages more = {}) : all(std::move(more)) {
    all.try_emplace("/healthz",
                    web::page{.make = [] { return web::answer{.body = "alive"}; }, .probe = true});
    all.try_emplace("/page", text_page("a page"));
    there = std::make_unique<web::listener>(app::serve::address{.host = "127.0.0.1"}, all);
  }
  std::uint16_t port() const { return there->where().port; }

  web::pages all;
  std::unique_ptr<web::listener> there;
};

http_reply reply_to(std::uint16_t port, const std::string& bytes) {
  const tcp_connection c(port);
  c.send(bytes);
  return parse_reply(c.read_all());
}

connections connect_many(std::uint16_t port, std::size_t n, const std::string& bytes) {
  connections all;
  for (std::size_t i = 0; i < n; ++i) {
    all.push_back(std::make_unique<tcp_connection>(port));
    all.back()->send(bytes);
  }
  return all;
}

std::size_t answered_probes(std::uint16_t port, int n) {
  std::size_t good = 0;
  for (int i = 0; i < n; ++i)
    good += reply_to(port, probe).status == 200 ? 1 : 0;
  return good;
}

// Raises the limit of open files up to `n`; most machines allow the 10,000 that the tests need.
std::size_t descriptors(std::size_t n) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, std::max<rlim_t>(limit.rlim_cur, n + 200));
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(n, limit.rlim_cur - 200);
}

struct hostile {
  const char* what;
  std::string bytes;
  int status;
};

std::string get(const std::string& fields, const std::string& rest = {}) {
  return "GET /healthz HTTP/1.1\r\n" + fields + "\r\n" + rest;
}

const std::string smuggled = "GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n";

// Bodies, and the fields that give their length.
std::vector<hostile> hostile_bodies() {
  return {
      {"a length and a coding",
       get(host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"a coding and a length",
       get(host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
      {"a coding that contains chunked", get(host + "Transfer-Encoding: xchunked\r\n", smuggled),
       400},
      {"a list of codings", get(host + "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
      {"a coding that is none", get(host + "Transfer-Encoding: identity\r\n"), 400},
      {"an empty coding", get(host + "Transfer-Encoding:\r\n"), 400},
      {"two codings",
       get(host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
       400},
      {"a coding of HTTP/1.0",
       "GET /healthz HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"a chunked body", get(host + "Transfer-Encoding: Chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
       413},
      {"a body", get(host + "Content-Length: 5\r\n", "hello"), 413},
      {"a body that is a request",
       get(host + "Content-Length: " + std::to_string(smuggled.size()) + "\r\n", smuggled), 413},
      {"a body without a byte", get(host + "Content-Length: 0\r\n"), 200},
      {"two lengths that differ", get(host + "Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
      {"two equal lengths", get(host + "Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
      {"a list of lengths", get(host + "Content-Length: 5, 5\r\n", "hello"), 400},
      {"a signed length", get(host + "Content-Length: +2\r\n", "ab"), 400},
      {"a negative length", get(host + "Content-Length: -2\r\n", "ab"), 400},
      {"a hexadecimal length", get(host + "Content-Length: 0x2\r\n", "ab"), 400},
      {"a length of 2^64", get(host + "Content-Length: 18446744073709551616\r\n"), 400},
      {"a length of 2^63", get(host + "Content-Length: 9223372036854775808\r\n"), 413},
  };
}

// Lines, fields and targets.
std::vector<hostile> hostile_heads() {
  std::string many;
  for (int i = 0; i < 64; ++i)
    many += "A: b\r\n";
  return {
      {"two hosts", get(host + "Host: evil.example\r\n"), 400},
      {"two credentials", get(host + "Authorization: a\r\nAuthorization: b\r\n"), 400},
      {"a folded field", get(host + "X: a\r\n b\r\n"), 400},
      {"a field folded by a tab", get(host + "X: a\r\n\tb\r\n"), 400},
      {"a folded host", get("Host:\r\n localhost\r\n"), 400},
      {"a blank before the first field", get(" X: a\r\n" + host), 400},
      {"lines that end in LF", "GET /healthz HTTP/1.1\nHost: localhost\n\n", 400},
      {"one line that ends in LF", get("X: a\n" + host), 400},
      {"a CR inside of a line", get("X: a\rHost: evil.example\r\n" + host), 400},
      {"a NUL", get(host + "X: a" + std::string(1, '\0') + "b\r\n"), 400},
      {"a blank before the colon", get("Host : localhost\r\n"), 400},
      {"a field without a name", get(host + ": x\r\n"), 400},
      {"a field without a colon", get(host + "nothing\r\n"), 400},
      {"no request line", "\r\n\r\n", 400},
      {"no version", "GET /healthz\r\n" + host + "\r\n", 400},
      {"another version", "GET /healthz HTTP/2.0\r\n" + host + "\r\n", 400},
      {"a lower-case protocol", "GET /healthz http/1.1\r\n" + host + "\r\n", 400},
      {"two blanks", "GET  /healthz HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a blank in the target", "GET /health z HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a TLS hello", "\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n", 400},
      {"the target of a tunnel", "CONNECT evil.example:443 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"the target of everything", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a relative target", "GET healthz HTTP/1.1\r\n" + host + "\r\n", 400},
      {"64 fields", get(many.substr(6) + host), 200},
      {"65 fields", get(many + host), 431},
      {"a long field", get(host + "X: " + std::string(17'000, 'x') + "\r\n"), 431},
      {"a long target", "GET /" + std::string(17'000, 'x') + " HTTP/1.1\r\n" + host + "\r\n", 431},
      {"a head without an end", "GET /healthz HTTP/1.1\r\n" + std::string(20'000, 'x'), 431},
      {"a deletion", "DELETE /healthz HTTP/1.1\r\n" + host + "\r\n", 405},
      {"another request behind it", probe + smuggled, 200},
  };
}

std::vector<hostile> hostile_requests() {
  auto all = hostile_bodies();
  for (auto& h : hostile_heads())
    all.push_back(std::move(h));
  return all;
}

} // namespace

CAF_TEST(a hostile request is refused once and with its reason) {
  const listening s;
  std::size_t tried = 0;
  for (const auto& h : hostile_requests()) {
    const auto reply = reply_to(s.port(), h.bytes);
    if (reply.status != h.status)
      CAF_ERROR(h.what << ": " << reply.status << " instead of " << h.status);
    if (reply.head.find("Content-Length: " + std::to_string(reply.body.size()) + "\r\n") ==
        std::string::npos)
      CAF_ERROR(h.what << ": not one answer: " << reply.head << reply.body);
    if (reply.head.find("Connection: close\r\n") == std::string::npos)
      CAF_ERROR(h.what << ": the connection stays");
    ++tried;
  }
  CAF_MESSAGE(tried << " requests");
  CAF_CHECK_EQUAL(answered_probes(s.port(), 1), 1u);
}

CAF_TEST(a host is compared as HTTP compares names) {
  const listening s;
  const auto asked = [&](const std::string& line, const std::string& fields) {
    return reply_to(s.port(), line + "\r\n" + fields + "\r\n").status;
  };
  const std::string plain = "GET /healthz HTTP/1.1";
  for (const char* name : {"LOCALHOST", "LocalHost:9187", "localhost.", "localhost.:1",
                           "localhost:", "127.0.0.1", "[::1]:80", "10.1.2.3"})
    CAF_CHECK_EQUAL(asked(plain, "Host: " + std::string(name) + "\r\n"), 200);
  for (const char* name : {"evil.example", "localhost.evil.example", "evil.example:80", "", ".",
                           "localhost..", "127.1", "2130706433"})
    CAF_CHECK_EQUAL(asked(plain, "Host: " + std::string(name) + "\r\n"), 421);
  for (const char* name :
       {"localhost:x", "localhost:1:1", "[::1", "[::1]x", "[localhost]", "a@localhost",
        "localhost, evil.example", "localhost/x", "http://localhost"})
    CAF_CHECK_EQUAL(asked(plain, "Host: " + std::string(name) + "\r\n"), 400);
  // In the absolute form, its authority counts.
  const auto absolute = [&](const std::string& url, const std::string& fields) {
    return asked("GET " + url + " HTTP/1.1", fields);
  };
  CAF_CHECK_EQUAL(absolute("http://localhost:9187/healthz", host), 200);
  CAF_CHECK_EQUAL(absolute("HTTP://LOCALHOST/healthz?x", "Host: evil.example\r\n"), 200);
  CAF_CHECK_EQUAL(absolute("http://[::1]:1/healthz", host), 200);
  CAF_CHECK_EQUAL(absolute("http://evil.example/healthz", host), 421);
  CAF_CHECK_EQUAL(absolute("http://localhost", host), 404);
  CAF_CHECK_EQUAL(absolute("http://localhost?x", host), 404);
  CAF_CHECK_EQUAL(absolute("http:///healthz", host), 400);
  CAF_CHECK_EQUAL(absolute("http://a@localhost/healthz", host), 400);
  CAF_CHECK_EQUAL(absolute("https://localhost/healthz", host), 400);
  CAF_CHECK_EQUAL(absolute("http://localhost/healthz", ""),
                  400); // HTTP/1.1 requires Host even so
  // HTTP/1.0 requires none.
  CAF_CHECK_EQUAL(asked("GET /healthz HTTP/1.0", ""), 200);
  CAF_CHECK_EQUAL(asked("GET http://localhost/healthz HTTP/1.0", ""), 200);
  CAF_CHECK_EQUAL(asked("GET /healthz HTTP/1.0", "Host: evil.example\r\n"), 421);
  CAF_CHECK_EQUAL(asked(plain, ""), 400);
  CAF_CHECK_EQUAL(asked("GET /%68ealthz HTTP/1.1", host), 200);
  CAF_CHECK_EQUAL(asked("GET /healthz%zz HTTP/1.1", host), 404);
}

CAF_TEST(silent sockets cost no probe its answer) {
  const engine_folder folder;
  program server({"serve", (folder.path / "a.db").string(), "--http", "0"});
  CAF_REQUIRE(server.says("ready: "));
  const auto port = port_behind(server.err(), "http://127.0.0.1:");
  for (const std::size_t n : {std::size_t{40}, descriptors(10'000)}) {
    const auto silent = connect_many(port, n, "");
    CAF_CHECK_EQUAL(answered_probes(port, 50), 50u);
    CAF_MESSAGE(n << " silent sockets, 50 probes");
  }
  server.signal(SIGTERM);
  CAF_CHECK_EQUAL(server.wait(), 0);
}

CAF_TEST(slow clients cost no probe its answer) {
  const listening s({{"/large", text_page(std::string(8 << 20, 'x'))}});
  // Clients that do not read, and clients that send byte after byte.
  const auto greedy = connect_many(s.port(), 300, "GET /large HTTP/1.1\r\n" + host + "\r\n");
  auto slow = connect_many(s.port(), 300, "G");
  for (const char c : std::string("ET /healthz HT")) {
    for (const auto& one : slow)
      one->send({c});
    CAF_CHECK_EQUAL(answered_probes(s.port(), 20), 20u);
  }
  CAF_CHECK_EQUAL(reply_to(s.port(), "GET /page HTTP/1.1\r\n" + host + "\r\n").body, "a page");
}

CAF_TEST(a request that does not come is refused and a silent connection is closed) {
  const listening s;
  const tcp_connection silent(s.port()), slow(s.port());
  slow.send("GET /healthz HTTP/1.1\r\n");
  CAF_CHECK_EQUAL(parse_reply(slow.read_all()).status, 408);
  CAF_CHECK_EQUAL(silent.read_all(), "");
}

CAF_TEST(pages that stand still cost no probe its answer) {
  manual_reset_event latch, sick;
  const auto waits = [](manual_reset_event& g) {
    return [&g] {
      g.as_function().call({});
      return web::answer{.body = "late"};
    };
  };
  const listening s(
      {{"/slow", {.make = waits(latch)}},
       {"/sick", {.make = waits(sick), .probe = true}},
       {"/wrong", {.make = []() -> web::answer { throw std::runtime_error("why"); }}}});
  const std::string slow = "GET /slow HTTP/1.1\r\n" + host + "\r\n";
  auto waiting = connect_many(s.port(), 4, slow);
  CAF_REQUIRE(latch.wait_for_arrivals(4));
  const auto more = connect_many(s.port(), 16, slow); // these wait for a thread
  CAF_CHECK(wait_until([&] { return reply_to(s.port(), slow).status == 503; }));
  CAF_CHECK_EQUAL(answered_probes(s.port(), 50), 50u);
  latch.set();
  CAF_CHECK_EQUAL(parse_reply(waiting[0]->read_all()).body, "late");
  CAF_CHECK_EQUAL(parse_reply(more[15]->read_all()).body, "late");
  // A probe has its own deadline, and 503 is its answer.
  const auto late = reply_to(s.port(), "GET /sick HTTP/1.1\r\n" + host + "\r\n");
  CAF_CHECK_EQUAL(late.status, 503);
  CAF_CHECK(late.head.find("Retry-After: 1\r\n") != std::string::npos);
  sick.set();
  const auto wrong = reply_to(s.port(), "GET /wrong HTTP/1.1\r\n" + host + "\r\n");
  CAF_CHECK_EQUAL(wrong.status, 500);
  CAF_CHECK_EQUAL(wrong.body, "why\n");
}

CAF_TEST(an end waits for no client) {
  auto s =
      std::make_unique<listening>(web::pages{{"/large", text_page(std::string(8 << 20, 'x'))}});
  const auto silent = connect_many(s->port(), 100, "");
  const auto greedy = connect_many(s->port(), 20, "GET /large HTTP/1.1\r\n" + host + "\r\n");
  CAF_CHECK_EQUAL(answered_probes(s->port(), 1), 1u);
  s.reset();
  CAF_CHECK_EQUAL(silent[0]->read_all(), "");
  CAF_CHECK(greedy[0]->read_all().size() < (8U << 20));
}

namespace {

std::size_t open_files(pid_t p) {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(p) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// In clock ticks, of which a second has a hundred.
long processor_time(pid_t p) {
  std::ifstream in("/proc/" + std::to_string(p) + "/stat");
  std::string all((std::istreambuf_iterator<char>(in)), {});
  std::istringstream fields(all.substr(all.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i)
    fields >> skipped;
  long user = 0, system = 0;
  fields >> user >> system;
  return user + system;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++n;
  return n;
}

} // namespace

CAF_TEST(without descriptors it goes on and says so once) {
  const engine_folder folder;
  program server({"serve", (folder.path / "a.db").string(), "--http", "0"});
  CAF_REQUIRE(server.says("ready: "));
  const auto port = port_behind(server.err(), "http://127.0.0.1:");
  const auto permit = [&](std::size_t n) {
    const rlimit limit{n, 1'000};
    CAF_REQUIRE_EQUAL(::prlimit(server.pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  };
  CAF_CHECK_EQUAL(http(port, "/healthz").status, 200);
  const auto used = open_files(server.pid());
  permit(used + 8);
  const auto silent = connect_many(port, 60, "");
  CAF_CHECK_EQUAL(answered_probes(port, 50), 50u);
  CAF_CHECK_EQUAL(count(server.err(), "cannot accept a connection"), 1u);
  // With no descriptor at all, the server waits without spinning.
  permit(3);
  const tcp_connection late(port);
  late.send(probe);
  const auto before = processor_time(server.pid());
  std::this_thread::sleep_for(2s);
  CAF_CHECK(processor_time(server.pid()) - before < 50);
  permit(used + 100);
  CAF_CHECK_EQUAL(parse_reply(late.read_all()).status, 200);
  CAF_CHECK_EQUAL(count(server.err(), "cannot accept a connection"), 1u);
  server.signal(SIGTERM);
  CAF_CHECK_EQUAL(server.wait(), 0);
}
