// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The command tree as data: parsing, --help, the man page and shell completion are all made from it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::app {

struct context;

/// What a value is, for shell completion and checks.
enum class takes { nothing, text, number, duration, file, folder, choice };

/// `-o,--output FORMAT`.
struct option_spec {
  /// Comma-separated: "-o,--output". The first long one is its key in `arguments`.
  std::string names;
  takes what = takes::nothing;
  /// The name of the value in help: "FORMAT".
  std::string value = {};
  std::string help = {};
  std::vector<std::string> choices = {};
  /// Shown in help; applied by the command.
  std::string fallback = {};
  bool repeatable = false;
  bool required = false;
  /// One mention may have several values: `--tests single bulk`.
  bool several = false;

  std::vector<std::string> all_names() const;
  /// The first long name without dashes.
  std::string key() const;
};

/// An argument without dashes. Its name is its key in `arguments`.
struct positional_spec {
  std::string name;
  takes what = takes::text;
  std::string help = {};
  std::vector<std::string> choices = {};
  bool required = true;
  bool repeatable = false;
};

/// What was given, by key.
class arguments {
public:
  void add(const std::string& key, std::string value) { values_[key].push_back(std::move(value)); }
  bool has(const std::string& key) const { return values_.contains(key); }
  /// The last value given.
  std::optional<std::string> text(const std::string& key) const;
  std::string text_or(const std::string& key, std::string_view fallback) const;
  /// A whole number of at least `least`; throws `usage_error` naming the option.
  std::optional<std::uint64_t> number(const std::string& key, std::uint64_t least = 0) const;
  const std::vector<std::string>& all(const std::string& key) const;

private:
  std::map<std::string, std::vector<std::string>> values_;
};

struct command {
  std::string name;
  /// One line, without a full stop.
  std::string summary;
  /// Paragraphs for --help and the man page.
  std::string description = {};
  std::vector<positional_spec> positionals = {};
  /// How the usage line shows the positionals, where their list does not tell: "DB (-t TABLE | SQL) FILE".
  std::string shape = {};
  std::vector<option_spec> options = {};
  std::vector<command> commands = {};
  /// Command lines that work, without the program's name.
  std::vector<std::string> examples = {};
  /// Returns the exit code; throws what `main` reports.
  std::function<int(context&)> run = {};
  bool hidden = false;

  const command* find(std::string_view subcommand) const noexcept;
};

/// The whole program. With `remote` the commands take no database: `--connect` names it.
command make_tree(bool remote);

/// The candidate closest to a mistyped word, nothing where none is near.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

/// "; did you mean 'x'?" or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

} // namespace dbengine::app
