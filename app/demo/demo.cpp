// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "demo/demo.hpp"

#include "demo/report.hpp"
#include "demo/schema.hpp"
#include "output/output_stream.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_group.hpp"
#include "ui/progress.hpp"
#include "ui/text.hpp"

#include <dbengine/db_engine.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace dbengine::app::demo {

namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr unsigned loader_count = 8;
constexpr unsigned asker_count = 4;
/// The number of timed runs of each question, after one run that does not count.
constexpr int timed_turns = 5;
/// Packages per transaction: about five hundred statements.
constexpr std::size_t batch_size = 40;
/// Batches read ahead of the loaders.
constexpr std::size_t read_ahead = 32;
/// The checks at the end read the whole file.
constexpr auto check_timeout = 10min;

/// The source of the records: a running apt-cache or a file.
class source {
public:
  explicit source(const settings& s) {
    if (!s.input) {
      child_ = std::make_unique<child_output>(std::vector<std::string>{"apt-cache", "dumpavail"});
      return;
    }
    std::error_code ignored; // opening reports a path that cannot be examined
    if (std::filesystem::is_directory(*s.input, ignored))
      throw std::system_error(EISDIR, std::generic_category(), "cannot open " + s.input->string());
    file_ = ::open(s.input->c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0)
      throw std::system_error(errno, std::generic_category(), "cannot open " + s.input->string());
  }
  ~source() {
    if (file_ >= 0)
      ::close(file_);
  }
  source(const source&) = delete;
  source& operator=(const source&) = delete;

  int descriptor() const noexcept { return child_ ? child_->descriptor() : file_; }
  /// Throws if apt-cache reports a failure.
  void finish() {
    // A terminal sends Ctrl-C to both processes, in no particular order.
    if (child_ && child_->wait() == 128 + SIGINT)
      throw dbengine::error(errc::cancelled, "interrupted");
    if (child_ && child_->wait() != 0)
      throw no_input("apt-cache dumpavail failed with exit code " + std::to_string(child_->wait()));
  }

private:
  std::unique_ptr<child_output> child_;
  int file_ = -1;
};

// A new database that is removed unless it is completed.
class new_file {
public:
  explicit new_file(std::filesystem::path path) : path_(std::move(path)) {
    // Created here, so that it may be removed.
    const int made = ::open(path_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (made < 0 && errno == EEXIST)
      throw std::invalid_argument(path_.string() + " exists already: the demo fills a new file");
    if (made < 0)
      throw std::system_error(errno, std::generic_category(), "cannot create " + path_.string());
    ::close(made);
  }
  ~new_file() {
    std::error_code ignored; // the original error is the one to report
    if (!kept_)
      for (const char* part : {"", "-wal", "-shm", "-journal"})
        std::filesystem::remove(path_.string() + part, ignored);
  }
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;

  void keep() noexcept { kept_ = true; }

private:
  std::filesystem::path path_;
  bool kept_ = false;
};

// A first pass for the progress bar: one or two seconds for all of Debian.
std::uint64_t count_records(const settings& s) {
  source from(s);
  line_reader lines(from.descriptor());
  std::string_view line;
  ui::progress bar(s.err, "counting packages", 0);
  std::uint64_t n = 0;
  while (lines.next(line) && !s.cancel.stop_requested())
    if (line.starts_with("Package:"))
      bar.set(++n, 0);
  return s.limit == 0 ? n : std::min(n, s.limit);
}

// Reads all records into batches, while the loaders consume them.
totals read_all(const settings& s, batch_queue& batches, std::uint64_t& skipped) {
  totals seen;
  source from(s);
  package_index index(from.descriptor());
  batch records;
  bool wanted = true;
  while (wanted && (s.limit == 0 || seen.packages < s.limit)) {
    auto r = index.next();
    if (!r) {
      from.finish();
      break;
    }
    seen.add(*r);
    records.push_back(std::move(*r));
    if (records.size() == batch_size)
      wanted = batches.push(std::exchange(records, {}));
  }
  if (wanted && !records.empty())
    batches.push(std::move(records));
  skipped = index.skipped();
  return seen;
}

totals load_and_ask(const settings& s, const request_view& db, outcome& o) {
  const std::uint64_t total = s.err.interactive ? count_records(s) : 0;
  ui::progress bar(s.err, "loading packages", total);
  batch_queue batches(read_ahead);
  std::atomic<bool> loaded{false};
  totals seen;
  o.loaders.resize(loader_count);
  o.askers.resize(asker_count);
  const auto start = clock::now();
  const auto give_up = [&] {
    batches.abandon();
    loaded = true;
  };
  thread_group askers(give_up);
  {
    thread_group loaders(give_up);
    try { // if a thread cannot be started, the others end, too
      for (unsigned i = 0; i < asker_count; ++i)
        askers.start([&, i] { o.askers[i] = ask_until(db, loaded, i); });
      for (unsigned i = 0; i < loader_count; ++i)
        loaders.start([&, i] { o.loaders[i] = load(db, batches, bar); });
      seen = read_all(s, batches, o.skipped_stanzas);
      batches.close();
    } catch (...) {
      loaders.fail(std::current_exception());
    }
    loaders.join();
    o.load_time = clock::now() - start;
    loaded = true;
    askers.join();
    bar.finish();
    loaders.rethrow();
  }
  askers.rethrow();
  return seen;
}

answer to_answer(const rows& r) {
  answer result;
  result.reserve(r.size());
  for (const auto& row : r) {
    std::vector<value> cells;
    for (std::size_t i = 0; i < row.size(); ++i)
      cells.push_back(row[i].as<value>());
    result.push_back(std::move(cells));
  }
  return result;
}

std::string count_sql(std::string_view table) {
  return "SELECT count(*) FROM " + std::string(table);
}

// The answers of the engine.
void ask_engine(const request_view& db, const totals& seen, outcome& o) {
  const std::array<std::uint64_t, tables.size()> read{
      seen.packages,     seen.maintainers.size(), seen.sections.size(), seen.names.size(),
      seen.dependencies, seen.provides,           seen.packages};
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto held = db.fetch_value<std::uint64_t>(count_sql(tables[i]));
    o.counts.push_back({std::string(tables[i]), read[i], held.value_or(0), 0});
  }
  for (auto& q : final_questions(closure_root(db))) {
    checked_question checked;
    const rows r = db.fetch(q.sql, params(q.parameters));
    checked.columns = r.columns();
    checked.engine = to_answer(r);
    checked.question = std::move(q);
    o.questions.push_back(std::move(checked));
  }
  o.engine_problems = db.integrity_check();
}

