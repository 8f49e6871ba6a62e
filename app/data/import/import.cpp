// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/import/import.hpp"

#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "data/import/fit.hpp"
#include "data/import/import_loader.hpp"
#include "data/import/input_kind.hpp"
#include "data/import/target.hpp"
#include "data/input/csv_reader.hpp"
#include "data/input/jsonl_reader.hpp"
#include "data/input/sniff.hpp"
#include "support/bounded_queue.hpp"
#include "support/thread_group.hpp"
#include "ui/text.hpp"

#include <algorithm>
#include <utility>

namespace dbengine::app {

namespace {

/// Number of batches parsed ahead of the engine.
constexpr std::size_t read_ahead = 4;
/// A batch ends early when its values take this many bytes.
constexpr std::size_t batch_bytes = std::size_t{32} << 20;

std::string insert_sql(const std::string& table, const std::vector<std::string>& columns) {
  std::string names, marks;
  for (const auto& c : columns) {
    names += (names.empty() ? "" : ", ") + quoted_name(c);
    marks += marks.empty() ? "?" : ", ?";
  }
  if (columns.empty())
    return "INSERT INTO " + quoted_name(table) + " DEFAULT VALUES";
  return "INSERT INTO " + quoted_name(table) + " (" + names + ") VALUES (" + marks + ")";
}

// Parses the input into batches.
class feeder {
public:
  /// `strict`: the column types are guessed, so they must not change any value.
  feeder(const import_settings& s, std::vector<target_column> table, bool strict,
         bounded_queue<import_batch>& to, const std::function<void()>& tick)
      : settings_(s), table_(std::move(table)), strict_(strict), to_(to), tick_(tick) {}

  std::uint64_t records() const noexcept { return records_; }

  void feed_csv(chunks& input, const csv_dialect& dialect) {
    csv_reader reader(input, dialect);
    std::vector<std::size_t> places(table_.size());
    for (std::size_t i = 0; i < places.size(); ++i)
      places[i] = i;
    if (settings_.header && !read_header(reader, places))
      return;
    use(places);
    while (wanted_ && reader.next()) {
      if (reader.blank() && places.size() > 1 && reader.problem().empty())
        continue;
      ++records_;
      if (!reader.problem().empty())
        reject_record(reader.line(), reader.problem());
      else if (reader.size() != places.size())
        reject_record(reader.line(), std::to_string(reader.size()) +
                                         (reader.size() == 1 ? " field" : " fields") +
                                         " instead of " + std::to_string(places.size()));
      else if (const auto at = not_utf8(reader); at != 0)
        reject_record(reader.line(), "field " + std::to_string(at) + encoding_text);
      else
        add(reader.line(), csv_values(reader, places), places);
    }
    flush();
  }

  void feed_json(chunks& input, json_form form) {
    jsonl_reader reader(input, form,
                        settings_.guess_types ? json_numbers::values : json_numbers::text);
    std::vector<std::string> keys;
    std::vector<std::size_t> places;
    while (wanted_ && reader.next()) {
      if (reader.columns()) {
        std::vector<std::size_t> unused;
        if (const auto wrong = find_places(*reader.columns(), unused); !wrong.empty())
          throw data_error(header_text(reader.line()) + wrong);
        continue;
      }
      ++records_;
      if (!reader.problem().empty()) {
        reject_record(reader.line(), reader.problem());
        continue;
      }
      if (batch_.sql.empty() || reader.keys() != keys) {
        std::vector<std::size_t> found;
        if (const auto wrong = find_places(reader.keys(), found); !wrong.empty()) {
          reject_record(reader.line(), wrong);
          continue;
        }
        keys = reader.keys();
        places = std::move(found);
        flush();
        use(places);
      }
      if (!settings_.guess_types)
        for (auto& v : reader.values())
          as_text(v);
      add(reader.line(), std::move(reader.values()), places);
    }
    flush();
  }

private:
  // Each name in the header is a column of the table, at most once.
  bool read_header(csv_reader& reader, std::vector<std::size_t>& places) {
    if (!reader.next())
      return false;
    const auto names = header_names(
        reader, [this](std::string_view name) { return position(table_, name).has_value(); });
    places.clear();
    if (const auto wrong = find_places(names, places); !wrong.empty())
      throw data_error(header_text(reader.line()) + wrong);
    return true;
  }

