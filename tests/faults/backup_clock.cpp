// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of periodic backups in a process whose wall clock jumps by hours and years, forwards and
// backwards.
#include "support/engine/backup_fixture.hpp"
#include "support/process/paths.hpp"

#include <sys/wait.h>

#include "support/test.hpp"

using namespace dbengine::test;

CAF_TEST(periodic backups keep their pace while the clock jumps) {
  const temporary_folder folder;
  const int status = std::system(
      (shell_word(built("backup_clock")) + " " + shell_word(folder.path.string())).c_str());
  CAF_CHECK(WIFEXITED(status));
  CAF_CHECK_EQUAL(WEXITSTATUS(status), 0);
}
