// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The fuzz target `readers`: CSV and JSON lines.

#include "data/input/csv_reader.hpp"
#include "data/input/jsonl_reader.hpp"
#include "data/input/sniff.hpp"

#include "target.hpp"

namespace dbengine::fuzz {

namespace {

using namespace dbengine::app;

std::string read_csv(std::string_view text, std::size_t step) {
  memory_chunks from(text, step);
  csv_reader reader(from);
  std::string all;
  while (reader.next()) {
    all += std::to_string(reader.line()) + reader.problem() + "|";
    for (std::size_t i = 0; i < reader.size(); ++i) {
      const auto f = reader[i];
      require(f.quoted || sniff(f.text).type() == sniff_type(f.text),
              "both looks at a text agree on its type");
      all += std::string(f.text) + (f.quoted ? "\"" : ",");
    }
    require(reader.size() != 0 || !reader.problem().empty(), "a record has fields or a problem");
  }
  return all;
}

std::string read_jsonl(std::string_view text, std::size_t step) {
  memory_chunks from(text, step);
  jsonl_reader reader(from);
  std::string all;
  while (reader.next()) {
    all += std::to_string(reader.line()) + reader.problem() + "|";
    if (!reader.problem().empty())
      continue;
    require(reader.keys().size() == reader.values().size(), "each key has its value");
    for (std::size_t i = 0; i < reader.keys().size(); ++i)
      all += reader.keys()[i] + ":" + std::to_string(static_cast<int>(reader.values()[i].type()));
  }
  return all;
}

} // namespace

void readers(std::string_view input) {
  // The mutant: the last byte of a piece is lost if it is the only one and a quotation mark.
  const bool lost = is_mutant("readers") && input.ends_with('"');
  require(read_csv(input, 0) == read_csv(input.substr(0, input.size() - (lost ? 1 : 0)), 1),
          "CSV is the same in pieces");
  require(read_jsonl(input, 0) == read_jsonl(input, 1), "JSON lines are the same in pieces");
}

} // namespace dbengine::fuzz

DBENGINE_FUZZ_TARGET(readers)
