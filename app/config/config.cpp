// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "config/config.hpp"

#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "config/keys.hpp"
#include "data/input/text_file.hpp"

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

namespace dbengine::app {

namespace {

class reader {
public:
  explicit reader(config& c) : config_(c) {}

  void read(const toml::table& root) {
    std::vector<std::string> sections;
    for (const auto& k : keys())
      if (sections.empty() || sections.back() != k.section)
        sections.emplace_back(k.section);
    sections.emplace_back("databases");
    for (const auto& [name, node] : root) {
      const std::string section(name.str());
      if (std::find(sections.begin(), sections.end(), section) == sections.end())
        complain(name.source(),
                 "unknown section or key '" + section + "'" + did_you_mean(section, sections));
      else if (const auto* table = node.as_table(); table != nullptr && section == "databases")
        read_databases(*table);
      else if (table != nullptr)
        read_section(section, *table);
      else
        complain(node.source(), "'" + section + "' must be a section: [" + section + "]");
    }
    check_ports(root);
  }

  // Ordered by line and column: the parser returns its tables in the order of their names.
  std::multimap<std::pair<std::uint32_t, std::uint32_t>, std::string> problems;

private:
  void read_section(const std::string& section, const toml::table& table) {
    std::vector<std::string> known;
    for (const auto& k : keys())
      if (section == k.section)
        known.emplace_back(k.name);
    for (const auto& [name, node] : table) {
      const std::string key(name.str());
      const auto found = std::find_if(keys().begin(), keys().end(), [&](const key_spec& k) {
        return section == k.section && key == k.name;
      });
      if (found == keys().end())
        complain(name.source(),
                 "unknown key '" + section + "." + key + "'" + did_you_mean(key, known));
      else if (const auto wrong = found->set(config_, node); !wrong.empty())
        complain(node.source(), "'" + section + "." + key + "' " + wrong);
    }
  }

  // Name = path, in the order of the file.
  void read_databases(const toml::table& table) {
    std::vector<std::pair<toml::source_position, served_config>> found;
    for (const auto& [name, node] : table) {
      const auto url = node.value_exact<std::string>();
      if (!url || url->empty())
        complain(node.source(), "'databases." + std::string(name.str()) +
                                    "' must be the path or sqlite:// URL of a database");
      else
        found.push_back({name.source().begin, {std::string(name.str()), *url}});
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [at, database] : found)
      config_.databases.push_back(std::move(database));
  }

  // If the command line names databases, it may need fewer ports than the file has: the server
  // checks that.
  void check_ports(const toml::table& all) {
    const auto ports = config_.serve.listen.size(), databases = config_.databases.size();
    if (ports > 0 && databases > 0 && ports != databases)
      complain(all["serve"]["listen"].node()->source(),
               "'serve.listen' has " + std::to_string(ports) +
                   (ports == 1 ? " address for " : " addresses for ") + std::to_string(databases) +
                   (databases == 1 ? " database" : " databases") +
                   ": one for each is needed, in their order");
  }

  void complain(const toml::source_region& where, const std::string& what) {
    problems.emplace(std::pair(where.begin.line, where.begin.column), what);
  }

  config& config_;
};

std::string content_of(const std::filesystem::path& file) {
  try {
    return read_text(file.string());
  } catch (const data_error& e) {
    throw config_error(e.what());
  }
}

// A common key for two spellings of the same file; a URI or a memory database stays as written.
std::string place_of(const std::string& url) {
  static constexpr std::string_view scheme = "sqlite://";
  auto path = url.substr(0, url.find('?'));
  if (path.starts_with(scheme))
    path.erase(0, scheme.size() + (path.substr(scheme.size()).starts_with('/') ? 1 : 0));
  if (path.empty() || path.starts_with(':') || path.starts_with("file:"))
    return url;
  std::error_code failed;
  auto real = std::filesystem::absolute(path, failed);
  if (!failed)
    real = std::filesystem::weakly_canonical(real, failed);
  return failed ? path : real.string();
}

} // namespace

std::filesystem::path backup_folder(const config& c, const std::string& url) {
  if (c.databases.size() > 1)
    for (const auto& d : c.databases)
      if (place_of(d.url) == place_of(url))
        return c.engine.backup_dir / d.name;
  return c.engine.backup_dir;
}

config parse_config(const std::string& text, const std::filesystem::path& file) {
  config c;
  c.file = file;
  reader r(c);
  try {
    r.read(toml::parse(text, file.string()));
  } catch (const toml::parse_error& e) {
    const auto& at = e.source().begin;
    throw config_error(file.string() + ":" + std::to_string(at.line) + ":" +
                       std::to_string(at.column) + ": " + std::string(e.description()));
  }
  std::string all;
  for (const auto& [at, what] : r.problems)
    all += (all.empty() ? "" : "\n") + file.string() + ":" + std::to_string(at.first) + ":" +
           std::to_string(at.second) + ": " + what;
  if (!all.empty())
    throw config_error(all);
  return c;
}

config read_config(const std::filesystem::path& file) {
  return parse_config(content_of(file), file);
}

std::string to_toml(const config& c) {
  std::string out;
  std::string section;
  for (const auto& k : keys()) {
    if (section != k.section) {
      section = k.section;
      out += (out.empty() ? "[" : "\n[") + section + "]\n";
    }
    out += std::string(k.name) + " = " + k.show(c) + "\n";
  }
  if (!c.databases.empty())
    out += "\n[databases]\n";
  for (const auto& d : c.databases)
    out += toml_string(d.name) + " = " + toml_string(d.url) + "\n";
  return out;
}

std::vector<std::string> differing_keys(const config& a, const config& b) {
  std::vector<std::string> found;
  for (const auto& k : keys())
    if (k.show(a) != k.show(b))
      found.push_back(std::string(k.section) + "." + k.name);
  if (a.databases != b.databases)
    found.emplace_back("databases");
  return found;
}

} // namespace dbengine::app
