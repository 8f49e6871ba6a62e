// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reads CSV as in RFC 4180.
#pragma once

#include "data/input/chunks.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::app {

struct csv_field_view {
  std::string_view text;
  /// The field was quoted: it is text, even if it is empty or a number.
  bool quoted = false;
};

/// The syntax of a CSV file.
struct csv_dialect {
  char separator = ',';
  /// A CR alone ends a line, as LF and CRLF do.
  bool cr_lines = false;
  /// The first line is `sep=;`, which spreadsheets write to name the separator.
  bool separator_line = false;
};

/// The dialect detected from the beginning of a file. An explicit separator takes precedence.
csv_dialect csv_dialect_of(std::string_view head, std::optional<char> separator);

/// A parser of CSV records. Memory: the longest record.
/// A byte order mark at the start is skipped. Lines end with LF or CRLF and, in a dialect with
/// `cr_lines`, CR. Quoted fields may contain separators, line ends and doubled quotes. A malformed
/// record is returned with its problem, and reading continues after its line.
/// Thread safety: one thread.
class csv_reader {
public:
  explicit csv_reader(chunks& from, csv_dialect dialect = {})
      : in_(from), separator_(dialect.separator), line_end_(dialect.cr_lines ? '\r' : '\n'),
        separator_line_(dialect.separator_line) {}

  /// False at the end.
  bool next();
  /// The line, from 1, in which the record begins.
  std::uint64_t line() const noexcept { return record_line_; }
  /// The problem of a malformed record; otherwise empty. The record's fields are those before the
  /// mistake.
  const std::string& problem() const noexcept { return problem_; }
  std::size_t size() const noexcept { return fields_.size(); }
  /// Valid until the next call of `next`.
  csv_field_view operator[](std::size_t i) const noexcept {
    const auto& f = fields_[i];
    return {std::string_view(text_).substr(f.begin, f.end - f.begin), f.quoted};
  }
  /// Whether the record is an empty line.
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
  void consume() { in_.consume(); }
  bool field();
  bool quoted_field(std::size_t begin);
  bool plain_field(std::size_t begin);
  void reject_record(std::string problem);
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
