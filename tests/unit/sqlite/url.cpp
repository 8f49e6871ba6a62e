// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tables of database URLs: the meaning of each form, and each refusal with the part of the URL that
// it names. Links are tested in resolve_links.cpp, arbitrary bytes by tests/fuzz/urls.cpp.

#include "sqlite/url.hpp"

#include "support/engine/engine_fixture.hpp"

#include <filesystem>
#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using dbengine::sqlite::location;
using dbengine::sqlite::parse_url;
using dbengine::test::failure_of;

namespace {

/// A location in one line, so that a table can hold it.
std::string text_of(const location& l) {
  std::string text = l.memory ? "memory" : l.path.string();
  if (l.uri)
    text += " uri" + (l.memory ? std::string() : " " + l.filename);
  if (l.read_only)
    text += " read-only";
  if (!l.create)
    text += " existing";
  if (!l.vfs.empty())
    text += " by " + l.vfs;
  return text;
}

struct refused {
  std::string url;
  const char* part; ///< the part of the URL that the error shows after "at"
  const char* why;
};

std::string problem_of(const refused& r) {
  const auto e = failure_of([&] { parse_url(r.url); });
  if (e.code != errc::invalid_url)
    return r.url + ": not refused";
  if (e.message.find(r.why) == std::string::npos)
    return r.url + ": no reason in: " + e.message;
  if (!e.message.ends_with("at \"" + std::string(r.part) + "\""))
    return r.url + ": another part in: " + e.message;
  return {};
}

} // namespace

CAF_TEST(each form of a URL means what the guide says) {
  const std::pair<const char*, const char*> forms[] = {
      {"sqlite:///rel.db", "rel.db"},
      {"sqlite:///a/b.db", "a/b.db"},
      {"sqlite:////abs.db", "/abs.db"},
      {"rel.db", "rel.db"},
      {"/abs.db", "/abs.db"},
      {"./a?b.db", "./a?b.db"},
      {"100%.db", "100%.db"},
      {"sqlite://", "memory"},
      {"sqlite:///", "memory"},
      {"sqlite:///:memory:", "memory"},
      {":memory:", "memory"},
      {"file:x.db", "x.db uri "},
      {"sqlite:///file:x.db", "x.db uri "},
      {"file:/x.db", "/x.db uri "},
      {"file:///x.db", "/x.db uri "},
      {"file://localhost/x.db", "/x.db uri "},
      {"file::memory:", "memory uri"},
      {"file:x?mode=memory", "memory uri"},
  };
  for (const auto& [url, meaning] : forms) {
    CAF_MESSAGE(url);
    CAF_CHECK_EQUAL(text_of(parse_url(url)), meaning);
  }
}

CAF_TEST(a parameter of a file URI is taken by the engine or passed to SQLite) {
  const std::pair<const char*, const char*> queries[] = {
      {"mode=ro", " read-only"},
      {"mode=rw", " existing"},
      {"mode=rwc", ""},
      {"uri=true", ""},
      {"uri=1", ""},
      {"cache=private", ""},
      {"vfs=unix-dotfile", " by unix-dotfile"},
      {"mode=ro&uri=true&vfs=unix", " read-only by unix"},
      {"mode=rw&mode=ro", " read-only existing"},
      {"", ""},
      {"&", nullptr},
      {"mode=ro&", " read-only"},
  };
  for (const auto& [query, meaning] : queries) {
    CAF_MESSAGE(query);
    const auto url = std::string("file:x.db?") + query;
    if (meaning)
      CAF_CHECK_EQUAL(text_of(parse_url(url)), "x.db uri " + std::string(meaning));
    else
      CAF_CHECK(failure_of([&] { parse_url(url); }).code == errc::invalid_url);
  }
  // Parameters that SQLite itself reads keep their order and spelling.
  CAF_CHECK_EQUAL(parse_url("file:x.db?immutable=1").filename, "?immutable=1");
  CAF_CHECK(parse_url("file:x.db?immutable=true").read_only);
  CAF_CHECK_EQUAL(parse_url("file:x.db?psow=0&mode=ro&immutable=1").filename,
                  "?psow=0&immutable=1");
}

CAF_TEST(a percent sign stands for a byte in a URI and for itself in a path) {
  CAF_CHECK_EQUAL(parse_url("file:a%20b.db").path, "a b.db");
  CAF_CHECK_EQUAL(parse_url("file:%41%6a%6A.db").path, "Ajj.db");
  CAF_CHECK_EQUAL(parse_url("file:a%3Fb%23c.db").path, "a?b#c.db");
  CAF_CHECK_EQUAL(parse_url("file:%ff.db").path, "\xff.db");
  CAF_CHECK_EQUAL(parse_url("file:%25%32%35.db").path, "%25.db"); // decoded once
  CAF_CHECK_EQUAL(parse_url("sqlite:///a%20b.db").path, "a%20b.db");
  CAF_CHECK_EQUAL(parse_url("file:%3amemory%3a").memory, true);
}

