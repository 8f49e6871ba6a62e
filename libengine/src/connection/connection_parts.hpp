// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

namespace dbengine::sqlite {

class authorizer;
class conflict_outcome;
class engine_sql;
class file_checks;
class read_snapshot;
class request_handlers;
class schema_version;

/// The parts of one connection that its transaction, its maintenance and its compiler work on.
/// Thread safety: the connection's user. Ownership: the connection's.
struct connection_parts {
  const bool writer; ///< the role of the connection
  authorizer& auth;
  request_handlers& handlers;
  read_snapshot& snapshot;
  file_checks& files;
  engine_sql& own_sql;
  conflict_outcome& conflicts;
  schema_version& schema;
};

} // namespace dbengine::sqlite
