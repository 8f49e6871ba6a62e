// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// backup now|list|verify|prune and restore.

#include <dbengine/backup.hpp>

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "commands/commands.hpp"
#include "output/output_stream.hpp"
#include "ui/progress.hpp"
#include "ui/table.hpp"
#include "ui/text.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <future>
#include <limits>
#include <system_error>

namespace dbengine::app {

namespace {

std::string utc(wall_time t) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(t);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> buffer{};
  std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return buffer.data();
}

void check_folder(const context& c) {
  if (!c.connect.empty() && c.args.has("dir"))
    throw usage_error("--dir: with --connect the server chooses the folder of its backups");
}

progress_callback drawn_by(ui::progress& bar, const context& c) {
  return [&bar, cancel = c.cancel](const backup_progress& p) {
    bar.set(p.pages_done, p.pages_total);
    return !cancel.stop_requested();
  };
}

// Makes a backup in the engine's folder, with a progress bar on an interactive terminal.
bool backup_with_progress(const DbEngine& engine, const request_view& db, const context& c) {
  if (!c.err.interactive)
    return db.request_backup();
  ui::progress bar(c.err, "backing up", 0);
  auto made = std::async(std::launch::async, [&] { return db.request_backup(); });
  while (made.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready)
    if (const auto running = engine.get_backup_info().running)
      bar.set(running->pages_done, running->pages_total);
  bar.finish();
  return made.get();
}

int run_now(context& c) {
  check_folder(c);
  // The configuration says how many backups are kept. Without it, the default must not remove
  // backups that another process keeps.
  if (c.config.file.empty())
    c.config.engine.backup_cleanup_enabled = false;
  // Read-only, so that it works beside an engine that has the file open.
  const DbEngine engine = open_engine(c, opening::read_only);
  const request_view db = requests(engine, c);
  if (const auto file = c.args.text("FILE")) {
    ui::progress bar(c.err, "backing up", 0);
    db.backup_to(*file, drawn_by(bar, c));
    bar.finish();
    c.note("backed up to " + *file);
    return 0;
  }
  if (!backup_with_progress(engine, db, c))
    throw dbengine::error(errc::busy, "a backup is running already");
  // If a file with a later name is not a verified backup of this database, it is not the one that
  // was made.
  const auto files = engine.get_backup_info().backup_files;
  const auto made = std::ranges::find_if(files, &backup_file::verified);
  if (made != files.end())
    c.note("backed up to " + made->path.string());
  return 0;
}

// Backups are needed most if the database is lost; then it cannot be opened.
backup_info known_backups(const context& c) {
  const auto path = database_path(c);
  std::error_code ignored;
  const auto folder = folder_of_backups(c);
  if (!c.connect.empty() || path.empty() || std::filesystem::exists(path, ignored) ||
      !std::filesystem::exists(folder, ignored))
    return open_engine(c, opening::read_only).get_backup_info();
  backup_info info;
  info.backup_files = prune_backups(folder, c.args.text_or("DB", ""), {}, true).kept;
  if (info.backup_files.empty()) // the database does not exist and has no backups
    (void)open_engine(c, opening::read_only);
  return info;
}

int run_list(context& c) {
  check_folder(c);
  const auto info = known_backups(c);
  // The folder as the user wrote it; a server's folder is on another machine.
  const auto folder = c.connect.empty() ? folder_of_backups(c) : info.directory;
  if (info.backup_files.empty() && !info.last_error.empty())
    throw dbengine::error(errc::backup_failed,
                          "no backups in " + folder.string() + ": " + info.last_error);
  if (info.backup_files.empty()) {
    c.note("no backups in " + folder.string());
    return 0;
  }
  ui::table table({{"backup"}, {"time (UTC)"}, {"size", ui::align::right}, {"verified"}});
  for (const auto& f : info.backup_files)
    table.add({ui::visible(f.filename), utc(f.time), ui::bytes_text(f.size_bytes),
               f.verified ? "yes" : "no"});
  output_stream standard(stdout);
  standard.write_styled(table.text(c.out));
  standard.finish();
  return 0;
}

int run_prune(context& c) {
  check_folder(c);
  if (const auto keep = c.args.number("keep", 1)) {
    if (*keep > std::numeric_limits<int>::max())
      throw usage_error("--keep: '" + *c.args.text("keep") + "' is too many");
    c.config.engine.backup_cleanup_keep_count = static_cast<int>(*keep);
  }
  if (database_path(c).empty())
    throw usage_error("backup prune: a database in a file is needed");
  const bool dry_run = c.args.has("dry-run");
  const auto& o = c.config.engine;
  const auto folder = folder_of_backups(c);
  const auto report = prune_backups(
      folder, c.args.text_or("DB", ""),
      {o.backup_cleanup_keep_count, o.backup_cleanup_max_age, o.backup_cleanup_max_bytes}, dry_run);
  if (report.skipped)
    throw dbengine::error(errc::busy,
                          "a backup is being made in " + folder.string() + "; nothing was removed");
  output_stream standard(stdout);
  for (const auto& f : report.removed)
    standard.write(f.path.string() + "\n");
  standard.finish();
  std::uint64_t bytes = 0;
  for (const auto& f : report.removed)
    bytes += f.size_bytes;
  c.note(ui::grouped(report.removed.size()) + (dry_run ? " would be removed (" : " removed (") +
         ui::bytes_text(bytes) + "), " + ui::grouped(report.kept.size()) + " kept" +
         (report.in_use.empty() ? "" : ", " + ui::grouped(report.in_use.size()) + " in use"));
  return 0;
}

int run_verify(context& c) {
  needs_files(c, "backup verify");
  bool good = true;
  output_stream standard(stdout);
  for (const auto& file : c.args.all("FILE")) {
    ui::progress bar(c.err, "verifying", 0);
    const auto found = verify_backup(file, drawn_by(bar, c));
    bar.finish();
    if (c.cancel.stop_requested())
      throw dbengine::error(errc::cancelled, "interrupted");
    good = good && found.ok;
    standard.write(file + ": " + (found.ok ? "ok" : "BAD") +
                   (found.ok
                        ? ", " + ui::grouped(found.pages) + (found.pages == 1 ? " page" : " pages")
                        : std::string()) +
                   (found.has_manifest ? "" : ", no manifest") + "\n");
    for (const auto& p : found.problems)
      standard.write("  " + ui::visible(p) + "\n");
  }
  standard.finish();
  return static_cast<int>(good ? exit_code::ok : exit_code::check_failed);
}

int run_restore(context& c) {
  needs_files(c, "restore");
  const std::string target = c.args.text_or("DB", "");
  ui::progress bar(c.err, "restoring", 0);
  restore_backup(c.args.text_or("FILE", ""), target, c.args.has("force"), drawn_by(bar, c));
  bar.finish();
  c.note("restored " + target);
  return 0;
}

option_spec folder_option() {
  return {.names = "--dir",
          .what = value_kind::folder,
          .value = "DIR",
          .help = "the backup folder",
          .fallback = "that of the configuration, else ./backups"};
}

} // namespace

