// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/parse.hpp"

#include "cli/exit_code.hpp"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>

namespace dbengine::app {

namespace {

bool has_option_form(const std::string& word) {
  return word.size() > 1 && word[0] == '-';
}

// "--output" of "--output=csv", "-o" of "-ocsv".
std::string option_name(const std::string& word) {
  return word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
}

const option_spec* find_option(const command& c, std::string_view name) {
  for (const auto& o : c.options)
    for (const auto& n : o.all_names())
      if (n == name)
        return &o;
  return nullptr;
}

// Follows the words down the command tree. Finds the command, and the first word that is not one.
struct walk {
  std::vector<const command*> path;
  std::string stray;   // a word in place of a command
  std::string unknown; // an unknown option before it: the word may be its value

  walk(const command& tree, const std::vector<std::string>& words) {
    const command* at = &tree;
    for (std::size_t i = 0; i < words.size() && !at->commands.empty(); ++i) {
      const auto& word = words[i];
      if (has_option_form(word)) {
        const auto* option = find_option(tree, word);
        if (option != nullptr && option->what != value_kind::nothing)
          ++i; // skips its value
        else if (const auto name = option_name(word); unknown.empty() &&
                                                      find_option(tree, name) == nullptr &&
                                                      name != "-h" && name != "--help")
          unknown = name;
        continue;
      }
      const auto* next = at->find(word);
      if (next == nullptr) {
        stray = word;
        return;
      }
      path.push_back(next);
      at = next;
    }
  }
};

std::vector<std::string> names_of(const std::vector<command>& commands) {
  std::vector<std::string> names;
  for (const auto& c : commands)
    if (!c.hidden)
      names.push_back(c.name);
  return names;
}

void check_choice(const std::string& shown, const std::vector<std::string>& choices,
                  const std::string& given) {
  if (choices.empty() || std::find(choices.begin(), choices.end(), given) != choices.end())
    return;
  std::string list;
  for (const auto& c : choices)
    list += (list.empty() ? "" : ", ") + c;
  throw usage_error(shown + ": '" + given + "' is not one of " + list +
                    did_you_mean(given, choices));
}

// Builds CLI11's command tree and reads its results.
class builder {
public:
  explicit builder(const command& tree) : app_(tree.description, tree.name) {
    app_.set_help_flag();
    build(app_, tree);
  }

  void run(std::vector<std::string> words) {
    give_empty_values(words);
    std::reverse(words.begin(), words.end()); // CLI11 removes words from the back
    app_.parse(std::move(words));
  }

  void collect(arguments& args) const {
    for (const auto& [option, spec] : options_)
      if (option->count() > 0) {
        if (spec->what == value_kind::nothing)
          args.add(spec->key(), "true");
        else
          for (const auto& value : option->results()) {
            check_choice(spec->all_names().back(), spec->choices, value);
            args.add(spec->key(), value);
          }
      }
    for (const auto& [option, spec] : positionals_)
      for (const auto& value : option->results()) {
        check_choice(spec->name, spec->choices, value);
        args.add(spec->name, value);
      }
  }

private:
  // If the value of `--name=` is empty, CLI11 uses the next word as the value.
  void give_empty_values(std::vector<std::string>& words) const {
    for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
      const auto name = option_name(words[i]);
      if (!words[i].starts_with("--") || words[i] != name + "=")
        continue;
      const bool takes_one = std::any_of(options_.begin(), options_.end(), [&](const auto& o) {
        const auto names = o.second->all_names();
        return o.second->what != value_kind::nothing &&
               std::find(names.begin(), names.end(), name) != names.end();
      });
      if (!takes_one)
        continue;
      words[i] = name;
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(++i), std::string());
    }
  }

