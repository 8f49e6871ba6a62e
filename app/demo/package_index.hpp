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

/// The fields that relate packages, by their position in `dependency::kind`.
inline constexpr std::array<std::string_view, 8> dependency_kinds{
    "pre-depends", "depends", "recommends", "suggests",
    "enhances",    "breaks",  "conflicts",  "replaces"};

/// One item of such a field: alternatives in the order of preference.
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

/// `a | b (>= 1), c:any` -> items of alternatives. Text that is no relation is left out.
std::vector<std::vector<relation>> parse_relations(std::string_view field);

/// `Ann Other <ann@example.org>` -> name and address.
std::pair<std::string, std::string> parse_maintainer(std::string_view field);

/// Reads stanza by stanza, one in memory at a time.
class package_index {
public:
  explicit package_index(int descriptor) : lines_(descriptor) {}

  /// The next record, numbered from 1; nothing at the end.
  std::optional<package_record> next();
  /// Stanzas without a name or a version, which were left out.
  std::uint64_t skipped() const noexcept { return skipped_; }

private:
  line_reader lines_;
  std::int64_t last_id_ = 0;
  std::uint64_t skipped_ = 0;
};

} // namespace dbengine::app::demo