command backup_command(bool remote) {
  command now{.name = "now", .summary = "make a verified backup"};
  now.description =
      "Copies the database while it is in use, verifies the copy and renames it to its final "
      "name. Without FILE the backup is written to the backup folder. If there is a "
      "configuration, old backups are then removed by its rules.";
  now.positionals = {{.name = "FILE",
                      .what = value_kind::file,
                      .help = "write it here; an existing file is never replaced",
                      .required = false}};
  now.options = {folder_option(), timeout_option()};
  now.run = run_now;
  command list{.name = "list", .summary = "list the backups of a database, newest first"};
  list.options = {folder_option()};
  list.run = run_list;
  command prune{.name = "prune", .summary = "remove old backups of a database"};
  prune.description =
      "Removes the backups that exceed the configuration's limits: cleanup_keep_count, "
      "cleanup_max_age and cleanup_max_bytes. Never removes the newest verified backup, a "
      "backup that is being read, or one of another database. Writes the names of the removed "
      "files; with --dry-run, of those that would be removed.";
  prune.options = {folder_option(),
                   {.names = "--keep",
                    .what = value_kind::number,
                    .value = "N",
                    .help = "the number of backups to keep",
                    .fallback = "that of the configuration, else 10"},
                   {.names = "--dry-run", .help = "remove nothing"}};
  prune.examples = {"backup prune app.db --keep 3 --dry-run"};
  prune.run = run_prune;
  command verify{.name = "verify", .summary = "check backups; the exit code is 7 if one is bad"};
  verify.positionals = {
      {.name = "FILE", .what = value_kind::file, .help = "the backup files", .repeatable = true}};
  verify.run = run_verify;
  command c{.name = "backup", .summary = "make, list, verify and prune backups"};
  c.commands = {with_database(std::move(now), remote), with_database(std::move(list), remote),
                std::move(verify)};
  if (!remote) // works on the folder itself
    c.commands.push_back(with_database(std::move(prune), remote));
  return c;
}

command restore_command() {
  command c{.name = "restore", .summary = "replace a database with a backup"};
  c.description =
      "Verifies the backup first. The old file is kept until the new one has opened; after a "
      "failure nothing is changed.";
  c.positionals = {
      {.name = "FILE", .what = value_kind::file, .help = "the backup"},
      {.name = "DB", .what = value_kind::file, .help = "the database to create or replace"}};
  c.options = {{.names = "--force", .help = "replace an existing database"}};
  c.examples = {"restore backups/backup_20260101_120000.sqlite app.db --force"};
  c.run = run_restore;
  return c;
}

} // namespace dbengine::app
