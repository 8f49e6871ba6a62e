// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/process/command_line.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace dbengine::test {

namespace {

using namespace std::chrono_literals;

// Generous: a machine under load is slow, and no test here measures the program's speed.
constexpr auto patience = 60s;
// A program that has used this much processor time runs its statement: its start takes a tenth.
constexpr long busy_milliseconds = 300;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct descriptor {
  int fd = -1;
  descriptor() = default;
  explicit descriptor(int f) : fd(f) {}
  descriptor(descriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd, other.fd);
    return *this;
  }
  ~descriptor() { close(); }
  void close() {
    if (fd >= 0)
      ::close(fd);
    fd = -1;
  }
};

struct channel {
  descriptor ours, theirs;
};

channel make_pipe(bool to_child) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    fail("pipe");
  channel c{descriptor(ends[to_child ? 1 : 0]), descriptor(ends[to_child ? 0 : 1])};
  ::fcntl(c.ours.fd, F_SETFL, O_NONBLOCK);
  return c;
}

channel make_terminal(unsigned columns) {
  channel c;
  c.ours = descriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (c.ours.fd < 0 || ::grantpt(c.ours.fd) != 0 || ::unlockpt(c.ours.fd) != 0)
    fail("pseudo-terminal");
  std::array<char, 64> name{};
  if (::ptsname_r(c.ours.fd, name.data(), name.size()) != 0)
    fail("ptsname");
  c.theirs = descriptor(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = 24;
  if (c.theirs.fd < 0 || ::ioctl(c.theirs.fd, TIOCSWINSZ, &size) != 0)
    fail("terminal");
  termios mode{};
  ::tcgetattr(c.theirs.fd, &mode);
  mode.c_oflag &= ~static_cast<tcflag_t>(OPOST); // newlines as they were written
  mode.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(c.theirs.fd, TCSANOW, &mode);
  ::fcntl(c.ours.fd, F_SETFL, O_NONBLOCK);
  return c;
}

// The processor time used so far, in milliseconds.
long used_time(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string all((std::istreambuf_iterator<char>(stat)), {});
  std::istringstream fields(all.substr(std::min(all.size(), all.rfind(')') + 1)));
  std::string skipped;
  long user = 0, system = 0;
  for (int i = 0; i < 11; ++i)
    fields >> skipped;
  fields >> user >> system;
  return (user + system) * 1000 / ::sysconf(_SC_CLK_TCK);
}

} // namespace

bool is_busy(pid_t pid) {
  return used_time(pid) >= busy_milliseconds;
}

bool has_threads(pid_t pid) {
  std::error_code gone;
  std::size_t threads = 0;
  for (auto i = std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone);
       !gone && i != std::filesystem::directory_iterator(); i.increment(gone))
    ++threads;
  return threads > 1;
}

namespace {

struct child_setup {
  std::vector<char*> argv, env;
  std::string folder;
  int in = -1, out = -1, err = -1;
  bool terminal = false;
  bool close_out = false;
};

// Between fork and exec: calls only what is allowed there.
[[noreturn]] void become(const child_setup& s) {
  if (s.terminal) {
    ::setsid();
    ::ioctl(s.in, TIOCSCTTY, 0);
  }
  ::dup2(s.in, 0);
  ::dup2(s.err, 2);
  if (s.close_out)
    ::close(1);
  else
    ::dup2(s.out, 1);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGINT, SIG_DFL); // ignored if the test itself runs in the background
  if (!s.folder.empty() && ::chdir(s.folder.c_str()) != 0)
    ::_exit(126);
  ::execve(s.argv[0], s.argv.data(), s.env.data());
  ::_exit(127);
}

