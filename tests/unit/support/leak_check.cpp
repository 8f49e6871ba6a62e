// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The check of long runs (support/engine/leak_check.hpp): a leak differs from one more connection.

#include "support/engine/leak_check.hpp"

#include <functional>

#include "support/test.hpp" // last

using namespace dbengine::test;

namespace {

// Sixty samples; `change` gets the number of each.
std::string judged(const std::function<void(footprint&, std::uint64_t)>& change) {
  std::vector<footprint> all;
  for (std::uint64_t i = 0; i < 60; ++i) {
    footprint f{.rss = 40 << 20,
                .threads = 20,
                .wal = 4 << 20,
                .file = 2 << 20,
                .database_descriptors = 21 + 2 * (i % 3),
                .descriptors = 18 + i % 2};
    change(f, i);
    all.push_back(f);
  }
  return grown(all, 15);
}

} // namespace

CAF_TEST(what comes and goes and what steps up once is no leak) {
  CAF_CHECK_EQUAL(judged([](auto&, auto) {}), "");
  CAF_CHECK_EQUAL(judged([](auto& f, auto i) { f.descriptors += i > 40 ? 3 : 0; }), "");
  CAF_CHECK_EQUAL(judged([](auto& f, auto i) { f.threads += i > 20 ? i > 40 ? 3 : 2 : 0; }), "");
  CAF_CHECK_EQUAL(judged([](auto& f, auto i) { f.database_descriptors -= i < 50 ? 10 : 0; }), "");
  CAF_CHECK_EQUAL(judged([](auto& f, auto i) { f.rss += i > 50 ? 3 << 20 : 0; }), "");
}

CAF_TEST(what grows and grows is a leak) {
  const auto has = [](const std::string& text, const char* what) {
    CAF_CHECK(text.find(what) != text.npos);
  };
  has(judged([](auto& f, auto i) { f.descriptors += i / 3; }), "descriptors from");
  has(judged([](auto& f, auto i) { f.database_descriptors += i / 3; }),
      "descriptors of the database");
  has(judged([](auto& f, auto) { f.database_descriptors += 20; }), "descriptors of the database");
  has(judged([](auto& f, auto i) { f.threads += i / 6; }), "threads from");
  has(judged([](auto& f, auto i) { f.rss += i << 18; }), "memory from");
  has(judged([](auto& f, auto i) { f.file += i << 17; }), "file from");
  has(judged([](auto& f, auto) { f.wal = std::uint64_t{1} << 30; }), "a WAL of");
}
