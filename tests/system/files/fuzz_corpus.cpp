// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Runs the fuzz targets without libFuzzer: each kept corpus as it is, and random mutations of it.
// DBENGINE_SEED repeats a run, DBENGINE_FUZZ_MUTANTS sets the number of mutations per target.

#include "fuzz/target.hpp"

#include "support/faults/memory_folder.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <vector>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct target {
  const char* name;
  void (*run)(std::string_view);
};

constexpr std::array targets{target{"config", fuzz::config},   target{"frames", fuzz::frames},
                             target{"http", fuzz::http},       target{"manifest", fuzz::manifest},
                             target{"readers", fuzz::readers}, target{"sql", fuzz::sql},
                             target{"urls", fuzz::urls},       target{"wire", fuzz::wire}};

std::vector<std::string> corpus(const std::string& name) {
  std::vector<std::filesystem::path> files;
  for (const auto& f :
       std::filesystem::directory_iterator(DBENGINE_SOURCE_DIR "/tests/fuzz/corpus/" + name))
    files.push_back(f.path());
  std::sort(files.begin(), files.end()); // so that the seed alone determines the run
  std::vector<std::string> inputs;
  for (const auto& f : files) {
    std::ifstream in(f, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return inputs;
}

class mutator {
public:
  explicit mutator(unsigned seed) : random_(seed) {}

  // Some bytes changed, removed, repeated, or copied from another input.
  std::string operator()(const std::vector<std::string>& from) {
    auto text = from[below(from.size())];
    for (auto n = 1 + below(4); n > 0; --n) {
      const auto at = below(text.size() + 1);
      const auto& other = from[below(from.size())];
      const auto begin = below(other.size() + 1);
      switch (below(6)) {
      case 0: text.insert(at, 1, static_cast<char>(below(256))); break;
      case 1: text.erase(at, 1 + below(8)); break;
      case 2: text.insert(at, other.substr(begin, below(32))); break;
      case 3: text = text.substr(0, at) + other.substr(begin); break;
      case 4:
        if (at < text.size())
          text[at] = static_cast<char>(below(2) == 0 ? below(256) : text[at] ^ (1U << below(8)));
        break;
      default: text.insert(at, text.substr(below(text.size() + 1), below(64)));
      }
    }
    return text.substr(0, 4096);
  }

private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_()) % n; }

  std::mt19937_64 random_;
};

// Describes which promise an input breaks; empty if none.
std::string broken_by(const target& t, const std::string& input) {
  try {
    t.run(input);
  } catch (const std::exception& e) {
    return e.what();
  }
  return {};
}

unsigned chosen_seed() {
  const char* given = std::getenv("DBENGINE_SEED");
  return given != nullptr ? static_cast<unsigned>(std::atol(given)) : std::random_device{}();
}

std::size_t mutants() {
  return static_cast<std::size_t>(number_from("DBENGINE_FUZZ_MUTANTS", 3'000));
}

std::string shown(const std::string& input) {
  std::string out;
  for (const char c : input) {
    static constexpr char digits[] = "0123456789abcdef";
    out += {'\\', 'x', digits[static_cast<unsigned char>(c) >> 4], digits[c & 15]};
  }
  return out;
}

} // namespace

CAF_TEST(the kept inputs of every fuzz target and mutations of them hold its promises) {
  const auto seed = chosen_seed();
  CAF_MESSAGE("DBENGINE_SEED=" << seed);
  for (const auto& t : targets) {
    const auto inputs = corpus(t.name);
    CAF_REQUIRE(inputs.size() >= 5);
    for (const auto& input : inputs)
      if (const auto why = broken_by(t, input); !why.empty())
        CAF_FAIL(t.name << ": " << why << ": " << shown(input));
    mutator next(seed);
    for (std::size_t i = 0; i < mutants(); ++i) {
      const auto input = next(inputs);
      if (const auto why = broken_by(t, input); !why.empty())
        CAF_FAIL(t.name << ", DBENGINE_SEED=" << seed << ", mutant " << i << ": " << why << ": "
                        << shown(input));
    }
    CAF_MESSAGE(t.name << ": " << inputs.size() << " kept inputs, " << mutants() << " mutants");
    CAF_CHECK(true);
  }
}

CAF_TEST(a mistake in each target is found) {
  for (const auto& t : targets) {
    const auto inputs = corpus(t.name);
    mutator next(1);
    fuzz::mutant_target = t.name;
    std::size_t tried = 0;
    std::string found;
    for (const auto& input : inputs) {
      found = broken_by(t, input);
      ++tried;
      if (!found.empty())
        break;
    }
    for (std::size_t i = 0; found.empty() && i < 20'000; ++i, ++tried)
      found = broken_by(t, next(inputs));
    fuzz::mutant_target = {};
    CAF_MESSAGE(t.name << ": found by input " << tried << ": " << found);
    CAF_CHECK(!found.empty());
  }
}
