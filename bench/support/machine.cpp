// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "machine.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace dbengine::bench {

namespace {

std::string first_value(const char* file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(key)) {
      const auto colon = line.find(':');
      const auto text =
          colon == std::string::npos ? std::string::npos : line.find_first_not_of(" \t", colon + 1);
      if (text != std::string::npos)
        return line.substr(text);
    }
  return {};
}

std::string file_system(const std::filesystem::path& directory) {
  struct statfs s {};
  if (::statfs(directory.c_str(), &s) != 0)
    return "unknown";
  switch (static_cast<std::uint32_t>(s.f_type)) {
  case 0xef53: return "ext4";
  case 0x01021994: return "tmpfs";
  case 0x58465342: return "xfs";
  case 0x9123683e: return "btrfs";
  case 0x794c7630: return "overlayfs";
  default: break;
  }
  std::ostringstream out;
  out << "0x" << std::hex << s.f_type;
  return out.str();
}

} // namespace

nlohmann::json describe_machine(const std::filesystem::path& directory) {
  utsname u{};
  ::uname(&u);
  return {{"cores", std::thread::hardware_concurrency()},
          {"processor", first_value("/proc/cpuinfo", "model name")},
          {"kernel", std::string(u.sysname) + " " + u.release + " " + u.machine},
          {"compiler", __VERSION__},
          {"sqlite", sqlite3_libversion()},
          {"file_system", file_system(directory)}};
}

std::string machine_line(const nlohmann::json& m) {
  return std::to_string(m.at("cores").get<unsigned>()) + " cores (" +
         m.at("processor").get<std::string>() + "), " + m.at("kernel").get<std::string>() +
         ", SQLite " + m.at("sqlite").get<std::string>() + ", g++ " +
         m.at("compiler").get<std::string>() + ", files on " +
         m.at("file_system").get<std::string>();
}

std::string today() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 11> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
  return text.data();
}

noise_monitor::noise_monitor() : start_(now()) {}

noise_monitor::ticks noise_monitor::now() {
  ticks t;
  std::ifstream in("/proc/stat");
  std::string cpu;
  in >> cpu;
  // user nice system idle iowait irq softirq steal; guest time is included in user.
  for (int i = 0; i < 8; ++i) {
    std::uint64_t x = 0;
    in >> x;
    t.total += x;
    if (i == 3 || i == 4)
      t.idle += x;
  }
  rusage r{};
  ::getrusage(RUSAGE_SELF, &r);
  const auto seconds = static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
                       static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
  t.own = static_cast<std::uint64_t>(seconds * static_cast<double>(::sysconf(_SC_CLK_TCK)));
  return t;
}

double noise_monitor::other_share() const {
  const auto t = now();
  const auto total = static_cast<double>(t.total - start_.total);
  if (total <= 0)
    return 0;
  const auto busy = total - static_cast<double>(t.idle - start_.idle);
  return std::max(0.0, busy - static_cast<double>(t.own - start_.own)) / total;
}

double load_average() {
  double x = 0;
  std::ifstream("/proc/loadavg") >> x;
  return x;
}

std::uint64_t resident_bytes() {
  std::uint64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t voluntary_switches_of_others() {
  std::uint64_t sum = 0;
  const auto me = std::to_string(::gettid());
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == me)
      continue;
    const auto count = first_value((task.path() / "status").c_str(), "voluntary_ctxt_switches");
    if (!count.empty())
      sum += std::stoull(count);
  }
  return sum;
}

std::size_t thread_count() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

} // namespace dbengine::bench
