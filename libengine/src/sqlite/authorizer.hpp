// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The rights and the effects of a statement, by SQLite's own authorizer calls, never by its text.
// Thread safety: the connection's user.

#pragma once

#include <string>
#include <utility>

struct sqlite3;

namespace dbengine::sqlite {

/// The rights of statements on the connection.
enum class authority : unsigned char {
  reader, ///< reading; a statement that writes is recorded and goes to the writer
  writer, ///< data and schema, but nothing that would break the engine
  scope,  ///< the same inside an interactive transaction
  raw,    ///< everything: a raw connection
  engine  ///< everything: the engine's own statements
};

/// The authorizer callback of one connection; SQLite holds its address.
///
/// `begin_prepare` and `end_prepare` enclose each preparation. The facts about a statement are
/// those of the last preparation. SQLite also calls the authorizer while statements run.
class authorizer {
public:
  /// Installs the callback. Must outlive the connection's statements.
  void install(sqlite3* db);

  authority acting_as = authority::engine;

  void begin_prepare() noexcept {
    preparing_ = true;
    writes_ = is_ddl_ = inserts_ = uses_last_rowid_ = uses_change_counts_ = needs_writer_ =
        reads_pragma_ = false;
    reads_schema_ = changes_statistics_ = may_change_statistics_ = false;
    dml_only_ = connection_independent_ = only_inserts_ = true;
    target_.clear();
    new_view_.clear();
    denied_.clear();
  }
  void end_prepare() noexcept { preparing_ = false; }

  /// The statement changes data or schema.
  bool writes() const noexcept { return writes_; }
  /// The statement creates, changes or drops tables, indexes and the like.
  bool is_ddl() const noexcept { return is_ddl_; }
  /// The statement's own text (no trigger) inserts.
  bool inserts() const noexcept { return inserts_; }
  /// The statement, or one of its triggers, calls last_insert_rowid().
  bool uses_last_rowid() const noexcept { return uses_last_rowid_; }
  /// The statement, or one of its views and triggers, calls last_insert_rowid(), changes() or
  /// total_changes().
  bool uses_change_counts() const noexcept { return uses_change_counts_; }
  /// The statement only reads and changes rows: no schema, no setting, no transaction.
  bool dml_only() const noexcept { return dml_only_; }
  /// The table that the statement inserts into, if it does nothing else: no trigger, no function,
  /// no read of that table (a foreign key to it). Otherwise empty.
  const std::string& only_inserts_into() const noexcept { return only_inserts_ ? target_ : none_; }
  /// The statement only reads, returns nothing about its connection, and calls no function that may
  /// take long.
  bool connection_independent() const noexcept { return connection_independent_; }
  /// A reader refused the statement only because it belongs to the writer (a pragma that sets
  /// something).
  bool needs_writer() const noexcept { return needs_writer_; }
  /// The statement is a pragma that returns a setting and changes none, although SQLite calls it a
  /// write.
  bool reads_pragma() const noexcept { return reads_pragma_; }
  /// The statement answers from the connection's schema in memory, without reading the file: a
  /// pragma, or a pragma's table.
  bool reads_schema() const noexcept { return reads_schema_; }
  /// The statement changes the statistics that the query planner reads with the schema (ANALYZE).
  bool changes_statistics() const noexcept { return changes_statistics_; }
  /// The statement runs ANALYZE if SQLite finds that worthwhile (PRAGMA optimize).
  bool may_change_statistics() const noexcept { return may_change_statistics_; }
  /// The view that the statement creates; otherwise empty.
  const std::string& new_view() const noexcept { return new_view_; }
  /// The denied action, for the error's text; empty if nothing was denied.
  const std::string& denied() const noexcept { return denied_; }

  /// The statistics were changed by a statement inside another one, or by one that a host prepared
  /// with the native handle. The connection resets this.
  bool statistics_changed = false;
  /// The request is a transaction: settings that last to its end are allowed.
  bool in_transaction = false;
  /// Foreign keys may have been deferred since this was reset.
  bool defers_keys = false;

private:
  static int callback(void* self, int action, const char* a, const char* b, const char* db,
                      const char* trigger);
  void note_insert_target(int action, const char* a, const char* db, const char* trigger);
  void note_schema_use(int action, const char* a);
  void note_facts(int action, const char* a, const char* b, const char* trigger);
  int decide(int action, const char* a, const char* b, const char* db, const char* trigger);
  int decide_pragma(const char* name, const char* argument);
  int deny_temporary();
  int deny(std::string what);

  bool preparing_ = false;
  bool writes_ = false;
  bool is_ddl_ = false;
  bool inserts_ = false;
  bool uses_last_rowid_ = false;
  bool uses_change_counts_ = false;
  bool needs_writer_ = false;
  bool reads_pragma_ = false;
  bool reads_schema_ = false;
  bool changes_statistics_ = false;
  bool may_change_statistics_ = false;
  bool dml_only_ = false;
  bool connection_independent_ = false;
  bool only_inserts_ = false;
  std::string target_;
  std::string new_view_;
  const std::string none_;
  std::string denied_;
};

/// Gives the statements of a scope the engine's rights.
class engine_rights {
public:
  explicit engine_rights(authorizer& a) noexcept
      : authorizer_(&a), before_(std::exchange(a.acting_as, authority::engine)) {}
  ~engine_rights() { authorizer_->acting_as = before_; }
  engine_rights(const engine_rights&) = delete;
  engine_rights& operator=(const engine_rights&) = delete;

private:
  authorizer* authorizer_;
  authority before_;
};

} // namespace dbengine::sqlite
