// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/statements/long_script.hpp"

#include "cli/exit_code.hpp"
#include "data/statements/raw_script.hpp"
#include "data/statements/statement_scanner.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace dbengine::app {

namespace {

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// Complete statements of a text that arrives chunk by chunk. Each byte is scanned once.
class statement_pieces {
public:
  statement_pieces(std::string head, chunks& rest)
      : text_(std::move(head)), rest_(rest), lines_(text_.rfind('\n') + 1) {}

  /// The next statement with its semicolon, or the remaining text at the end of the input. Valid
  /// until the next call; empty at the end.
  std::string_view next() {
    line_ += lines_in(std::string_view(text_).substr(begin_, end_ - begin_));
    begin_ = end_;
    for (;;) {
      if (scanned_ < lines_) {
        const auto found =
            scan_.to_end(std::string_view(text_).substr(scanned_, lines_ - scanned_));
        if (found != std::string_view::npos) {
          end_ = scanned_ += found;
          return std::string_view(text_).substr(begin_, end_ - begin_);
        }
        scanned_ = lines_;
      }
      if (at_end_) {
        end_ = text_.size();
        return std::string_view(text_).substr(begin_);
      }
      read();
    }
  }
  /// The line in which the statement begins, or the spaces and comments before it.
  std::uint64_t line() const noexcept { return line_; }

private:
  void read() {
    text_.erase(0, begin_);
    scanned_ -= begin_;
    lines_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
    const auto piece = rest_.next();
    at_end_ = piece.empty();
    // Only the chunk is searched: a line may span a thousand chunks.
    if (const auto line = piece.rfind('\n'); line != std::string_view::npos)
      lines_ = text_.size() + line + 1;
    text_ += piece;
    if (at_end_)
      lines_ = text_.size();
  }

  std::string text_;
  chunks& rest_;
  statement_scanner scan_;
  std::size_t begin_ = 0, end_ = 0; // of the statement
  std::size_t scanned_ = 0;
  std::size_t lines_; // the end of the last complete line; 0 if there is none
  std::uint64_t line_ = 1;
  bool at_end_ = false;
};

// The position of the first word of a statement, after spaces and comments.
std::size_t word_begin(std::string_view sql) {
  for (std::size_t at = 0;;) {
    at = std::min(sql.find_first_not_of(" \t\r\n\f;", at), sql.size());
    const auto two = sql.substr(at, 2);
    if (two != "--" && two != "/*")
      return at;
    const auto end = two == "--" ? sql.find('\n', at) : sql.find("*/", at + 2);
    at = end == std::string_view::npos ? sql.size() : end + (two == "--" ? 1 : 2);
  }
}

// In upper case.
std::string first_word(std::string_view sql) {
  std::string word;
  for (std::size_t at = word_begin(sql);
       at < sql.size() && ((sql[at] | 0x20) >= 'a' && (sql[at] | 0x20) <= 'z'); ++at)
    word += static_cast<char>(sql[at] & ~0x20);
  return word;
}

bool is_one_of(const std::string& word, std::initializer_list<const char*> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Whether the word begins a transaction or a savepoint, ends one, or cannot run in one.
bool wants_its_own(const std::string& word) {
  return is_one_of(word, {"BEGIN", "SAVEPOINT", "COMMIT", "END", "ROLLBACK", "RELEASE", "PRAGMA",
                          "ATTACH", "DETACH", "VACUUM"});
}

bool brings_transactions(const std::string& head) {
  memory_chunks nothing{std::string_view()};
  statement_pieces statements(head, nothing);
  for (auto sql = statements.next(); !sql.empty(); sql = statements.next())
    if (wants_its_own(first_word(sql)))
      return true;
  return false;
}

[[noreturn]] void throw_with_line(const dbengine::error& e, const std::string& sql,
                                  std::uint64_t line) {
  error_info info = e.info();
  if (info.offset) {
    line += lines_in(std::string_view(sql).substr(0, *info.offset));
    info.message = "line " + std::to_string(line) + ": " + info.message;
    info.offset.reset(); // the text that it refers to no longer exists
  }
  throw dbengine::error(std::move(info));
}

} // namespace

raw_script_result run_long_script(const request_view& db, std::string head, chunks& rest,
                                  row_writer_source& writers) {
  const bool own = brings_transactions(head);
  statement_pieces all(std::move(head), rest);
  return run_on_raw_connection(db, own, [&](sqlite3* handle, const auto& deadline) {
    const auto run = [&](const std::string& sql) {
      std::uint64_t n = 0;
      try {
        raw_statements one(handle, sql, 0, db.properties().cancel, deadline);
        for (; one.run_next(writers); ++n)
          ;
      } catch (const dbengine::error& e) {
        throw_with_line(e, sql, all.line());
      }
      return n;
    };
    std::uint64_t statements = 0;
    if (!own)
      run("BEGIN IMMEDIATE");
    for (auto sql = all.next(); !sql.empty(); sql = all.next()) {
      if (!own && wants_its_own(first_word(sql)))
        throw data_error(
            "line " + std::to_string(all.line() + lines_in(sql.substr(0, word_begin(sql)))) +
            ": a script of more than " + std::to_string(most_of_short_script >> 20) +
            " MiB that begins without a transaction is run in one, which cannot contain " +
            first_word(sql) + "; nothing was changed");
      statements += run(std::string(sql));
    }
    if (!own)
      run("COMMIT");
    return statements;
  });
}

} // namespace dbengine::app
