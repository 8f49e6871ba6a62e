// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "bus_guard.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <unistd.h>
#include <utility>

namespace dbengine::detail {

// Never freed, so that the handler can look at it at any moment.
struct bus_guard::place {
  std::atomic<bool> taken{false};
  std::atomic<bool> ready{false}; // what follows can be read
  std::atomic<bool> struck{false};
  dev_t device = 0;
  ino_t inode = 0;
  std::size_t length = 0;
  char path[1024] = {};
};

bus_guard::place bus_guard::table[bus_guard::places];

namespace {

struct sigaction before {};

// One line of /proc/self/maps: "start-end perms offset major:minor inode   path".
struct mapped_file {
  std::uintptr_t begin = 0, end = 0;
  dev_t device = 0;
  ino_t inode = 0;
  const char* path = nullptr;
  std::size_t length = 0;
};

std::uint64_t number(const char*& p, const char* end, unsigned base) noexcept {
  std::uint64_t n = 0;
  for (; p != end; ++p) {
    unsigned digit = 99;
    if (*p >= '0' && *p <= '9')
      digit = static_cast<unsigned>(*p - '0');
    else if (*p >= 'a' && *p <= 'f')
      digit = static_cast<unsigned>(*p - 'a') + 10;
    if (digit >= base)
      break;
    n = n * base + digit;
  }
  return n;
}

mapped_file parse(const char* p, const char* end) noexcept {
  mapped_file m;
  const auto skip = [&] { p += p != end ? 1 : 0; };
  const auto skip_word = [&] {
    p = std::find(p, end, ' ');
    skip();
  };
  m.begin = number(p, end, 16);
  skip();
  m.end = number(p, end, 16);
  skip();
  skip_word(); // permissions
  skip_word(); // offset
  const auto major = static_cast<unsigned>(number(p, end, 16));
  skip();
  m.device = makedev(major, static_cast<unsigned>(number(p, end, 16)));
  skip();
  m.inode = static_cast<ino_t>(number(p, end, 10));
  while (p != end && *p == ' ')
    ++p;
  m.path = p;
  m.length = static_cast<std::size_t>(end - p);
  return m;
}

// Calls `f` with the mapping that has the address. Nothing but system calls: a signal handler runs it.
template <class F>
bool with_mapping(std::uintptr_t address, F f) noexcept {
  const int fd = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  char line[1536]; // the rest of a longer one is dropped
  std::size_t used = 0;
  bool found = false;
  char piece[1024];
  for (ssize_t n = 0; !found && (n = ::read(fd, piece, sizeof piece)) > 0;)
    for (ssize_t i = 0; !found && i < n; ++i) {
      if (piece[i] != '\n') {
        if (used < sizeof line)
          line[used++] = piece[i];
        continue;
      }
      const auto m = parse(line, line + std::exchange(used, 0));
      found = address >= m.begin && address < m.end && f(m);
    }
  ::close(fd);
  return found;
}

} // namespace

struct bus_handler {
  static void handle(int number, siginfo_t* info, void* context) noexcept {
    const int saved = errno;
    const bool guarded = info->si_code == BUS_ADRERR && strike(info->si_addr);
    errno = saved;
    if (guarded)
      return;
    if ((before.sa_flags & SA_SIGINFO) != 0 && before.sa_sigaction != nullptr)
      return before.sa_sigaction(number, info, context);
    if ((before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler != SIG_DFL &&
        before.sa_handler != SIG_IGN)
      return before.sa_handler(number);
    struct sigaction none {};
    none.sa_handler = SIG_DFL;
    ::sigaction(SIGBUS, &none, nullptr);
    if (info->si_code <= 0) // somebody sent it; a fault comes again by itself
      ::raise(SIGBUS);
  }

  static bool strike(void* at) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(at);
    return with_mapping(address, [address](const mapped_file& m) {
      for (auto& p : bus_guard::table) {
        if (!p.ready.load(std::memory_order_acquire) ||
            !((p.device == m.device && p.inode == m.inode) ||
              (p.length == m.length && std::memcmp(p.path, m.path, m.length) == 0)))
          continue;
        p.struck.store(true, std::memory_order_seq_cst); // before anybody can read the zeros
        const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
        return ::mmap(reinterpret_cast<void*>(address & ~(page - 1)), page, PROT_READ,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
      }
      return false;
    });
  }

  static void install() noexcept {
    struct sigaction ours {};
    ours.sa_sigaction = &handle;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&ours.sa_mask);
    ::sigaction(SIGBUS, &ours, &before);
  }
};

bus_guard::bus_guard(const std::string& path, const struct stat& file) {
  static std::once_flag once;
  std::call_once(once, &bus_handler::install);
  for (auto& p : table) {
    if (p.taken.exchange(true, std::memory_order_acq_rel))
      continue;
    p.struck.store(false, std::memory_order_relaxed);
    p.device = file.st_dev;
    p.inode = file.st_ino;
    p.length = path.size() < sizeof p.path ? path.size() : 0;
    std::memcpy(p.path, path.data(), p.length);
    p.ready.store(true, std::memory_order_release);
    place_ = &p;
    return;
  }
}

bus_guard::bus_guard(bus_guard&& other) noexcept : place_(std::exchange(other.place_, nullptr)) {}

bus_guard& bus_guard::operator=(bus_guard&& other) noexcept {
  std::swap(place_, other.place_);
  return *this;
}

bus_guard::~bus_guard() {
  if (place_ == nullptr)
    return;
  place_->ready.store(false, std::memory_order_release);
  place_->taken.store(false, std::memory_order_release);
}

bool bus_guard::struck() const noexcept {
  return place_ != nullptr && place_->struck.load(std::memory_order_relaxed);
}

} // namespace dbengine::detail
