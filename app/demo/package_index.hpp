// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Debian's package index as records: a stream of stanzas in the format of deb-control(5).
#pragma once

#include "support/process.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbengine::app::demo {

/// One package of a relation: `libc6 (>= 2.34)`, `python3:any`.
struct relation {
  std::string name;
  std::string qualifier = {};
  std::string comparison = {};
  std::string version = {};

  friend bool operator==(const relation&, const relation&) = default;
};

/// The fields that relate packages; `dependency::kind` is an index into them.
inline constexpr std::array<std::string_view, 8> dependency_kinds{
    "pre-depends", "depends", "recommends", "suggests",
    "enhances",    "breaks",  "conflicts",  "replaces"};

/// An item of such a field: alternatives in order of preference.
struct dependency {
  std::size_t kind = 0;
  std::vector<relation> alternatives;
};

struct package_record {
  std::int64_t id = 0;
  std::string name, version, architecture, section, priority, source, homepage, sha256;
  std::string maintainer_name, maintainer_email;
  std::string summary, body;
  std::optional<std::int64_t> installed_kib, archive_bytes;
  std::vector<dependency> dependencies;
  std::vector<relation> provides;
};

/// `a
/// b (>= 1), c:any` -> items of alternatives. Text that is not a relation is omitted.
std::vector<std::vector<relation>> parse_relations(std::string_view field);

/// `Ann Other <ann@example.org>` -> name and address.
std::pair<std::string, std::string> parse_maintainer(std::string_view field);

/// A reader of stanzas, with one in memory at a time.
class package_index {
public:
  explicit package_index(int descriptor) : lines_(descriptor) {}

  /// The next record, numbered from 1; empty at the end.
  std::optional<package_record> next();
  /// Stanzas without a name or a version, which were skipped.
  std::uint64_t skipped() const noexcept { return skipped_; }

private:
  line_reader lines_;
  std::int64_t last_id_ = 0;
  std::uint64_t skipped_ = 0;
};

} // namespace dbengine::app::demo
