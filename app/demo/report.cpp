// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "demo/report.hpp"

#include "ui/table.hpp"
#include "ui/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace dbengine::app::demo {

namespace {

using ui::align;
using ui::grouped;
using ui::style;
using ui::table_cell;
using durations = std::vector<std::chrono::nanoseconds>;

constexpr std::size_t shown_rows = 5;

std::string rate(std::uint64_t count, std::chrono::nanoseconds time) {
  const double seconds = std::chrono::duration<double>(time).count();
  return grouped(
      static_cast<std::uint64_t>(seconds > 0 ? static_cast<double>(count) / seconds : 0));
}

table_cell mark(bool good) {
  return good ? table_cell("yes", style::green) : table_cell("NO", style::red);
}

std::string text_of(const value& v) {
  switch (v.type()) {
  case value_type::null: return "-";
  case value_type::integer: return std::to_string(std::get<std::int64_t>(v.data()));
  case value_type::real: {
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.1f", std::get<double>(v.data()));
    return buffer.data();
  }
  case value_type::text: {
    const std::string shown = ui::visible(std::get<std::string>(v.data()));
    const auto clipped = ui::clip(shown, 60);
    return clipped.size() == shown.size() ? shown : std::string(clipped) + "...";
  }
  case value_type::blob: break;
  }
  return "(blob)";
}

std::string count_table(const outcome& o, const ui::terminal& t) {
  ui::table table({{"table"},
                   {"rows read", align::right},
                   {"in the engine", align::right},
                   {"in SQLite", align::right},
                   {"agree"}});
  for (const auto& c : o.counts)
    table.add({c.table, grouped(c.read), grouped(c.engine), grouped(c.sqlite), mark(c.agree())});
  return table.text(t);
}

void add_latencies(ui::table& table, std::string name, durations times,
                   std::chrono::nanoseconds over) {
  std::sort(times.begin(), times.end());
  const auto at = [&](std::size_t percent) {
    if (times.empty())
      return std::string("-");
    const std::size_t rank = (times.size() * percent + 99) / 100;
    return ui::duration_text(times[std::max<std::size_t>(rank, 1) - 1]);
  };
  table.add(
      {std::move(name), grouped(times.size()), rate(times.size(), over), at(50), at(99), at(100)});
}

std::string latency_table(const outcome& o, const ui::terminal& t) {
  ui::table table({{"while loading"},
                   {"count", align::right},
                   {"per second", align::right},
                   {"p50", align::right},
                   {"p99", align::right},
                   {"longest", align::right}});
  durations transactions;
  for (const auto& l : o.loaders)
    transactions.insert(transactions.end(), l.transactions.begin(), l.transactions.end());
  add_latencies(table, "load transaction", std::move(transactions), o.load_time);
  for (std::size_t kind = 0; kind < question_kinds; ++kind) {
    durations times;
    for (const auto& a : o.askers)
      times.insert(times.end(), a.times[kind].begin(), a.times[kind].end());
    add_latencies(table, std::string(question_names[kind]), std::move(times), o.load_time);
  }
  return table.text(t);
}

std::string question_text(const checked_question& q, std::size_t number, const ui::terminal& t) {
  std::string out = std::to_string(number) + ". ";
  out += ui::begin(t, style::bold);
  out += q.question.text;
  out += ui::end(t, style::bold);
  out += "  (engine " + ui::duration_text(q.engine_time) + ", SQLite " +
         ui::duration_text(q.sqlite_time) + ": ";
  const style look = q.agree() ? style::green : style::red;
  out += ui::begin(t, look);
  out += !q.agree() ? "DISAGREE" : q.engine.empty() ? "agree that nothing matches" : "agree";
  out += ui::end(t, look);
  out += ")\n";
  std::vector<ui::column> columns;
  for (std::size_t i = 0; i < q.columns.size(); ++i) {
    const bool number_column = !q.engine.empty() && q.engine[0][i].type() != value_type::text;
    columns.push_back({q.columns[i], number_column ? align::right : align::left});
  }
  ui::table table(std::move(columns));
  for (std::size_t i = 0; i < std::min(q.engine.size(), shown_rows); ++i) {
    std::vector<table_cell> cells;
    for (const auto& v : q.engine[i])
      cells.emplace_back(text_of(v));
    table.add(std::move(cells));
  }
  out += table.text(t);
  if (q.engine.size() > shown_rows)
    out += "and " + std::to_string(q.engine.size() - shown_rows) + " more rows, compared as well\n";
  return out;
}

} // namespace

std::vector<std::string> outcome::disagreements() const {
  std::vector<std::string> found;
  for (const auto& c : counts)
    if (!c.agree())
      found.push_back("table " + c.table + ": " + std::to_string(c.read) +
                      " rows were read, the engine holds " + std::to_string(c.engine) +
                      ", SQLite finds " + std::to_string(c.sqlite));
  for (const auto& q : questions)
    if (!q.agree())
      found.push_back("\"" + q.question.text + "\": the answers differ");
  for (const auto& p : engine_problems)
    found.push_back("integrity_check: " + p);
  for (const auto& p : sqlite_problems)
    found.push_back("integrity_check by SQLite: " + p);
  std::uint64_t unread = 0, contradictions = 0;
  for (const auto& l : loaders)
    unread += l.unread_writes;
  for (const auto& a : askers)
    contradictions += a.contradictions;
  if (unread > 0)
    found.push_back(std::to_string(unread) + " batches were not visible after their commit");
  if (contradictions > 0)
    found.push_back(std::to_string(contradictions) +
                    " snapshots showed half a batch or went back in time");
  return found;
}

std::string report(const outcome& o, const ui::terminal& t) {
  std::uint64_t packages = 0, statements = 0, questions = 0;
  for (const auto& l : o.loaders) {
    packages += l.packages;
    statements += l.statements;
  }
  for (const auto& a : o.askers)
    for (const auto& times : a.times)
      questions += times.size();
  std::string out = count_table(o, t);
  if (o.skipped_stanzas > 0)
    out += grouped(o.skipped_stanzas) + " stanzas without a name or version were left out\n";
  out += "\n" + latency_table(o, t);
  out += "\nloaded " + grouped(packages) + " packages with " + grouped(statements) +
         " statements by " + std::to_string(o.loaders.size()) + " threads in " +
         ui::duration_text(o.load_time) + ": " + rate(packages, o.load_time) + " packages/s, " +
         rate(statements, o.load_time) + " statements/s\n";
  out += "answered " + grouped(questions) + " questions for " + std::to_string(o.askers.size()) +
         " threads meanwhile\n";
  out += "engine: " + grouped(o.stats.requests) + " requests, " + grouped(o.stats.errors) +
         " errors, " + grouped(o.stats.commits) + " commits, largest group " +
         grouped(o.stats.largest_group) + ", database " + ui::bytes_text(o.file_bytes) + "\n\n";
  for (std::size_t i = 0; i < o.questions.size(); ++i)
    out += question_text(o.questions[i], i + 1, t) + "\n";
  const auto found = o.disagreements();
  out += "integrity_check: ";
  out += o.engine_problems.empty() && o.sqlite_problems.empty() ? "ok (engine), ok (SQLite)"
                                                                : "FAILED";
  out += "\n";
  for (const auto& f : found) {
    out += ui::begin(t, style::red);
    out += ui::visible(f);
    out += ui::end(t, style::red);
    out += "\n";
  }
  out += ui::begin(t, found.empty() ? style::green : style::red);
  out += found.empty() ? "demo: all answers agree" : "demo: FAILED";
  out += ui::end(t, style::bold);
  out += "\n";
  return out;
}

} // namespace dbengine::app::demo
