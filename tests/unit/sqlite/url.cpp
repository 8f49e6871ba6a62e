// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What a database URL says, and which part of an invalid one the error shows. Any text:
// tests/fuzz/urls.cpp.

#include "sqlite/url.hpp"

#include <dbengine/error.hpp>

#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using dbengine::sqlite::locate;
using dbengine::sqlite::parse_url;

namespace {

// The message of the error; empty if there is none.
std::string refusal(std::string_view url) {
  try {
    parse_url(url);
    return {};
  } catch (const error& e) {
    CAF_CHECK(e.code() == errc::invalid_url);
    return e.what();
  }
}

bool refuses(std::string_view url, std::string_view part) {
  return refusal(url).find(" at \"" + std::string(part) + "\"") != std::string::npos;
}

} // namespace

CAF_TEST(three slashes name a relative path and four an absolute one) {
  CAF_CHECK_EQUAL(parse_url("sqlite:///a/b.db").path.string(), "a/b.db");
  CAF_CHECK_EQUAL(parse_url("sqlite:////a/b.db").path.string(), "/a/b.db");
  CAF_CHECK_EQUAL(parse_url("a/b.db").path.string(), "a/b.db");
  CAF_CHECK(refuses("sqlite://host/a.db", "host/a.db"));
  CAF_CHECK(refuses("sqlite:a.db", "a.db"));
  CAF_CHECK(refuses("mysql:///a.db", "mysql"));
}

CAF_TEST(four texts name a memory database) {
  for (const auto* url : {"sqlite://", "sqlite:///",
                          "sqlite:///:memory:", ":memory:", "file::memory:", "file:x?mode=memory"})
    CAF_CHECK(parse_url(url).memory);
  CAF_CHECK(!parse_url("memory").memory);
  CAF_CHECK(!refusal("").empty());
}

CAF_TEST(a file URI is decoded and its parameters are applied) {
  const auto l = parse_url("sqlite:///file:a%20b%3f.db?mode=ro&uri=true");
  CAF_CHECK_EQUAL(l.path.string(), "a b?.db");
  CAF_CHECK(l.uri && l.read_only && l.create);
  CAF_CHECK(!parse_url("file:a.db?mode=rw").create);
  CAF_CHECK_EQUAL(parse_url("file:a.db?vfs=unix-none").vfs, "unix-none");
  CAF_CHECK(parse_url("file:a.db?immutable=1").read_only);
  CAF_CHECK_EQUAL(parse_url("file://localhost/a.db").path.string(), "/a.db");
  CAF_CHECK_EQUAL(parse_url("file:///a.db").path.string(), "/a.db");
}

CAF_TEST(an invalid file URI is refused with the part that is wrong) {
  CAF_CHECK(refuses("file://other/a.db", "other"));
  CAF_CHECK(refuses("file:a%2.db", "%2.db"));
  CAF_CHECK(refuses("file:a%00.db", "%00.db"));
  CAF_CHECK(refuses("file:a.db?mode=x", "mode=x"));
  CAF_CHECK(refuses("file:a.db?cache=shared", "cache=shared"));
  CAF_CHECK(refuses("file:a.db?mode=ro&nolock=1", "nolock=1"));
  CAF_CHECK(refuses("file:?mode=ro", "file:?mode=ro"));
  CAF_CHECK(refuses("sqlite:///a.db?mode=ro", "?mode=ro")); // the plain form has no parameters
  CAF_CHECK(!refusal(std::string_view("a\0b", 3)).empty());
}

CAF_TEST(sqlite sees the parameters that it needs and no others) {
  const auto l = locate("file:/no/such/a%23b.db?mode=ro&immutable=1&psow=0&cache=private");
  CAF_CHECK_EQUAL(l.path.string(), "/no/such/a#b.db");
  CAF_CHECK_EQUAL(l.filename, "file:/no/such/a%23b.db?immutable=1&psow=0");
  CAF_CHECK_EQUAL(locate("/no/such/a%23b.db").filename, "/no/such/a%23b.db");
}

CAF_TEST(each memory database has a name of its own) {
  CAF_CHECK(locate("sqlite://").filename != locate("sqlite://").filename);
}
