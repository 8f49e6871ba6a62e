// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "demo/schema.hpp"

#include <array>
#include <string_view>

namespace dbengine::app::demo {

std::vector<operation> schema() {
  static constexpr std::array<std::string_view, 9> statements{
      // Every name that a package has, requires or provides, real or virtual.
      R"(CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT)",
      R"(CREATE TABLE sections (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT)",
      R"(CREATE TABLE maintainers (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, UNIQUE (name, email)) STRICT)",
      R"(CREATE TABLE packages (
  id INTEGER PRIMARY KEY,
  name_id INTEGER NOT NULL REFERENCES names,
  version TEXT NOT NULL,
  architecture TEXT NOT NULL,
  section_id INTEGER NOT NULL REFERENCES sections,
  maintainer_id INTEGER NOT NULL REFERENCES maintainers,
  priority TEXT NOT NULL,
  source TEXT,
  homepage TEXT,
  installed_kib INTEGER CHECK (installed_kib >= 0),
  archive_bytes INTEGER CHECK (archive_bytes >= 0),
  sha256 TEXT,
  UNIQUE (name_id, version, architecture)) STRICT)",
      R"(CREATE TABLE dependencies (
  package_id INTEGER NOT NULL REFERENCES packages,
  kind TEXT NOT NULL CHECK (kind IN ('pre-depends', 'depends', 'recommends', 'suggests',
                                     'enhances', 'breaks', 'conflicts', 'replaces')),
  item INTEGER NOT NULL,
  alternative INTEGER NOT NULL,
  name_id INTEGER NOT NULL REFERENCES names,
  qualifier TEXT,
  comparison TEXT CHECK (comparison IN ('<<', '<=', '=', '>=', '>>', '<', '>')),
  version TEXT,
  PRIMARY KEY (package_id, kind, item, alternative)) STRICT, WITHOUT ROWID)",
      R"(CREATE TABLE provides (
  package_id INTEGER NOT NULL REFERENCES packages,
  item INTEGER NOT NULL,
  name_id INTEGER NOT NULL REFERENCES names,
  version TEXT,
  PRIMARY KEY (package_id, item)) STRICT, WITHOUT ROWID)",
      R"(CREATE INDEX dependencies_by_name ON dependencies (name_id, kind))",
      R"(CREATE INDEX packages_by_section ON packages (section_id, installed_kib))",
      R"(CREATE VIRTUAL TABLE descriptions USING fts5 (name, summary, body,
  tokenize = 'porter unicode61'))",
  };
  std::vector<operation> operations;
  operations.reserve(statements.size());
  for (const auto statement : statements)
    operations.push_back(operation::execute(std::string(statement)));
  return operations;
}

} // namespace dbengine::app::demo
