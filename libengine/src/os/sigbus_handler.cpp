// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/sigbus_handler.hpp"

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
#include <memory>
#include <mutex>
#include <optional>
#include <unistd.h>
#include <utility>

namespace dbengine::os {

struct sigbus_handler::place {
  std::atomic<bool> taken{false};
  std::atomic<bool> ready{false}; // what follows means something
  std::atomic<std::uint32_t> version{
      0}; // odd while it is written; the same before and after a look: not written meanwhile
  std::atomic<bool> struck{false};
  dev_t device = 0;
  ino_t inode = 0;
  std::size_t length = 0;
  char path[1024] = {};
};

struct sigbus_handler::chunk {
  place places[16];
  std::atomic<chunk*> next{nullptr};
};

constinit sigbus_handler::chunk sigbus_handler::table;

namespace {

struct sigaction before {};

// One line of /proc/self/maps: "start-end perms offset major:minor inode   path".
struct mapped_file {
  std::uintptr_t begin = 0, end = 0;
  dev_t device = 0;
  ino_t inode = 0;
  bool writable = false;
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
  m.writable = end - p > 1 && p[1] == 'w';
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

// What `f` says of the mapping that has the address; none where no mapping has it. Nothing but system calls: a signal handler runs it.
template <class F>
std::optional<bool> of_mapping(std::uintptr_t address, F f) noexcept {
  const int fd = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  char line[1536]; // the rest of a longer one is dropped
  std::size_t used = 0;
  std::optional<bool> found;
  char piece[1024];
  for (ssize_t n = 0; !found && (n = ::read(fd, piece, sizeof piece)) > 0;)
    for (ssize_t i = 0; !found && i < n; ++i) {
      if (piece[i] != '\n') {
        if (used < sizeof line)
          line[used++] = piece[i];
        continue;
      }
      const auto m = parse(line, line + std::exchange(used, 0));
      if (address >= m.begin && address < m.end)
        found = f(m);
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
    const auto look = [address](const mapped_file& m) {
      // Another thread met the same page a moment before, and its handler has put zeros there: memory of no file has no end to read behind.
      if (m.inode == 0 && sigbus_handler::any_struck())
        return true;
      bool guarded = false;
      for (auto* c = &sigbus_handler::table; c != nullptr;
           c = c->next.load(std::memory_order_acquire))
        for (auto& p : c->places)
          if (is_of(p, m)) { // all of them: two engines may have the same file
            p.struck.store(true, std::memory_order_seq_cst); // before anybody can read the zeros
            sigbus_handler::any_struck_.store(true, std::memory_order_seq_cst);
            guarded = true;
          }
      if (!guarded)
        return false;
      // The WAL index is written, too: what is written there from now on nobody else sees, and nobody is told that it is done.
      const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
      return ::mmap(reinterpret_cast<void*>(address & ~(page - 1)), page,
                    PROT_READ | (m.writable ? PROT_WRITE : 0),
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
    };
    // There was one a moment ago: while another thread's handler puts its page there, the list may lack it.
    std::optional<bool> guarded;
    for (int tries = 0; !guarded && tries < 1'000; ++tries)
      guarded = of_mapping(address, look);
    return guarded.value_or(false);
  }

  static bool is_of(const sigbus_handler::place& p, const mapped_file& m) noexcept {
    const auto version = p.version.load(std::memory_order_acquire);
    if (version % 2 != 0 || !p.ready.load(std::memory_order_acquire) ||
        !((p.device == m.device && p.inode == m.inode) ||
          (p.length == m.length && std::memcmp(p.path, m.path, m.length) == 0)))
      return false;
    std::atomic_thread_fence(std::memory_order_acquire);
    return p.version.load(std::memory_order_relaxed) == version;
  }
};

void sigbus_handler::install_handler() noexcept {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction ours {};
    ours.sa_sigaction = &bus_handler::handle;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&ours.sa_mask);
    ::sigaction(SIGBUS, nullptr, &before); // first: ours may be called at once
    ::sigaction(SIGBUS, &ours, nullptr);
  });
}

sigbus_handler::place* sigbus_handler::take_place() {
  for (auto* c = &table;;) {
    for (auto& p : c->places)
      if (!p.taken.exchange(true, std::memory_order_acq_rel)) {
        p.struck.store(false, std::memory_order_relaxed);
        return &p;
      }
    auto* next = c->next.load(std::memory_order_acquire);
    if (next == nullptr) {
      auto fresh = std::make_unique<chunk>();
      if (c->next.compare_exchange_strong(next, fresh.get(), std::memory_order_acq_rel))
        next = fresh.release();
    }
    c = next;
  }
}

void sigbus_handler::begin(const std::string& path, const struct stat& file) {
  auto* p = place_.load(std::memory_order_relaxed);
  if (p == nullptr)
    p = take_place();
  else if (p->device == file.st_dev && p->inode == file.st_ino)
    return;
  p->version.fetch_add(1, std::memory_order_acq_rel);
  std::atomic_thread_fence(std::memory_order_release);
  p->device = file.st_dev;
  p->inode = file.st_ino;
  p->length = path.size() < sizeof p->path ? path.size() : 0;
  std::memcpy(p->path, path.data(), p->length);
  p->version.fetch_add(1, std::memory_order_release);
  p->ready.store(true, std::memory_order_release);
  place_.store(p, std::memory_order_release);
}

sigbus_handler::~sigbus_handler() {
  auto* p = place_.load(std::memory_order_relaxed);
  if (p == nullptr)
    return;
  p->ready.store(false, std::memory_order_release);
  p->taken.store(false, std::memory_order_release);
}

bool sigbus_handler::this_struck() const noexcept {
  const auto* p = place_.load(std::memory_order_acquire);
  return p != nullptr && p->struck.load(std::memory_order_relaxed);
}

} // namespace dbengine::os
