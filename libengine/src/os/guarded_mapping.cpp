// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/guarded_mapping.hpp"

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

/// The data of one guarded file for the signal handler.
struct guarded_mapping::slot {
  std::atomic<bool> taken{false};
  std::atomic<bool> ready{false}; // the fields below are valid
  // A sequence lock: odd during a write. If it is equal and even before and after a read, the
  // fields were not written during the read.
  std::atomic<std::uint32_t> version{0};
  std::atomic<bool> page_faulted{false};
  dev_t device = 0;
  ino_t inode = 0;
  std::size_t length = 0;
  char path[1024] = {};
};

struct guarded_mapping::slot_block {
  slot slots[16];
  std::atomic<slot_block*> next{nullptr};
};

constinit guarded_mapping::slot_block guarded_mapping::table;

namespace {

// The previously installed action.
struct sigaction previous {};

// One line of /proc/self/maps: "start-end perms offset major:minor inode   path".
struct mapped_file {
  std::uintptr_t begin = 0, end = 0;
  dev_t device = 0;
  ino_t inode = 0;
  bool writable = false;
  const char* path = nullptr;
  std::size_t length = 0;
};

std::uint64_t parse_number(const char*& p, const char* end, unsigned base) noexcept {
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

mapped_file parse_line(const char* p, const char* end) noexcept {
  mapped_file m;
  const auto skip = [&] { p += p != end ? 1 : 0; };
  const auto skip_word = [&] {
    p = std::find(p, end, ' ');
    skip();
  };
  m.begin = parse_number(p, end, 16);
  skip();
  m.end = parse_number(p, end, 16);
  skip();
  m.writable = end - p > 1 && p[1] == 'w';
  skip_word(); // permissions
  skip_word(); // offset
  const auto major = static_cast<unsigned>(parse_number(p, end, 16));
  skip();
  m.device = makedev(major, static_cast<unsigned>(parse_number(p, end, 16)));
  skip();
  m.inode = static_cast<ino_t>(parse_number(p, end, 10));
  while (p != end && *p == ' ')
    ++p;
  m.path = p;
  m.length = static_cast<std::size_t>(end - p);
  return m;
}

// Calls `f` with the mapping that contains the address and returns its result; nullopt if no
// mapping contains it. Async-signal-safe: only system calls, no allocation.
template <class F>
std::optional<bool> with_mapping_at(std::uintptr_t address, F f) noexcept {
  const int fd = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  char line[1536]; // longer lines are truncated
  std::size_t used = 0;
  std::optional<bool> found;
  char buffer[1024];
  for (ssize_t n = 0; !found && (n = ::read(fd, buffer, sizeof buffer)) > 0;)
    for (ssize_t i = 0; !found && i < n; ++i) {
      if (buffer[i] != '\n') {
        if (used < sizeof line)
          line[used++] = buffer[i];
        continue;
      }
      const auto m = parse_line(line, line + std::exchange(used, 0));
      if (address >= m.begin && address < m.end)
        found = f(m);
    }
  ::close(fd);
  return found;
}

} // namespace

/// The signal handler of the process.
struct sigbus_handler {
  static void handle(int number, siginfo_t* info, void* context) noexcept {
    const int saved = errno;
    const bool guarded = info->si_code == BUS_ADRERR && replace_page(info->si_addr);
    errno = saved;
    if (guarded)
      return;
    if ((previous.sa_flags & SA_SIGINFO) != 0 && previous.sa_sigaction != nullptr)
      return previous.sa_sigaction(number, info, context);
    if ((previous.sa_flags & SA_SIGINFO) == 0 && previous.sa_handler != SIG_DFL &&
        previous.sa_handler != SIG_IGN)
      return previous.sa_handler(number);
    struct sigaction none {};
    none.sa_handler = SIG_DFL;
    ::sigaction(SIGBUS, &none, nullptr);
    if (info->si_code <= 0) // a sent signal; a fault is raised again by itself
      ::raise(SIGBUS);
  }

