// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/faults/failing_calls.hpp"

#include "os/directory.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dbengine::test {

void let_fail(const std::vector<int>& calls, int number) {
  const auto statement = [](unsigned code, unsigned k) {
    return sock_filter{static_cast<__u16>(code), 0, 0, k};
  };
  const auto jump = [](unsigned k, std::size_t yes, std::size_t no) {
    return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, static_cast<__u8>(yes), static_cast<__u8>(no), k};
  };
  std::vector<sock_filter> program{statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (std::size_t i = 0; i < calls.size(); ++i)
    program.push_back(jump(static_cast<unsigned>(calls[i]), calls.size() - i, 0));
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(number)));
  sock_fprog all{static_cast<unsigned short>(program.size()), program.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all, 0, 0) != 0)
    os::throw_errno(errno, "no system calls can be filtered", errc::unavailable);
}

bool calls_can_fail() {
  return in_child([] {
           let_fail({__NR_getppid}, EIO);
           if (syscall(__NR_getppid) != -1 || errno != EIO)
             throw error(errc::unavailable, "the filter does nothing");
         }).code == errc::none;
}

void drop_override_of_modes() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0)
    os::throw_errno(errno, "capabilities cannot be read", errc::unavailable);
  const unsigned drop = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH;
  data[0].effective &= ~drop;
  data[0].permitted &= ~drop;
  data[0].inheritable &= ~drop;
  if (syscall(SYS_capset, &header, data) != 0)
    os::throw_errno(errno, "capabilities cannot be dropped", errc::unavailable);
}

child_result in_child(const std::function<void()>& work) {
  // A socket instead of a pipe: `write` may be one of the calls that fail.
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    os::throw_errno(errno, "socketpair");
  const os::unique_fd out(ends[0]);
  os::unique_fd in(ends[1]);
  const pid_t child = fork();
  if (child < 0)
    os::throw_errno(errno, "fork");
  if (child == 0) {
    std::string answer(1, static_cast<char>(errc::none));
    try {
      work();
    } catch (const error& e) {
      answer = static_cast<char>(e.code()) + e.message();
    } catch (const std::exception& e) {
      answer = static_cast<char>(errc::internal) + std::string(e.what());
    }
    const auto n = send(in.get(), answer.data(), std::min<std::size_t>(answer.size(), 4096), 0);
    _exit(n > 0 ? 0 : 1);
  }
  in.reset();
  std::string answer;
  char block[512];
  for (;;) {
    const auto n = read(out.get(), block, sizeof block);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    answer.append(block, static_cast<std::size_t>(n));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  child_result result;
  result.died = !WIFEXITED(status) || WEXITSTATUS(status) != 0 || answer.empty();
  if (!result.died) {
    result.code = static_cast<errc>(answer[0]);
    result.message = answer.substr(1);
  }
  return result;
}

} // namespace dbengine::test