  std::string find_places(const std::vector<std::string>& names,
                          std::vector<std::size_t>& places) const {
    for (const auto& name : names) {
      const auto at = position(table_, name);
      if (!at) {
        std::vector<std::string> known;
        for (const auto& c : table_)
          known.push_back(c.name);
        return "table '" + settings_.table + "' has no column '" + name + "'" +
               did_you_mean(name, known);
      }
      if (std::find(places.begin(), places.end(), *at) != places.end())
        return "column '" + name + "' occurs twice";
      places.push_back(*at);
    }
    return {};
  }

  void use(const std::vector<std::size_t>& places) {
    std::vector<std::string> names;
    names.reserve(places.size());
    for (const auto at : places)
      names.push_back(table_[at].name);
    sql_ = insert_sql(settings_.table, names);
    batch_.sql = sql_;
  }

  std::vector<value> csv_values(const csv_reader& reader,
                                const std::vector<std::size_t>& places) const {
    std::vector<value> values;
    values.reserve(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto f = reader[i];
      if (f.text.empty() && !f.quoted && !settings_.empty_is_text)
        values.emplace_back(); // null, whatever the types: only quotes make an empty text
      else if (!settings_.guess_types || f.quoted)
        values.emplace_back(f.text);
      else if (table_[places[i]].affinity == affinity::text && !f.text.starts_with("x'") &&
               !f.text.starts_with("t'"))
        values.emplace_back(f.text); // a number keeps the digits of the input
      else
        values.push_back(sniff(f.text));
    }
    return values;
  }

  static void as_text(value& v) {
    static const target_column text{"", affinity::text};
    fit(v, text, false);
  }

  void add(std::uint64_t line, std::vector<value> values, const std::vector<std::size_t>& places) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (const auto& column = table_[places[i]]; column.affinity != affinity::none)
        if (auto wrong = fit(values[i], column, strict_); !wrong.empty()) {
          reject_record(line, std::move(wrong));
          return;
        }
    params row(std::move(values));
    batch_.bytes += row.bytes();
    batch_.rows.push_back(std::move(row));
    batch_.lines.push_back(line);
    if (batch_.rows.size() >= settings_.batch || batch_.bytes >= batch_bytes)
      flush();
  }

  // A batch reports its bad records after the good ones, so that stopping at one leaves all records
  // before it loaded.
  void reject_record(std::uint64_t line, std::string why) {
    batch_.bad.push_back({line, std::move(why)});
    if (!settings_.skip_bad) {
      flush();
      wanted_ = false;
    } else if (batch_.bad.size() >= settings_.batch) {
      flush();
    }
  }

  void flush() {
    if (!batch_.empty())
      wanted_ = to_.push(std::exchange(
                    batch_, import_batch{.sql = sql_, .rows = {}, .lines = {}, .bad = {}})) &&
                wanted_;
    if (tick_)
      tick_();
  }

  const import_settings& settings_;
  const std::vector<target_column> table_;
  const bool strict_;
  bounded_queue<import_batch>& to_;
  const std::function<void()>& tick_;
  import_batch batch_;
  std::string sql_;
  std::uint64_t records_ = 0;
  bool wanted_ = true;
};

} // namespace

void import_rows(const request_view& db, std::string_view head, bool head_is_all, chunks& input,
                 const import_settings& s, const report_bad& report, import_result& result,
                 const std::function<void()>& tick) {
  refuse_foreign_input(head);
  const auto form = input_form_of(head, s);
  auto columns = find_table(db, s.table);
  if (!columns) {
    auto proposed = propose_table(head, head_is_all, s, form);
    db.execute(proposed.create_sql);
    result.created_table = true;
    columns = std::move(proposed.columns);
  }
  bounded_queue<import_batch> queue(read_ahead);
  feeder from(s, *std::move(columns), result.created_table && s.guess_types, queue, tick);
  import_loader to(db, s, keeping_of(db, s.table), report, result);
  {
    // The parsing thread may be blocked on a pipe that delivers nothing.
    const auto give_up = [&] {
      queue.abandon();
      input.abandon();
    };
    thread_group worker(give_up);
    worker.start([&] {
      while (auto b = queue.pop())
        if (!to.load(*std::move(b))) {
          give_up();
          return;
        }
    });
    try {
      if (s.format == import_format::csv)
        from.feed_csv(input, form.csv);
      else
        from.feed_json(input, form.json);
      queue.close();
    } catch (...) {
      worker.fail(std::current_exception());
    }
    worker.join();
    worker.rethrow();
  }
  result.records = from.records();
}

} // namespace dbengine::app
