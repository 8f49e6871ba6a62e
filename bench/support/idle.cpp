// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "idle.hpp"

#include "contest.hpp"
#include "machine.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace dbengine::bench {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t resident_target = std::uint64_t{16} << 20;
// The engine truncates its WAL after one second without a commit; three seconds let it finish.
constexpr auto settle_time = 3s;
constexpr auto watch = 5s;

// Runs this program with `arguments` and returns what it prints.
std::string run_self(const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe(ends) != 0)
    throw std::runtime_error("idle: no pipe");
  const auto child = ::fork();
  if (child < 0)
    throw std::runtime_error("idle: no process");
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    std::vector<char*> argv;
    for (const auto& a : arguments)
      argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  std::string output;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    output.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0)
    throw std::runtime_error("idle: the probe of " + arguments.at(2) + " failed");
  return output;
}

} // namespace

nlohmann::json measure_idle(const settings& s, const std::filesystem::path& original,
                            const std::filesystem::path& folder) {
  nlohmann::json result{{"name", "idle"}, {"title", "open and unused"}};
  for (const std::string subject : {"nothing", "raw", "engine"}) {
    if (s.skipped(subject))
      continue;
    const auto file = folder / ("idle-" + subject + ".db");
    std::filesystem::copy_file(original, file);
    result["subjects"][subject] = nlohmann::json::parse(run_self(
        {"bench-targets", idle_probe_flag, subject, file.string(), s.memstatus ? "on" : "off"}));
  }
  if (result["subjects"].contains("engine")) {
    const auto& e = result["subjects"]["engine"];
    result["met"] = e.at("wakeups_per_second").get<double>() == 0 &&
                    e.at("resident_bytes").get<std::uint64_t>() < resident_target;
  }
  return result;
}

std::string idle_text(const nlohmann::json& result) {
  std::string text = "idle: open and unused\n";
  for (const auto& [subject, x] : result.at("subjects").items()) {
    char line[200];
    std::snprintf(line, sizeof line, "  %-10s%8.1f wake-ups/s  %6.1f MB resident  %llu threads\n",
                  subject.c_str(), x.at("wakeups_per_second").get<double>(),
                  static_cast<double>(x.at("resident_bytes").get<std::uint64_t>()) / (1 << 20),
                  x.at("threads").get<unsigned long long>());
    text += line;
  }
  text += "  target     0 wake-ups/s, < 16 MB resident";
  if (!result.contains("met"))
    return text + ": engine not run\n";
  return text + (result.at("met").get<bool>() ? ": met\n" : ": NOT MET\n");
}

int run_idle_probe(int argc, char** argv) {
  if (argc != 5)
    throw std::runtime_error("the idle probe takes subject, file and memstatus");
  const std::string name = argv[2];
  settings s;
  s.memstatus = std::string(argv[4]) == "on";
  apply_process_settings(s);
  std::unique_ptr<subject> opened;
  if (name != "nothing")
    opened = (name == "engine" ? open_engine : open_raw)(argv[3], open_settings{});
  std::unique_ptr<client> user;
  if (opened) {
    user = opened->make_client();
    random_source random(1);
    for (int i = 0; i < 1'000; ++i)
      user->read_point(1 + static_cast<std::int64_t>(random() % user_count));
    for (int i = 0; i < 100; ++i)
      user->insert(make_person(i));
  }
  std::this_thread::sleep_for(settle_time);
  const auto before = voluntary_switches_of_others();
  std::this_thread::sleep_for(watch);
  const auto switches = voluntary_switches_of_others() - before;
  const nlohmann::json found{
      {"wakeups_per_second",
       static_cast<double>(switches) / std::chrono::duration<double>(watch).count()},
      {"resident_bytes", resident_bytes()},
      {"threads", thread_count()}};
  std::printf("%s\n", found.dump().c_str());
  return 0;
}

} // namespace dbengine::bench