  void build(CLI::App& app, const command& c) {
    for (const auto& o : c.options) {
      auto* option =
          o.what == value_kind::nothing ? app.add_flag(o.names) : app.add_option(o.names);
      if (o.what != value_kind::nothing) {
        if (o.several)
          option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(true);
        else
          option->expected(1)->allow_extra_args(false);
        option->multi_option_policy(o.repeatable ? CLI::MultiOptionPolicy::TakeAll
                                                 : CLI::MultiOptionPolicy::TakeLast);
      } else {
        option->disable_flag_override();
      }
      option->required(o.required);
      options_.emplace_back(option, &o);
    }
    for (const auto& p : c.positionals) {
      auto* option = app.add_option(p.name);
      if (p.repeatable)
        option->expected(-1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      else
        option->expected(1)->allow_extra_args(false);
      option->required(p.required);
      positionals_.emplace_back(option, &p);
    }
    for (const auto& sub : c.commands) {
      auto* child = app.add_subcommand(sub.name, sub.summary);
      child->fallthrough();
      build(*child, sub);
    }
    if (!c.commands.empty())
      app.require_subcommand(1);
  }

  CLI::App app_;
  std::vector<std::pair<CLI::Option*, const option_spec*>> options_;
  std::vector<std::pair<CLI::Option*, const positional_spec*>> positionals_;
};

const option_spec* find_option(const command& tree, const command& c, std::string_view name) {
  const auto* found = find_option(c, name);
  return found != nullptr ? found : find_option(tree, name);
}

// The problem of the first option that is unknown or lacks its value; empty if there is none.
std::string wrong_option(const command& tree, const command& c,
                         const std::vector<std::string>& words,
                         const std::vector<std::string>& known) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (word == "--")
      break;
    if (!has_option_form(word))
      continue;
    const bool is_long = word.starts_with("--");
    const auto name = option_name(word);
    const auto* option = find_option(tree, c, name);
    if (option == nullptr)
      return "unknown option " + name + (is_long ? did_you_mean(name, known) : "");
    if (option->what == value_kind::nothing || name.size() < word.size())
      continue;
    if (i + 1 == words.size())
      return name + ": " + option->value + " is missing";
    ++i; // skips its value
  }
  return {};
}

std::vector<std::string> option_names(const command& tree, const command& c) {
  std::vector<std::string> names;
  for (const auto* from : {&c, &tree})
    for (const auto& o : from->options)
      for (const auto& n : o.all_names())
        if (n.starts_with("--"))
          names.push_back(n);
  return names;
}

bool asks(const std::vector<std::string>& words, std::string_view short_name,
          std::string_view long_name) {
  for (const auto& w : words) {
    if (w == "--")
      return false;
    if (w == long_name || (!short_name.empty() && w == short_name))
      return true;
  }
  return false;
}

} // namespace

std::string parsed::name() const {
  std::string text;
  for (const auto* c : path)
    text += (text.empty() ? "" : " ") + c->name;
  return text;
}

std::string command_name(const command& tree, const std::vector<std::string>& words) {
  return parsed{.path = walk(tree, words).path}.name();
}

parsed parse(const command& tree, const std::vector<std::string>& words) {
  walk where(tree, words);
  parsed result;
  result.path = where.path;
  const command& last = where.path.empty() ? tree : *where.path.back();
  if (!where.stray.empty() && !where.unknown.empty())
    throw usage_error("unknown option " + where.unknown +
                      (where.unknown.starts_with("--")
                           ? did_you_mean(where.unknown, option_names(tree, last))
                           : std::string()));
  if (!where.stray.empty())
    throw usage_error((where.path.empty() ? "" : result.name() + ": ") + "unknown command '" +
                      where.stray + "'" + did_you_mean(where.stray, names_of(last.commands)));
  if (asks(words, "-h", "--help")) {
    result.help = true;
    return result;
  }
  if (where.path.empty() && asks(words, "", "--version")) {
    result.version = true;
    return result;
  }
  const std::string prefix = where.path.empty() ? "" : result.name() + ": ";
  if (!last.commands.empty()) {
    std::string list;
    for (const auto& n : names_of(last.commands))
      list += (list.empty() ? "" : ", ") + n;
    if (const auto wrong = wrong_option(tree, last, words, option_names(tree, last));
        !wrong.empty())
      throw usage_error(prefix + wrong);
    throw usage_error(prefix + "a command is missing: one of " + list);
  }
  builder cli(tree);
  try {
    cli.run(words);
  } catch (const CLI::ExtrasError& e) {
    if (const auto wrong = wrong_option(tree, last, words, option_names(tree, last));
        !wrong.empty())
      throw usage_error(prefix + wrong);
    const std::string text = e.what(); // the text ends with ": WORD [WORD...]"
    throw usage_error(
        prefix + "too many arguments: " + text.substr(std::min(text.size(), text.find(": ") + 2)));
  } catch (const CLI::ParseError& e) {
    if (const auto wrong = wrong_option(tree, last, words, option_names(tree, last));
        !wrong.empty())
      throw usage_error(prefix + wrong);
    throw usage_error(prefix + e.what());
  }
  cli.collect(result.args);
  return result;
}

} // namespace dbengine::app