std::vector<std::string> environment_of(const run_settings& s) {
  std::map<std::string, std::string> all{{"LC_ALL", "C.UTF-8"}, {"TERM", "xterm"}};
  for (const char* name : {"PATH", "HOME", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS"})
    if (const char* found = std::getenv(name))
      all[name] = found;
  for (const auto& [name, text] : s.environment)
    all[name] = text;
  std::vector<std::string> lines;
  for (const auto& [name, text] : all)
    if (!text.empty())
      lines.push_back(name + "=" + text);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& t : texts)
    all.push_back(t.data());
  all.push_back(nullptr);
  return all;
}

// Reads what is available. False at the end.
bool drain(descriptor& from, std::string& into) {
  std::array<char, 65536> buffer; // NOLINT: filled by read
  for (;;) {
    const auto got = ::read(from.fd, buffer.data(), buffer.size());
    if (got > 0) {
      into.append(buffer.data(), static_cast<std::size_t>(got));
      continue;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return true;
    return false; // EIO: the program on the terminal has ended
  }
}

void feed(descriptor& to, const std::string& text, std::size_t& done) {
  while (done < text.size()) {
    const auto n = ::write(to.fd, text.data() + done, text.size() - done);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (n < 0)
      break; // the program no longer reads
    done += static_cast<std::size_t>(n);
  }
  to.close();
}

struct channels {
  channel in, out, err;
  bool terminal = false;
};

channels make_channels(const run_settings& s) {
  channels all;
  all.terminal = s.columns > 0;
  all.in = all.terminal ? make_terminal(s.columns) : make_pipe(true);
  if (!all.terminal) {
    all.out = make_pipe(false);
    all.err = make_pipe(false);
  }
  if (!s.output_to.empty() && s.output_to != "closed") {
    all.out.theirs = descriptor(::open(s.output_to.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    if (all.out.theirs.fd < 0)
      fail(s.output_to);
  }
  return all;
}

pid_t start(std::vector<std::string>& words, const run_settings& s, channels& all) {
  auto variables = environment_of(s);
  child_setup setup{.argv = pointers(words), .env = pointers(variables), .folder = s.folder};
  setup.in = all.in.theirs.fd;
  setup.out = all.terminal ? all.in.theirs.fd : all.out.theirs.fd;
  setup.err = all.terminal ? all.in.theirs.fd : all.err.theirs.fd;
  setup.terminal = all.terminal;
  setup.close_out = s.output_to == "closed";
  const pid_t pid = ::fork();
  if (pid < 0)
    fail("fork");
  if (pid == 0)
    become(setup);
  all.in.theirs.close();
  all.out.theirs.close();
  all.err.theirs.close();
  return pid;
}

// Waits until something can be read or written, 20 ms at most.
void poll(const channels& all) {
  std::vector<pollfd> polled;
  if (all.terminal)
    polled.push_back({all.in.ours.fd, POLLIN, 0});
  else if (all.in.ours.fd >= 0)
    polled.push_back({all.in.ours.fd, POLLOUT, 0});
  for (const auto* c : {&all.out, &all.err})
    if (c->ours.fd >= 0)
      polled.push_back({c->ours.fd, POLLIN, 0});
  ::poll(polled.data(), polled.size(), 20);
}

// Writes input and reads output. Returns false when the output has ended.
bool exchange(channels& all, const run_settings& s, std::size_t& fed, run_result& result) {
  if (all.terminal) {
    if (fed < s.input.size()) {
      const auto n = ::write(all.in.ours.fd, s.input.data() + fed, s.input.size() - fed);
      fed += n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    return drain(all.in.ours, result.out);
  }
  if (all.in.ours.fd >= 0)
    feed(all.in.ours, s.input, fed);
  if (all.out.ours.fd >= 0 && !drain(all.out.ours, result.out))
    all.out.ours.close();
  if (all.err.ours.fd >= 0 && !drain(all.err.ours, result.err))
    all.err.ours.close();
  if (s.reader_leaves_after > 0 && result.out.size() >= s.reader_leaves_after)
    all.out.ours.close();
  return all.out.ours.fd >= 0 || all.err.ours.fd >= 0;
}

} // namespace

run_result run(const std::vector<std::string>& arguments, const run_settings& s) {
  auto all = make_channels(s);
  auto words = arguments;
  words.insert(words.begin(), s.program);
  const pid_t pid = start(words, s, all);
  run_result result;
  std::size_t fed = 0;
  bool signalled = s.signal == 0, reading = true;
  // A write to an ended program is an error, not a signal.
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (reading) {
    poll(all);
    if (!signalled && s.ready(pid)) {
      signalled = true;
      ::kill(pid, s.signal);
    }
    reading = exchange(all, s, fed, result);
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
      ::signal(SIGPIPE, old);
      throw std::runtime_error("the program does not end: " + words[0] + ", so far: " + result.out +
                               result.err);
    }
  }
  ::signal(SIGPIPE, old);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR)
    ;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

run_result run_line(const std::string& line, const run_settings& s) {
  return run(words_of(line), s);
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  bool quoted = false, word = false;
  for (const char c : line) {
    if (c == '\'') {
      quoted = !quoted;
      if (!word)
        words.emplace_back();
      word = true;
    } else if (c == ' ' && !quoted) {
      word = false;
    } else {
      if (!word)
        words.emplace_back();
      word = true;
      words.back() += c;
    }
  }
  return words;
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush())
    throw std::runtime_error("cannot write " + file.string());
}

bool has_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((folder + "/" + name).c_str(), X_OK) == 0)
      return true;
  return false;
}

} // namespace dbengine::test
