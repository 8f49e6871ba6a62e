// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The command tree as data. Parsing, --help, the man page and shell completion are derived from it.
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

/// The type of an option's value, for shell completion and checks.
enum class value_kind { nothing, text, number, duration, file, folder, choice };

/// An option such as `-o,--output FORMAT`.
struct option_spec {
  /// Comma-separated: "-o,--output". The first long name is the key in `arguments`.
  std::string names;
  value_kind what = value_kind::nothing;
  /// The name of the value in help: "FORMAT".
  std::string value = {};
  std::string help = {};
  std::vector<std::string> choices = {};
  /// The default as help shows it. The command applies it.
  std::string fallback = {};
  bool repeatable = false;
  bool required = false;
  /// One occurrence accepts several values: `--tests single bulk`.
  bool several = false;

  std::vector<std::string> all_names() const;
  /// The first long name without dashes.
  std::string key() const;
};

/// A positional argument. Its name is its key in `arguments`.
struct positional_spec {
  std::string name;
  value_kind what = value_kind::text;
  std::string help = {};
  std::vector<std::string> choices = {};
  bool required = true;
  bool repeatable = false;
};

/// The arguments given, by key.
class arguments {
public:
  void add(const std::string& key, std::string value) { values_[key].push_back(std::move(value)); }
  bool has(const std::string& key) const { return values_.contains(key); }
  /// The last value given.
  std::optional<std::string> text(const std::string& key) const;
  std::string text_or(const std::string& key, std::string_view fallback) const;
  /// An integer of at least `least`.
  /// Errors: `usage_error`, which names the option.
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
  /// The positional arguments in the usage line, if the list of them does not show it: "DB (-t
  /// TABLE | SQL) FILE".
  std::string shape = {};
  std::vector<option_spec> options = {};
  std::vector<command> commands = {};
  /// Command lines that work, without the program's name.
  std::vector<std::string> examples = {};
  /// Runs the command and returns the exit code; `main` reports its exceptions.
  std::function<int(context&)> run = {};
  bool hidden = false;

  const command* find(std::string_view subcommand) const noexcept;
};

/// The command tree of the program. With `remote` the commands have no database argument:
/// `--connect` names the server.
command make_tree(bool remote);

/// The candidate most similar to a mistyped word; empty if none is similar.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

/// "; did you mean 'x'?", or an empty text.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

} // namespace dbengine::app