// The same questions, sent to the file after the engine has closed it.
void ask_sqlite(const std::filesystem::path& file, const std::stop_token& cancel, outcome& o) {
  const oracle direct(file, cancel);
  for (auto& c : o.counts) {
    const auto counted = direct.ask(count_sql(c.table));
    c.sqlite = static_cast<std::uint64_t>(std::get<std::int64_t>(counted.at(0).at(0).data()));
  }
  for (auto& q : o.questions)
    q.sqlite = direct.ask(q.question.sql, q.question.parameters);
  const auto lines = direct.ask("PRAGMA integrity_check");
  for (const auto& line : lines)
    if (line.at(0) != value("ok"))
      o.sqlite_problems.push_back(std::get<std::string>(line.at(0).data()));
  for (const auto& line : direct.ask("PRAGMA foreign_key_check"))
    o.sqlite_problems.push_back("a row of " + std::get<std::string>(line.at(0).data()) +
                                " references a missing row");
}

template <class F>
std::chrono::nanoseconds time_of(F&& f) {
  const auto start = clock::now();
  f();
  return clock::now() - start;
}

// Both read the same warm file in alternation, so that neither has an advantage.
void time_questions(const std::filesystem::path& file, const std::stop_token& cancel, outcome& o) {
  DbEngine engine(file.string(), {.num_workers = 2});
  const auto db = engine.with_cancel(cancel).with_timeout(check_timeout);
  const oracle direct(file, cancel);
  for (auto& q : o.questions) {
    const params parameters(q.question.parameters);
    std::vector<std::chrono::nanoseconds> engine_times, sqlite_times;
    for (int turn = 0; turn <= timed_turns; ++turn) {
      const auto ours = time_of([&] { db.fetch(q.question.sql, parameters); });
      const auto theirs = time_of([&] { direct.ask(q.question.sql, q.question.parameters); });
      if (turn == 0)
        continue; // loads the pages and prepares the statements
      engine_times.push_back(ours);
      sqlite_times.push_back(theirs);
    }
    const auto median = [](std::vector<std::chrono::nanoseconds>& times) {
      std::nth_element(times.begin(), times.begin() + timed_turns / 2, times.end());
      return times[timed_turns / 2];
    };
    q.engine_time = median(engine_times);
    q.sqlite_time = median(sqlite_times);
  }
}

} // namespace

bool run(const settings& s) {
  std::optional<temporary_folder> folder;
  std::optional<new_file> made;
  std::filesystem::path file;
  if (s.database) {
    file = std::filesystem::absolute(*s.database);
    made.emplace(file);
  } else {
    folder.emplace("dbengine-demo");
    file = folder->path() / "packages.db";
  }
  outcome o;
  {
    DbEngine engine(file.string(), {.num_workers = 2});
    const auto db = engine.with_cancel(s.cancel);
    db.execute_transaction(schema());
    const totals seen = load_and_ask(s, db, o);
    if (seen.packages == 0)
      throw no_input(s.input ? s.input->string() + " holds no package records"
                             : "apt-cache knows no packages: run `apt-get update` as root first, or"
                               " give a file with --input");
    ask_engine(engine.with_cancel(s.cancel).with_timeout(check_timeout), seen, o);
    o.stats = engine.get_stats();
    engine.shutdown();
  }
  o.file_bytes = std::filesystem::file_size(file);
  ask_sqlite(file, s.cancel, o);
  time_questions(file, s.cancel, o);
  if (made)
    made->keep(); // even if the answers differ: the file shows why
  output_stream standard(stdout);
  standard.write_styled(report(o, s.out));
  standard.finish();
  if (s.database)
    std::fprintf(stderr, "the database stays in %s\n", ui::visible(file.string()).c_str());
  return o.disagreements().empty();
}

} // namespace dbengine::app::demo
