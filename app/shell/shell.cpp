// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "shell/shell.hpp"

#include "cli/exit_code.hpp"
#include "cli/report.hpp"
#include "cli/suggest.hpp"
#include "data/statements/raw_script.hpp"
#include "shell/dot_commands.hpp"
#include "ui/text.hpp"

#include <cstdio>
#include <utility>

namespace dbengine::app::shell {

namespace {

// Marks a colour, so that Readline does not count it as columns.
std::string marked(std::string_view sequence) {
  return sequence.empty() ? std::string() : "\001" + std::string(sequence) + "\002";
}

bool blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

void write_error(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

} // namespace

shell::shell(const context& c, session& s, session_signals& signals, line_source& lines)
    : context_(c), session_(s), signals_(signals), lines_(lines), out_(stdout),
      format_(c.args.text_or("output", c.config.format)) {}

std::string shell::prompt() const {
  const bool inside = session_.in_transaction();
  const std::string text = !pending_.empty() ? "     ...> " : inside ? "dbengine*> " : "dbengine> ";
  const auto look = inside ? ui::style::yellow : ui::style::cyan;
  const auto& t = context_.err;
  return marked(ui::begin(t, look)) + text + marked(ui::end(t, look));
}

int shell::run() {
  std::string line;
  while (!quit_) {
    if (lines_.interactive())
      signals_.begin(); // discards the stop of the previous statement
    if (signals_.ended() || (!lines_.interactive() && signals_.token().stop_requested()))
      return static_cast<int>(exit_code::interrupted);
    const input got = lines_.next(prompt(), line);
    if (got == input::end)
      break;
    if (got == input::line)
      take(line);
    else if (lines_.interactive())
      take_pending();
    else
      return static_cast<int>(exit_code::interrupted);
  }
  finish();
  return 0;
}

void shell::take(const std::string& line) {
  if (pending_.empty() && line.starts_with('.')) {
    lines_.remember(line);
    perform(line);
    return;
  }
  if (pending_.empty() && blank(line))
    return;
  pending_ += (pending_.empty() ? "" : "\n") + line;
  // A dot command may follow a comment. (Only the end of a comment is searched again: a long
  // comment is not read for each of its lines.)
  if ((line.find("--") != std::string::npos || line.find("*/") != std::string::npos) &&
      has_no_statement(pending_)) {
    lines_.remember(take_pending());
    return;
  }
  const bool complete = scan_.complete_with(line);
  scan_.complete_with("\n");
  if (!complete)
    return;
  const std::string text = take_pending();
  lines_.remember(text);
  perform(text);
}

std::string shell::take_pending() {
  scan_ = {};
  return std::exchange(pending_, {});
}

void shell::perform(const std::string& text) {
  context_.cancel = signals_.token(); // a signal since the line was requested stops this at once
  const auto run = [&] {
    if (text.starts_with('.'))
      run_dot_command(*this, text);
    else
      run_sql(text, context_.cancel);
    out_.finish();
  };
  if (!lines_.interactive()) {
    run();
    return;
  }
  const auto& t = context_.err;
  try {
    run();
  } catch (const write_failure&) {
    throw; // the reader has closed the pipe
  } catch (const statement_error& e) {
    out_.finish();
    if (e.code() == errc::cancelled)
      write_error("\n"); // after the ^C that the terminal shows
    write_error(failure_text(e.info(), e.sql(), t));
  } catch (const dbengine::error& e) {
    out_.finish();
    write_error(failure_text(e.info(), {}, t));
  } catch (const std::exception& e) {
    out_.finish();
    write_error(error_line(ui::visible(e.what()), t));
  }
}

void shell::run_sql(const std::string& sql, const std::stop_token& cancel) {
  row_writer_source writers(format_, out_, context_.out);
  pointing_into(sql, session_.requests({}), [&] {
    session_.run(sql, writers, cancel, [&](const statement_report& r) {
      out_.finish();
      if (timer_ || (interactive() && context_.out.interactive))
        note(r.text());
    });
  });
}

void shell::run_file(const std::string& sql, const std::stop_token& cancel) {
  row_writer_source writers(format_, out_, context_.out);
  std::uint64_t n = 0;
  const auto start = std::chrono::steady_clock::now();
  pointing_into(sql, session_.requests({}), [&] {
    session_.run_file(sql, writers, cancel, [&](const statement_report&) { ++n; });
  });
  out_.finish();
  if (timer_ || interactive())
    note(ui::grouped(n) + (n == 1 ? " statement in " : " statements in ") +
         ui::duration_text(std::chrono::steady_clock::now() - start));
}

void shell::finish() {
  // The last statement may lack its semicolon.
  if (!lines_.interactive() && !blank(pending_))
    perform(take_pending());
  if (!session_.in_transaction())
    return;
  session_.reset();
  if (!lines_.interactive())
    throw data_error("the input ends inside a transaction; it was rolled back");
  note("the open transaction was rolled back");
}

} // namespace dbengine::app::shell
