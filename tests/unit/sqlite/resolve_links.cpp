// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Resolves the path of a database before the database exists.

#include "os/directory.hpp"
#include "sqlite/url.hpp"
#include "support/engine/engine_fixture.hpp"

#include <fcntl.h>
#include <filesystem>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

struct fixture {
  engine_folder folder;
  fs::path top = fs::canonical(folder.path);

  fs::path leads(const char* name) const { return dbengine::sqlite::resolve_links(top / name); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(resolve_links, fixture)

CAF_TEST(a link is followed whether or not it leads to a file) {
  fs::create_directory(top / "data");
  fs::create_symlink(top / "data/real.db", top / "absolute.db");
  fs::create_symlink("data/real.db", top / "relative.db");
  fs::create_symlink("relative.db", top / "chain.db");
  fs::create_symlink("data", top / "folder");
  fs::create_symlink("../folder/real.db", top / "data/around.db");
  for (const bool there : {false, true}) {
    CAF_MESSAGE(there);
    if (there)
      dbengine::os::unique_fd(::creat((top / "data/real.db").c_str(), 0600)).reset();
    for (const auto* name :
         {"absolute.db", "relative.db", "chain.db", "folder/real.db", "data/around.db",
          "folder/around.db", "data/../folder/../relative.db", "data/real.db"})
      CAF_CHECK_EQUAL(leads(name), top / "data/real.db");
  }
}

CAF_TEST(what is no link leads to itself) {
  CAF_CHECK_EQUAL(leads("new.db"), top / "new.db");
  CAF_CHECK_EQUAL(leads("missing/new.db"), top / "missing/new.db");
}

CAF_TEST(links in a circle are an error that names the path) {
  fs::create_symlink("b.db", top / "a.db");
  fs::create_symlink("a.db", top / "b.db");
  fs::create_symlink("self.db", top / "self.db");
  for (const auto* name : {"a.db", "self.db"}) {
    const auto e = failure_of([&] { leads(name); });
    CAF_CHECK(e.code == errc::cannot_open);
    CAF_CHECK(e.message.find(name) != std::string::npos);
    CAF_CHECK(e.message.find("circle") != std::string::npos);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