CAF_TEST(what is no URL of a database is refused with the part at fault) {
  const refused table[] = {
      {"postgres://h/db", "postgres", "the scheme must be sqlite"},
      {"SQLITE:///x.db", "SQLITE", "the scheme must be sqlite"},
      {"://x.db", "", "the scheme must be sqlite"},
      {"sqlite:x.db", "x.db", "must be followed by //"},
      {"sqlite:/x.db", "/x.db", "must be followed by //"},
      {"sqlite://host/x.db", "host/x.db", "a host name"},
      {"sqlite:///x.db?mode=ro", "?mode=ro", "parameters need the file: form"},
      {"file://host/x.db", "host", "another machine"},
      {"file://LOCALHOST/x.db", "LOCALHOST", "another machine"},
      {"file:", "file:", "no path"},
      {"file://", "file://", "no path"},
      {"file:?mode=ro", "file:?mode=ro", "no path"},
      {"file:x?mode=RO", "mode=RO", "mode must be"},
      {"file:x?mode", "mode", "mode must be"},
      {"file:x?mode=", "mode=", "mode must be"},
      {"file:x?cache=shared", "cache=shared", "shared cache"},
      {"file:x?immutable=0", "immutable=0", "immutable must be 1"},
      {"file:x?uri=false", "uri=false", "uri must be true"},
      {"file:x?nolock=1", "nolock=1", "an unknown parameter"},
      {"file:x?=1", "=1", "an unknown parameter"},
      {"file:x?MODE=ro", "MODE=ro", "an unknown parameter"},
      {"file:x?mode=ro?mode=rw", "mode=ro?mode=rw", "mode must be"},
      {"file:x%", "%", "two hexadecimal digits"},
      {"file:x%4", "%4", "two hexadecimal digits"},
      {"file:x%4gy", "%4gy", "two hexadecimal digits"},
      {"file:x%00y", "%00y", "a NUL byte"},
  };
  for (const auto& r : table)
    CAF_CHECK_EQUAL(problem_of(r), "");
  // The control: a table row with a wrong part, reason or refusal is found.
  CAF_CHECK_NOT_EQUAL(problem_of({"file:x%4", "%", "two hexadecimal digits"}), "");
  CAF_CHECK_NOT_EQUAL(problem_of({"file:x%4", "%4", "a NUL byte"}), "");
  CAF_CHECK_NOT_EQUAL(problem_of({"x.db", "x.db", "no path"}), "");
}

CAF_TEST(a URL without text or with a NUL byte is refused) {
  CAF_CHECK(failure_of([] { parse_url(""); }).code == errc::invalid_url);
  for (const auto position : {0u, 3u, 8u}) {
    std::string url = "sqlite:///x.db";
    url.insert(position, 1, '\0');
    const auto e = failure_of([&] { parse_url(url); });
    CAF_CHECK(e.code == errc::invalid_url);
    CAF_CHECK(e.message.ends_with("position " + std::to_string(position)));
  }
}

CAF_TEST(an error shows a bounded part of a URL without end) {
  const auto e = failure_of([] { parse_url("http://" + std::string(1'000'000, 'x')); });
  CAF_CHECK(e.code == errc::invalid_url);
  CAF_CHECK(e.message.size() < 400);
  const auto f = failure_of([] { parse_url("file:x?" + std::string(1'000'000, 'y')); });
  CAF_CHECK(f.code == errc::invalid_url);
  CAF_CHECK(f.message.size() < 400);
}

CAF_TEST(a file is located by its absolute path and a memory database by a name of its own) {
  const test::engine_folder folder;
  const auto top = std::filesystem::canonical(folder.path);
  const auto plain = sqlite::locate("sqlite:///" + (top / "a%b.db").string());
  CAF_CHECK_EQUAL(plain.path, top / "a%b.db");
  CAF_CHECK_EQUAL(plain.filename, (top / "a%b.db").string());
  // SQLite decodes this name again, and gets the requested one.
  const auto uri = sqlite::locate("file:" + (top / "a%25b%3fc%23.db").string() + "?psow=0");
  CAF_CHECK_EQUAL(uri.path, top / "a%b?c#.db");
  CAF_CHECK_EQUAL(uri.filename, "file:" + top.string() + "/a%25b%3Fc%23.db?psow=0");

  const auto one = sqlite::locate("sqlite://");
  const auto two = sqlite::locate("sqlite://");
  CAF_CHECK(one.memory && !one.vfs.empty());
  CAF_CHECK_NOT_EQUAL(one.filename, two.filename);
}
