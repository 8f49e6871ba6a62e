// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/exit_code.hpp"
#include "cli/help.hpp"

namespace dbengine::app {

namespace {

// A command in the form that the scripts use: its path ("backup list"), its words and its options.
struct node {
  std::string path;
  const command* at;
};

void walk(const command& c, const std::string& path, std::vector<node>& out) {
  out.push_back({path, &c});
  for (const auto& sub : c.commands)
    if (!sub.hidden)
      walk(sub, path.empty() ? sub.name : path + " " + sub.name, out);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& w : words)
    out += (out.empty() ? "" : " ") + w;
  return out;
}

std::vector<std::string> words_of(const command& tree, const command& c) {
  std::vector<std::string> words;
  for (const auto& sub : c.commands)
    if (!sub.hidden)
      words.push_back(sub.name);
  if (&c != &tree)
    for (const auto& o : c.options)
      for (const auto& n : o.all_names())
        words.push_back(n);
  for (const auto& o : global_options(tree))
    for (const auto& n : o.all_names())
      words.push_back(n);
  for (const auto& p : c.positionals)
    words.insert(words.end(), p.choices.begin(), p.choices.end());
  return words;
}

bool takes_files(const command& c) {
  for (const auto& p : c.positionals)
    if (p.what == value_kind::file || p.what == value_kind::folder)
      return true;
  return false;
}

// Text inside single quotes, valid in any shell.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return "'" + out + "'";
}

// The bash line that turns the lines printed by a command into candidates.
std::string into(const std::string& command) {
  return "mapfile -t COMPREPLY < <(" + command + ")";
}

// 'query:-o'|'query:--output'
std::string patterns_of(const option_spec& o, const std::string& path) {
  std::string patterns;
  for (const auto& n : o.all_names())
    patterns += (patterns.empty() ? "" : "|") + quoted(path + ":" + n);
  return patterns;
}

std::string value_cases(const command& c, const std::string& path) {
  std::string out;
  for (const auto& o : c.options) {
    if (o.what == value_kind::nothing)
      continue;
    const std::string reply = !o.choices.empty()
                                  ? "compgen -W " + quoted(joined(o.choices)) + " -- \"$word\""
                              : o.what == value_kind::file   ? "compgen -f -- \"$word\""
                              : o.what == value_kind::folder ? "compgen -d -- \"$word\""
                                                             : "true";
    out += "    " + patterns_of(o, path) + ") " + into(reply) + "; return ;;\n";
  }
  return out;
}

std::string bash(const command& tree) {
  std::vector<node> nodes;
  walk(tree, "", nodes);
  std::string commands, words, values;
  for (const auto& n : nodes) {
    if (!n.path.empty())
      commands += (commands.empty() ? "" : "|") + quoted(n.path);
    words += "    " + quoted(n.path) + ") words=" + quoted(joined(words_of(tree, *n.at))) +
             (takes_files(*n.at) ? "; files=1" : "") + " ;;\n";
    values += value_cases(*n.at, n.path);
    if (n.at != &tree)
      values += value_cases({.name = "", .summary = "", .options = tree.options}, n.path);
  }
  return "# bash completion for dbengine; made by 'dbengine completion bash'.\n"
         "_dbengine() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path='' next='' words='' files='' i\n"
         "  COMPREPLY=()\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    next=${path:+$path }${COMP_WORDS[i]}\n"
         "    case $next in\n"
         "    " +
         commands +
         ") path=$next ;;\n"
         "    esac\n"
         "  done\n"
         "  case $path:$previous in\n" +
         values +
         "  esac\n"
         "  case $path in\n" +
         words +
         "  esac\n"
         "  " +
         into(
             "compgen -W \"$words\" -- \"$word\"; [[ $files && $word != -* ]] && compgen -f -- \"$word\"") +
         "\n}\n"
         "complete -o filenames -F _dbengine dbengine\n";
}

// 'name:what it does', as zsh describes a candidate.
std::string described_word(const std::string& name, const std::string& what) {
  std::string out;
  for (const char c : name)
    out += c == ':' ? std::string("\\:") : std::string(1, c);
  return quoted(out + ":" + what);
}

std::string zsh_values(const std::vector<option_spec>& options, const std::string& path) {
  std::string out;
  for (const auto& o : options)
    if (o.what != value_kind::nothing)
      out += "    " + patterns_of(o, path) + ") " +
             (!o.choices.empty()             ? "compadd -- " + joined(o.choices)
              : o.what == value_kind::file   ? "_files"
              : o.what == value_kind::folder ? "_files -/"
                                             : "_message " + quoted(o.value)) +
             "; return ;;\n";
  return out;
}

