// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests which process holds the locks of a database when processes end, fork, and leave lock files
// behind.
//
//   engine's process          its child (fork, no exec)      another process
//   killed                    lives, touches nothing         opens at once

#include "os/file_lock.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/eventually.hpp"
#include "support/process/child.hpp"

#include <dbengine/db_engine.hpp>

#include <csignal>
#include <fstream>
#include <functional>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

// A process that opens an engine, forks a child that does nothing, and is killed. The child ends
// when `stay` is closed.
struct orphaned {
  int stay[2] = {-1, -1};
  bool made = false;

  explicit orphaned(const std::function<void()>& open) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0 || ::pipe2(stay, O_CLOEXEC) != 0)
      return;
    const auto engine = ::fork();
    if (engine == 0) {
      open();
      if (::fork() == 0) {
        ::close(stay[1]);
        char c = 0;
        (void)!::write(ready[1], "x", 1);
        (void)!::read(stay[0], &c, 1);
        ::_exit(0);
      }
      for (;;)
        ::pause();
    }
    ::close(ready[1]);
    char c = 0;
    made = ::read(ready[0], &c, 1) == 1; // from the child: the fork is done
    ::close(ready[0]);
    ::kill(engine, SIGKILL);
    ::waitpid(engine, nullptr, 0);
  }
  ~orphaned() {
    ::close(stay[0]);
    ::close(stay[1]);
  }
};

} // namespace

CAF_TEST(a forked child that lives on has no lock of its parent that was killed) {
  for (const bool read_only : {false, true}) {
    CAF_MESSAGE(read_only);
    engine_folder folder;
    { db_engine(folder.url()).execute("CREATE TABLE t (x)"); }
    const orphaned child([&] { new db_engine(folder.url(), {.read_only = read_only}); });
    CAF_REQUIRE(child.made);
    // The same holds for the reader's lock, which a restore takes.
    dbengine::os::unique_fd file(::open((folder.path / "test.db").c_str(), O_RDONLY | O_CLOEXEC));
    CAF_CHECK(os::try_lock(file.get(), true));
    file.reset();
    CAF_CHECK_EQUAL(code_of([&] { db_engine db(folder.url()); }), "none");
  }
}

CAF_TEST(a forked child leaves the locks to its parent that lives) { // its negative control
  engine_folder folder;
  db_engine db(folder.url());
  CAF_CHECK_EQUAL(in_child([&] { return 0; }), 0);
  CAF_CHECK_EQUAL(code_of([&] { db_engine second(folder.url()); }), "locked");
  CAF_CHECK_EQUAL(in_child([&] {
                    const auto fd = ::open((folder.path / "test.db").c_str(), O_RDONLY);
                    return os::locked_by_engine(fd) ? 0 : 1;
                  }),
                  0);
}

CAF_TEST(a forked child opens the file when its parent has closed it) {
  engine_folder folder;
  auto* db = new db_engine(folder.url());
  db->execute("CREATE TABLE t (x)");
  int go[2];
  CAF_REQUIRE(::pipe2(go, O_CLOEXEC) == 0);
  const auto child = ::fork();
  if (child == 0) {
    char c = 0;
    (void)!::read(go[0], &c, 1);
    dbengine::os::file_lock lock(folder.path / "test.db");
    ::_exit(lock.take_file(false) ? 1 : 0);
  }
  delete db;
  CAF_CHECK(::write(go[1], "x", 1) == 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  CAF_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  ::close(go[0]);
  ::close(go[1]);
}

CAF_TEST(the lock file of a root that was killed locks no user out) {
  if (::geteuid() != 0) {
    DBENGINE_SKIP("needs root, to leave a lock file of root's");
    return;
  }
  for (const mode_t folder_mode : {0755, 01777}) {
    engine_folder folder;
    { db_engine(folder.url()).execute("CREATE TABLE t (x)"); }
    std::ofstream(folder.path / "test.db.lock") << "999999999\n";
    CAF_REQUIRE(::chmod((folder.path / "test.db.lock").c_str(), 0644) == 0);
    constexpr uid_t somebody = 54'321;
    CAF_REQUIRE(::chown((folder.path / "test.db").c_str(), somebody, somebody) == 0);
    if (folder_mode == 0755) {
      CAF_REQUIRE(::chown(folder.path.c_str(), somebody, somebody) == 0);
    }
    CAF_REQUIRE(::chmod(folder.path.c_str(), folder_mode) == 0);
    CAF_CHECK_EQUAL(in_child([&] {
                      if (::setgid(somebody) != 0 || ::setuid(somebody) != 0)
                        return 98;
                      db_engine db(folder.url());
                      db.execute("INSERT INTO t VALUES (1)");
                      const auto e = failure_of([&] { db_engine second(folder.url()); });
                      if (e.code != errc::locked)
                        return 1;
                      // The error names the owner, or reports that it is unknown. It never names
                      // the killed previous owner.
                      return e.message.find("999999999") == std::string::npos ? 0 : 2;
                    }),
                    0);
  }
}

CAF_TEST(the lock file of a backup that root made keeps no user from making the next) {
  if (::geteuid() != 0) {
    DBENGINE_SKIP("needs root, to leave a lock file of root's");
    return;
  }
  engine_folder folder;
  const options o{.backup_dir = folder.path / "backups"};
  {
    db_engine db(folder.url(), o);
    db.execute("CREATE TABLE t (x)");
    CAF_CHECK(db.request_backup());
  }
  constexpr uid_t somebody = 54'321;
  for (const auto& path : {folder.path, folder.path / "backups", folder.path / "test.db"})
    CAF_REQUIRE(::chown(path.c_str(), somebody, somebody) == 0);
  CAF_CHECK_EQUAL(in_child([&] {
                    if (::setgid(somebody) != 0 || ::setuid(somebody) != 0)
                      return 98;
                    return db_engine(folder.url(), o).request_backup() ? 0 : 1;
                  }),
                  0);
}

CAF_TEST(a lock of root that is held is respected by others) { // negative control of the test above
  if (::geteuid() != 0) {
    DBENGINE_SKIP("needs root");
    return;
  }
  engine_folder folder;
  db_engine db(folder.url());
  db.execute("CREATE TABLE t (x)");
  CAF_REQUIRE(::chmod(folder.path.c_str(), 0777) == 0);
  for (const auto& e : fs::directory_iterator(folder.path))
    CAF_REQUIRE(::chmod(e.path().c_str(), e.path().extension() == ".lock" ? 0644 : 0666) == 0);
  CAF_CHECK_EQUAL(
      in_child([&] {
        if (::setgid(54'321) != 0 || ::setuid(54'321) != 0)
          return 98;
        return code_of([&] { os::file_lock second(folder.path / "test.db"); }) == "locked" ? 0 : 1;
      }),
      0);
}
