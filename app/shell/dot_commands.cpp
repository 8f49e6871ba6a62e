// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "shell/dot_commands.hpp"

#include "cli/duration.hpp"
#include "cli/exit_code.hpp"
#include "data/dump/schema.hpp"
#include "data/import/import.hpp"
#include "data/import/input_kind.hpp"
#include "data/input/chunks.hpp"
#include "data/input/text_file.hpp"
#include "shell/shell.hpp"
#include "ui/progress.hpp"
#include "ui/text.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace dbengine::app::shell {

namespace {

using words = std::vector<std::string>;

std::string word_or(const words& w, std::size_t i, std::string_view fallback) {
  return i < w.size() ? w[i] : std::string(fallback);
}

fetch_function fetch_of(shell& s) {
  return [&s](const std::string& sql, const params& p) { return s.statements().fetch(sql, p); };
}

void tables(shell& s, const words& w) {
  for (const auto& name : table_names(fetch_of(s), word_or(w, 0, "%")))
    s.out().write(ui::visible(name) + "\n");
}

void schema(shell& s, const words& w) {
  s.out().write(
      schema_text(fetch_of(s), w.empty() ? std::nullopt : std::optional<std::string>(w[0])));
}

void mode(shell& s, const words& w) {
  const auto& known = format_names();
  if (w.empty()) {
    s.out().write(s.format() + "\n");
    return;
  }
  if (std::find(known.begin(), known.end(), w[0]) == known.end()) {
    std::string list;
    for (const auto& k : known)
      list += (list.empty() ? "" : ", ") + k;
    throw data_error(".mode: '" + w[0] + "' is not one of " + list + did_you_mean(w[0], known));
  }
  s.format() = w[0];
}

void timer(shell& s, const words& w) {
  if (w[0] != "on" && w[0] != "off")
    throw data_error(".timer: on or off");
  s.timer() = w[0] == "on";
}

// Throws unless import can get the engine's write lock.
void need_engine(shell& s, const char* command) {
  if (s.statements().in_transaction())
    throw data_error(std::string(command) +
                     ": not inside a transaction; COMMIT or ROLLBACK comes first");
  if (s.statements().has_own_connection())
    throw data_error(std::string(command) +
                     ": the session has temporary tables, attached files or its own settings; "
                     ".reset discards them");
}

void import(shell& s, const words& w) {
  need_engine(s, ".import");
  const auto& c = s.surroundings();
  import_settings settings;
  settings.table = w[1];
  file_chunks input(w[0], c.cancel);
  const auto head = input.head();
  settings.format = format_of_input(w[0], head);
  const auto db = s.statements().requests(c.cancel).with_priority(priority::background);
  ui::progress bar(c.err, "importing", input.size(), ui::unit::bytes);
  std::string bad;
  import_result result;
  import_rows(
      db, head, input.head_is_all(), input, settings,
      [&](std::uint64_t line, const std::string& why) {
        bad = w[0] + ":" + std::to_string(line) + ": " + why;
      },
      result, [&] { bar.set(input.given(), input.size()); });
  bar.finish();
  s.note(ui::grouped(result.imported) + (result.imported == 1 ? " row" : " rows") +
         " imported into " + ui::visible(settings.table) +
         (result.ignored == 0 ? "" : ", " + ui::grouped(result.ignored) + " ignored by the table"));
  if (result.stopped)
    throw data_error(bad);
}

void backup(shell& s, const words& w) {
  const auto& c = s.surroundings();
  const auto db = s.statements().requests(c.cancel);
  if (w.empty()) {
    if (!db.request_backup())
      throw dbengine::error(errc::busy, "a backup is running already");
    const auto info = db.backend().backup_info();
    s.note("backed up to " +
           (info.backup_files.empty() ? info.directory : info.backup_files.front().path).string());
    return;
  }
  ui::progress bar(c.err, "backing up", 0);
  db.backup_to(w[0], [&](const backup_progress& p) {
    bar.set(p.pages_done, p.pages_total);
    return !c.cancel.stop_requested();
  });
  bar.finish();
  s.note("backed up to " + w[0]);
}

void read(shell& s, const words& w) {
  s.run_file(read_text(w[0], s.surroundings().cancel), s.surroundings().cancel);
}

void watch(shell& s, const words& w) {
  const auto every = parse_duration(w[0]);
  if (!every || *every < std::chrono::milliseconds(100))
    throw data_error(".watch: '" + w[0] + "' is not a duration of at least 100ms");
  const auto& c = s.surroundings();
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  try {
    do {
      if (c.out.interactive)
        s.out().write_styled("\x1b[H\x1b[2J");
      s.run_sql(w[1], c.cancel);
      s.out().finish();
      wake.wait_for(lock, c.cancel, *every, [] { return false; });
    } while (!c.cancel.stop_requested());
    if (s.interactive())
      s.note(""); // after the ^C that the terminal shows
  } catch (const dbengine::error& e) {
    if (e.code() != errc::cancelled)
      throw;
  }
}

void reset(shell& s, const words&) {
  s.statements().reset();
}

void help(shell& s, const words&) {
  std::size_t width = 0;
  const auto left = [](const dot_command& d) {
    return std::string(d.name) + (*d.arguments == '\0' ? "" : " ") + d.arguments;
  };
  for (const auto& d : dot_commands())
    width = std::max(width, left(d).size());
  std::string out;
  for (const auto& d : dot_commands()) {
    const auto text = left(d);
    out += text + std::string(width + 2 - text.size(), ' ') + d.help + "\n";
  }
  out += "Everything else is SQL: a statement may span several lines and ends with a semicolon.\n";
  s.out().write(out);
}

void quit(shell& s, const words&) {
  s.quit();
}

// Splits at spaces; quotes protect spaces. The last argument of .watch is the remainder of the
// line.
words split(const std::string& line, std::size_t most) {
  words out;
  std::size_t at = 0;
  for (;;) {
    at = line.find_first_not_of(" \t", at);
    if (at == std::string::npos)
      return out;
    if (out.size() == most) {
      out.push_back(line.substr(at));
      return out;
    }
    std::string word;
    if (line[at] == '\'' || line[at] == '"') {
      const auto end = line.find(line[at], at + 1);
      if (end == std::string::npos)
        throw data_error("a quote is not closed");
      word = line.substr(at + 1, end - at - 1);
      at = end + 1;
    } else {
      const auto end = std::min(line.find_first_of(" \t", at), line.size());
      word = line.substr(at, end - at);
      at = end;
    }
    out.push_back(std::move(word));
  }
}

} // namespace