std::string zsh(const command& tree) {
  std::vector<node> nodes;
  walk(tree, "", nodes);
  std::string commands, words, values;
  for (const auto& n : nodes) {
    if (!n.path.empty())
      commands += (commands.empty() ? "" : "|") + quoted(n.path);
    words += "    " + quoted(n.path) + ")\n      commands=(";
    for (const auto& sub : n.at->commands)
      if (!sub.hidden)
        words += " " + described_word(sub.name, sub.summary);
    for (const auto& p : n.at->positionals)
      for (const auto& choice : p.choices)
        words += " " + quoted(choice);
    words += " )\n      options=(";
    const auto describe = [&](const std::vector<option_spec>& options) {
      for (const auto& o : options)
        for (const auto& name : o.all_names())
          words += " " + described_word(name, o.help);
    };
    describe(n.at->options);
    if (n.at != &tree)
      describe(tree.options);
    words += " '-h:show the help' '--help:show the help' )\n      files=" +
             std::string(takes_files(*n.at) ? "1" : "") + " ;;\n";
    values += zsh_values(n.at->options, n.path);
    if (n.at != &tree)
      values += zsh_values(tree.options, n.path);
  }
  return "#compdef dbengine\n# zsh completion for dbengine; made by 'dbengine completion zsh'.\n"
         "_dbengine() {\n"
         "  local at='' next='' files='' i\n"
         "  local -a commands options\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n"
         "    next=${at:+$at }${words[i]}\n"
         "    case $next in\n"
         "    " +
         commands +
         ") at=$next ;;\n"
         "    esac\n"
         "  done\n"
         "  case $at:${words[CURRENT-1]} in\n" +
         values +
         "  esac\n"
         "  case $at in\n" +
         words +
         "  esac\n"
         "  if [[ ${words[CURRENT]} == -* ]]; then\n"
         "    _describe -o option options\n"
         "    return\n"
         "  fi\n"
         "  [[ -n $files ]] && _files\n"
         "  (( $#commands )) && _describe command commands\n"
         "}\n"
         "if [[ ${funcstack[1]} == _dbengine ]]; then\n"
         "  _dbengine \"$@\"\n"
         "else\n"
         "  compdef _dbengine dbengine\n"
         "fi\n";
}

std::string fish(const command& tree) {
  std::vector<node> nodes;
  walk(tree, "", nodes);
  std::string out = "# fish completion for dbengine; made by 'dbengine completion fish'.\n"
                    "function __dbengine_at\n"
                    "  set -l at\n"
                    "  for word in (commandline -opc)[2..]\n"
                    "    set -l next (string join -- ' ' $at $word)\n"
                    "    contains -- \"$next\" $__dbengine_commands; and set at $next\n"
                    "  end\n"
                    "  test \"$at\" = \"$argv[1]\"\n"
                    "end\n"
                    "set -g __dbengine_commands";
  for (const auto& n : nodes)
    if (!n.path.empty())
      out += " " + quoted(n.path);
  out += "\n";
  for (const auto& n : nodes) {
    const std::string head = "complete -c dbengine -n " + quoted("__dbengine_at " + quoted(n.path));
    for (const auto& sub : n.at->commands)
      if (!sub.hidden)
        out += head + " -f -a " + sub.name + " -d " + quoted(sub.summary) + "\n";
    for (const auto& p : n.at->positionals)
      if (!p.choices.empty())
        out += head + " -f -a " + quoted(joined(p.choices)) + "\n";
    for (const auto& o : n.at == &tree ? global_options(tree) : n.at->options) {
      out += n.at == &tree ? std::string("complete -c dbengine") : head;
      for (const auto& name : o.all_names())
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!o.choices.empty())
        out += " -x -a " + quoted(joined(o.choices));
      else if (o.what != value_kind::nothing)
        out += o.what == value_kind::file || o.what == value_kind::folder ? " -r" : " -x";
      out += " -d " + quoted(o.help) + "\n";
    }
  }
  return out;
}

} // namespace

std::string completion_script(const command& tree, const std::string& shell) {
  if (shell == "bash")
    return bash(tree);
  if (shell == "zsh")
    return zsh(tree);
  if (shell == "fish")
    return fish(tree);
  throw usage_error("completion: no completion for '" + shell + "'");
}

} // namespace dbengine::app
