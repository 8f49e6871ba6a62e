// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "settings.hpp"

#include <dbengine/process.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace dbengine::bench {

namespace {

constexpr const char* help_text = R"(
  --seconds S        of each subject in each round (1)
  --rounds N         paired rounds (5; fewer is no measurement)
  --only NAME        workloads whose name contains NAME; may be repeated
  --skip SUBJECT     leave out engine or sqlitecpp; may be repeated
  --json FILE        write the result as JSON
  --dir DIR          where the databases are made (.)
  --memstatus on|off SQLite's memory statistics, for the whole process (off)
  --mmap BYTES       mmap_size of engine and raw alike (the engine's default)
  --raw-serialized   raw connections with SQLite's own mutexes (without: NOMUTEX)
  --list             name the workloads
)";

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "%s (see --help)\n", why.c_str());
  std::exit(2);
}

double number(const std::string& text, const std::string& option) {
  char* end = nullptr;
  const double x = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(x >= 0))
    refuse(option + ": '" + text + "' is not a number from 0 up");
  return x;
}

bool contains_any(const std::vector<std::string>& parts, const std::string& text) {
  for (const auto& part : parts)
    if (text.find(part) != std::string::npos)
      return true;
  return false;
}

} // namespace

bool settings::selected(const std::string& workload) const {
  return only.empty() || contains_any(only, workload);
}

bool settings::skipped(const std::string& subject) const {
  return contains_any(skip, subject);
}

settings parse_settings(int argc, char** argv, const char* about) {
  settings s;
  std::vector<std::string> args(argv + 1, argv + argc);
  for (std::size_t i = 0; i < args.size(); ++i) {
    auto name = args[i];
    std::string inline_value;
    const auto equals = name.find('=');
    if (equals != std::string::npos) {
      inline_value = name.substr(equals + 1);
      name.resize(equals);
    }
    const auto value = [&] {
      if (equals != std::string::npos)
        return inline_value;
      if (++i == args.size())
        refuse(name + " needs a value");
      return args[i];
    };
    if (name == "--seconds")
      s.seconds = number(value(), name);
    else if (name == "--rounds")
      s.rounds = static_cast<std::size_t>(number(value(), name));
    else if (name == "--only")
      s.only.push_back(value());
    else if (name == "--skip")
      s.skip.push_back(value());
    else if (name == "--json")
      s.json = value();
    else if (name == "--dir")
      s.directory = value();
    else if (name == "--mmap")
      s.mmap_size = static_cast<long long>(number(value(), name));
    else if (name == "--memstatus") {
      const auto text = value();
      if (text != "on" && text != "off")
        refuse("--memstatus: on or off, not '" + text + "'");
      s.memstatus = text == "on";
    } else if (name == "--raw-serialized")
      s.raw_serialized = true;
    else if (name == "--list")
      s.list = true;
    else if (name == "--help" || name == "-h") {
      std::printf("%s\n%s", about, help_text);
      std::exit(0);
    } else
      refuse("unknown option " + name);
  }
  if (s.seconds <= 0 || s.rounds == 0)
    refuse("--seconds and --rounds must be more than 0");
  return s;
}

void apply_process_settings(const settings& s) {
  if (!s.memstatus && !disable_memory_statistics())
    throw std::runtime_error("SQLite was already in use: MEMSTATUS can no longer be switched off");
}

nlohmann::json to_json(const settings& s) {
  return {{"seconds", s.seconds},
          {"rounds", s.rounds},
          {"memstatus", s.memstatus},
          {"mmap_size", s.mmap_size},
          {"raw_serialized", s.raw_serialized}};
}

void write_json(const std::filesystem::path& file, const nlohmann::json& document) {
  if (file.has_parent_path())
    std::filesystem::create_directories(file.parent_path());
  auto partial = file;
  partial += ".partial";
  {
    std::ofstream out(partial);
    out << document.dump(2) << '\n';
    out.flush();
    if (!out)
      throw std::runtime_error("cannot write " + partial.string());
  }
  std::filesystem::rename(partial, file);
}

} // namespace dbengine::bench
