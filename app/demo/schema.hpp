// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The demo's schema and every statement that fills it.
#pragma once

#include <dbengine/results.hpp>

#include <array>
#include <string_view>
#include <vector>

namespace dbengine::app::demo {

/// Tables, indexes and the full-text index, in the order of creation.
std::vector<operation> schema();

inline constexpr std::string_view insert_name =
    "INSERT INTO names (name) VALUES (?) ON CONFLICT DO NOTHING";
inline constexpr std::string_view insert_section =
    "INSERT INTO sections (name) VALUES (?) ON CONFLICT DO NOTHING";
inline constexpr std::string_view insert_maintainer =
    "INSERT INTO maintainers (name, email) VALUES (?, ?) ON CONFLICT DO NOTHING";
inline constexpr std::string_view insert_package =
    "INSERT INTO packages (id, name_id, version, architecture, section_id, maintainer_id, priority,"
    " source, homepage, installed_kib, archive_bytes, sha256) VALUES (?1,"
    " (SELECT id FROM names WHERE name = ?2), ?3, ?4, (SELECT id FROM sections WHERE name = ?5),"
    " (SELECT id FROM maintainers WHERE name = ?6 AND email = ?7), ?8, ?9, ?10, ?11, ?12, ?13)";
inline constexpr std::string_view insert_dependency =
    "INSERT INTO dependencies (package_id, kind, item, alternative, name_id, qualifier, comparison,"
    " version) VALUES (?1, ?2, ?3, ?4, (SELECT id FROM names WHERE name = ?5), ?6, ?7, ?8)";
inline constexpr std::string_view insert_provided =
    "INSERT INTO provides (package_id, item, name_id, version)"
    " VALUES (?1, ?2, (SELECT id FROM names WHERE name = ?3), ?4)";
inline constexpr std::string_view insert_description =
    "INSERT INTO descriptions (rowid, name, summary, body) VALUES (?, ?, ?, ?)";

/// The tables whose rows are counted at the end.
inline constexpr std::array<std::string_view, 7> tables{
    "packages", "maintainers", "sections", "names", "dependencies", "provides", "descriptions"};

} // namespace dbengine::app::demo
