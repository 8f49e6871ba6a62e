// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reading CSV after RFC 4180.
#pragma once

#include "data/chunks.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::app {

struct csv_field_view {
  std::string_view text;
  /// It stood in quotes: text, even where it looks like a number or is empty.
  bool quoted = false;
};

/// How a CSV file is written.
struct csv_dialect {
  char separator = ',';
  /// A CR alone ends a line, as LF and CRLF do.
  bool cr_lines = false;
  /// The first line is `sep=;`: what spreadsheets write to tell the separator.
  bool separator_line = false;
};

/// What the beginning of a file says of its dialect. A separator that is given counts for more.
csv_dialect csv_dialect_of(std::string_view head, std::optional<char> separator);

/// Reads record by record in memory of the longest record. A byte order mark at the start is left out; lines end with LF
/// or CRLF and, where the dialect says so, CR; quoted fields hold separators, line ends and doubled quotes. A record that breaks the rules is given with
/// its problem, and reading goes on behind its line. One thread.
class csv_reader {
public:
  explicit csv_reader(chunks& from, csv_dialect dialect = {})
      : in_(from), separator_(dialect.separator), line_end_(dialect.cr_lines ? '\r' : '\n'),
        separator_line_(dialect.separator_line) {}

  /// False at the end.
  bool next();
  /// The line (from 1) that the record begins in.
  std::uint64_t line() const noexcept { return record_line_; }
  /// What is wrong with the record, empty for nothing. Its fields are then those before the mistake.
  const std::string& problem() const noexcept { return problem_; }
  std::size_t size() const noexcept { return fields_.size(); }
  /// Valid until the next call of `next`.
  csv_field_view operator[](std::size_t i) const noexcept {
    const auto& f = fields_[i];
    return {std::string_view(text_).substr(f.begin, f.end - f.begin), f.quoted};
  }
  /// The record is a line with nothing on it.
  bool blank() const noexcept {
    return fields_.size() == 1 && fields_[0].end == 0 && !fields_[0].quoted;
  }

private:
  struct span {
    std::size_t begin, end;
    bool quoted;
  };

  static constexpr int end_of_input = chunk_cursor::end_of_input;

  int peek() { return in_.peek(); }
  void take() { in_.take(); }
  bool field();
  bool quoted_field(std::size_t begin);
  bool plain_field(std::size_t begin);
  void spoil(std::string problem);
  bool at_line_end();
  void begin();
  void pass_line();

  chunk_cursor in_;
  const char separator_;
  const char line_end_;
  const bool separator_line_;
  std::string text_;
  std::vector<span> fields_;
  std::string problem_;
  std::uint64_t line_ = 1;
  std::uint64_t record_line_ = 0;
  bool started_ = false;
};

} // namespace dbengine::app
