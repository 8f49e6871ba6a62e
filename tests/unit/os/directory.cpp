// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A folder held by its handle: an existing file is neither opened for writing, nor followed, nor
// replaced.
#include "os/directory.hpp"

#include "support/engine/backup_fixture.hpp"

#include <sys/stat.h>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct fixture {
  temporary_folder outside;
  temporary_folder inside;
  dbengine::os::directory folder = dbengine::os::directory::open(inside.path, false);
  std::filesystem::path victim = outside.path / "victim";
  // Each leads to the victim or occupies the name.
  const std::vector<std::string> traps = {"file", "hard", "soft", "dangling", "pipe", "folder"};

  fixture() {
    write_file(victim, "precious");
    write_file(inside.path / "file", "another");
    std::filesystem::create_hard_link(victim, inside.path / "hard");
    std::filesystem::create_symlink(victim, inside.path / "soft");
    std::filesystem::create_symlink(outside.path / "nothing", inside.path / "dangling");
    CAF_REQUIRE(mkfifo((inside.path / "pipe").c_str(), 0600) == 0);
    std::filesystem::create_directory(inside.path / "folder");
  }
  bool intact() const {
    return std::filesystem::file_size(victim) == 8 &&
           std::filesystem::file_size(inside.path / "file") == 7 &&
           !std::filesystem::exists(outside.path / "nothing");
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(directory_tests, fixture)

CAF_TEST(a new file is never one that is there) {
  for (const auto& name : traps)
    CAF_CHECK_EQUAL(code_of([&] { folder.create(name); }), errc::backup_failed);
  CAF_CHECK(intact());
  CAF_CHECK(static_cast<bool>(folder.create("new")));
}

CAF_TEST(a rename never replaces) {
  folder.create("new");
  for (const auto& name : traps) {
    CAF_CHECK_EQUAL(code_of([&] { folder.rename("new", name); }), errc::backup_failed);
    CAF_CHECK(folder.exists("new"));
  }
  CAF_CHECK(intact());
}

CAF_TEST(only files are opened and links are not followed) {
  for (const auto& name : traps) {
    const bool file = name == "file" || name == "hard";
    CAF_CHECK_EQUAL(static_cast<bool>(folder.open_file(name)), file);
    CAF_CHECK_EQUAL(folder.size_of(name).has_value(), file);
  }
}

CAF_TEST(what is removed is the name and not what it leads to) {
  for (const auto& name : traps)
    if (name != "folder")
      CAF_CHECK(folder.remove(name));
  CAF_CHECK_EQUAL(std::filesystem::file_size(victim), 8u);
  CAF_CHECK_EQUAL(code_of([&] { folder.remove("folder"); }), errc::backup_failed);
  CAF_CHECK(!folder.remove("nothing"));
}

CAF_TEST_FIXTURE_SCOPE_END()