const std::vector<dot_command>& dot_commands() {
  static const std::vector<dot_command> all{
      {".backup", "[FILE]", "make a verified backup, in FILE or in the backup folder", 0, 1,
       backup},
      {".exit", "", "leave", 0, 0, quit},
      {".help", "", "show this", 0, 0, help},
      {".import", "FILE TABLE", "load CSV or JSON into a table", 2, 2, import},
      {".mode", "[FORMAT]", "show or set the format of rows: table, csv, json, jsonl, line, md", 0,
       1, mode},
      {".quit", "", "leave", 0, 0, quit},
      {".read", "FILE", "run the statements of a file", 1, 1, read},
      {".reset", "", "drop temporary tables, attached files, settings, transactions", 0, 0, reset},
      {".schema", "[TABLE]", "show the statements that created tables, views, indexes and triggers",
       0, 1, schema},
      {".tables", "[PATTERN]", "list tables and views whose names are LIKE the pattern", 0, 1,
       tables},
      {".timer", "on|off", "show the time that statements take", 1, 1, timer},
      {".watch", "TIME SQL", "run a statement repeatedly until Ctrl-C", 2, 2, watch},
  };
  return all;
}

void run_dot_command(shell& s, const std::string& line) {
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  const auto name = line.substr(0, end);
  const auto& all = dot_commands();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const dot_command& d) { return name == d.name; });
  if (found == all.end()) {
    words names;
    for (const auto& d : all)
      names.emplace_back(d.name);
    throw data_error("unknown command '" + name + "'" + did_you_mean(name, names) +
                     " (.help lists all)");
  }
  const bool rest_is_one = found->run == watch;
  const auto given = split(line.substr(end), rest_is_one ? 1 : words::size_type(-1));
  if (given.size() < found->least || given.size() > found->most)
    throw data_error("usage: " + name + " " + found->arguments);
  found->run(s, given);
}

} // namespace dbengine::app::shell
