// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The fuzz targets. Each accepts any bytes and throws `fuzz::broken` if a promise does not hold;
// any other exception is an error, too. libFuzzer calls them on demand (tests/fuzz/run), the suite
// system.fuzz_corpus with the kept corpora and random mutations. Each has a mutant, a mistake that
// a reader could contain: the negative control of the suite.
// Thread safety: one thread.

#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace dbengine::fuzz {

struct broken : std::logic_error {
  using std::logic_error::logic_error;
};

inline void require(bool holds, const std::string& promise) {
  if (!holds)
    throw broken(promise);
}

/// The target whose mutant is switched on; empty: none.
inline std::string_view mutant_target;

inline bool is_mutant(std::string_view target) {
  return mutant_target == target;
}

/// CSV and JSON lines: the same records in one piece and byte by byte; every record is complete or
/// has a problem.
void readers(std::string_view input);
/// URLs of databases, files and servers, durations and sizes: refused with the right error, or
/// understood as SQLite itself does.
void urls(std::string_view input);
/// Where a statement begins and ends, and whether it may write, compared with SQLite's own
/// tokeniser and parser.
void sql(std::string_view input);
/// The first byte selects a message, the others are its body: refused, or encoded as the same bytes
/// again.
void wire(std::string_view input);
/// The input of a peer to a published engine: the guard's rules over a stream of frames.
void frames(std::string_view input);
/// Names and manifests of backups: refused, or written the same again.
void manifest(std::string_view input);
/// The input of a client to the HTTP port: the same request in one piece and byte by byte, none
/// that other readers understand differently, one answer.
void http(std::string_view input);
/// The configuration file: refused with a place, or written as TOML that reads the same.
void config(std::string_view input);

} // namespace dbengine::fuzz

#ifdef DBENGINE_FUZZER
#define DBENGINE_FUZZ_TARGET(name)                                                                 \
  extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {             \
    dbengine::fuzz::name({reinterpret_cast<const char*>(data), size});                             \
    return 0;                                                                                      \
  }
#else
#define DBENGINE_FUZZ_TARGET(name)
#endif
