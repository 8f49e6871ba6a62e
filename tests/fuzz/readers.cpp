// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// For libFuzzer, on demand (tests/fuzz/run): whatever the bytes, the readers of CSV and JSON lines give the same records
// whether the input comes in one piece or byte by byte, and each record is whole or has a problem.

#include "data/csv.hpp"
#include "data/jsonl.hpp"
#include "data/sniff.hpp"

#include <cstdlib>

using namespace dbengine;
using namespace dbengine::app;

namespace {

std::string read_csv(std::string_view text, std::size_t step) {
  memory_chunks from(text, step);
  csv_reader reader(from);
  std::string all;
  while (reader.next()) {
    all += std::to_string(reader.line()) + reader.problem() + "|";
    for (std::size_t i = 0; i < reader.size(); ++i) {
      const auto f = reader[i];
      // Both looks at a text must agree.
      if (!f.quoted && sniff(f.text).type() != sniff_type(f.text))
        std::abort();
      all += std::string(f.text) + (f.quoted ? "\"" : ",");
    }
    if (reader.size() == 0 && reader.problem().empty())
      std::abort();
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
    if (reader.keys().size() != reader.values().size())
      std::abort();
    for (std::size_t i = 0; i < reader.keys().size(); ++i)
      all += reader.keys()[i] + ":" + std::to_string(static_cast<int>(reader.values()[i].type()));
  }
  return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (read_csv(text, 0) != read_csv(text, 1) || read_jsonl(text, 0) != read_jsonl(text, 1))
    std::abort();
  return 0;
}
