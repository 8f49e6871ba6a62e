// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The fuzz target `manifest`: names and manifests of backups.

#include "backup/backup_manifest.hpp"
#include "backup/backup_name.hpp"

#include "target.hpp"

namespace dbengine::fuzz {

namespace {

using backup::backup_name;

bool same(const backup::manifest& a, const backup::manifest& b) {
  return a.file == b.file && a.source == b.source && a.sha256 == b.sha256 && a.size == b.size &&
         a.pages == b.pages && a.page_size == b.page_size && a.compressed == b.compressed &&
         a.verified == b.verified && a.started == b.started && a.duration == b.duration &&
         a.engine_version == b.engine_version && a.sqlite_version == b.sqlite_version &&
         a.foreign_key_violations == b.foreign_key_violations &&
         a.foreign_keys_unchecked == b.foreign_keys_unchecked && a.rows == b.rows;
}

void check_name(std::string_view text) {
  if (const auto name = backup_name::parse(text)) {
    require(name->str() == text, "a name of a backup has one spelling");
    require(backup::is_partial_name(name->str() + ".partial"), "its unfinished file is known");
  }
  if (backup::is_partial_name(text))
    require(!backup_name::parse(text), "an unfinished file is no backup");
}

} // namespace

void manifest(std::string_view input) {
  check_name(input);
  std::string why;
  auto read = backup::manifest::parse(input, why);
  if (!read) {
    require(!why.empty(), "what is wrong with a manifest is said");
    return;
  }
  check_name(read->file);
  const auto written = read->to_json();
  if (is_mutant("manifest")) // the mutant: a size of 4 GiB and more is truncated
    read->size &= 0xffff'ffff;
  const auto again = backup::manifest::parse(written, why);
  require(again.has_value(), "a manifest that was read can be written and read: " + why);
  // The counts of rows are left out if the manifest would be too large.
  require(written.size() > backup::max_manifest_bytes || !again->rows.empty() ||
              read->rows.empty() || input.size() > backup::max_manifest_bytes / 8,
          "the rows of a small manifest are kept");
  if (again->rows.empty())
    read->rows.clear();
  require(same(*read, *again), "a manifest is the same after writing and reading");
}

} // namespace dbengine::fuzz

DBENGINE_FUZZ_TARGET(manifest)