  // Replaces the page at an address by zeros. Returns false if no guarded file is mapped there.
  static bool replace_page(void* at) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(at);
    const auto replace = [address](const mapped_file& m) {
      // Another thread has just faulted on the same page, and its handler has already mapped zeros
      // there: anonymous memory cannot fault beyond an end.
      if (m.inode == 0 && guarded_mapping::any_page_faulted())
        return true;
      return mark_guards(m) && map_zeros(address, m.writable);
    };
    // The mapping existed when the signal was raised. While another thread's handler replaces its
    // page, the list may lack it briefly.
    std::optional<bool> replaced;
    for (int tries = 0; !replaced && tries < 1'000; ++tries)
      replaced = with_mapping_at(address, replace);
    return replaced.value_or(false);
  }

  // Marks all guards of a file: two engines may have the same one. Returns false if there is none.
  static bool mark_guards(const mapped_file& m) noexcept {
    bool guarded = false;
    for (auto* b = &guarded_mapping::table; b != nullptr;
         b = b->next.load(std::memory_order_acquire))
      for (auto& s : b->slots)
        if (guards(s, m)) {
          // Before any thread can read the zeros.
          s.page_faulted.store(true, std::memory_order_seq_cst);
          guarded_mapping::any_page_faulted_.store(true, std::memory_order_seq_cst);
          guarded = true;
        }
    return guarded;
  }

  // A WAL index is also written: other processes do not see writes to the new page, and no
  // statement that wrote there is reported as done.
  static bool map_zeros(std::uintptr_t address, bool writable) noexcept {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    return ::mmap(reinterpret_cast<void*>(address & ~(page - 1)), page,
                  PROT_READ | (writable ? PROT_WRITE : 0), MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                  -1, 0) != MAP_FAILED;
  }

  static bool guards(const guarded_mapping::slot& p, const mapped_file& m) noexcept {
    const auto version = p.version.load(std::memory_order_acquire);
    if (version % 2 != 0 || !p.ready.load(std::memory_order_acquire) ||
        !((p.device == m.device && p.inode == m.inode) ||
          (p.length == m.length && std::memcmp(p.path, m.path, m.length) == 0)))
      return false;
    std::atomic_thread_fence(std::memory_order_acquire);
    return p.version.load(std::memory_order_relaxed) == version;
  }
};

void install_sigbus_handler() noexcept {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction ours {};
    ours.sa_sigaction = &sigbus_handler::handle;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&ours.sa_mask);
    ::sigaction(SIGBUS, nullptr, &previous); // first: our handler may be called at once
    ::sigaction(SIGBUS, &ours, nullptr);
  });
}

guarded_mapping::slot* guarded_mapping::claim_slot() {
  for (auto* b = &table;;) {
    for (auto& s : b->slots)
      if (!s.taken.exchange(true, std::memory_order_acq_rel)) {
        s.page_faulted.store(false, std::memory_order_relaxed);
        return &s;
      }
    auto* next = b->next.load(std::memory_order_acquire);
    if (next == nullptr) {
      auto fresh = std::make_unique<slot_block>();
      if (b->next.compare_exchange_strong(next, fresh.get(), std::memory_order_acq_rel))
        next = fresh.release();
    }
    b = next;
  }
}

void guarded_mapping::set_file(const std::string& path, const struct stat& file) {
  auto* s = slot_.load(std::memory_order_relaxed);
  if (s == nullptr)
    s = claim_slot();
  else if (s->device == file.st_dev && s->inode == file.st_ino)
    return;
  s->version.fetch_add(1, std::memory_order_acq_rel);
  std::atomic_thread_fence(std::memory_order_release);
  s->device = file.st_dev;
  s->inode = file.st_ino;
  s->length = path.size() < sizeof s->path ? path.size() : 0;
  std::memcpy(s->path, path.data(), s->length);
  s->version.fetch_add(1, std::memory_order_release);
  s->ready.store(true, std::memory_order_release);
  slot_.store(s, std::memory_order_release);
}

guarded_mapping::~guarded_mapping() {
  auto* s = slot_.load(std::memory_order_relaxed);
  if (s == nullptr)
    return;
  s->ready.store(false, std::memory_order_release);
  s->taken.store(false, std::memory_order_release);
}

bool guarded_mapping::this_page_faulted() const noexcept {
  const auto* s = slot_.load(std::memory_order_acquire);
  return s != nullptr && s->page_faulted.load(std::memory_order_relaxed);
}

} // namespace dbengine::os
