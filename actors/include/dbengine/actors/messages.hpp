// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// The messages of the engine, named as nouns, and how they cross the wire.
/// Thread safety: plain data.
///
/// Every message inspects as one blob in the engine's own encoding, because CAF 0.17 changes
/// doubles on the wire and hangs on infinity. Within a process messages are moved and never
/// encoded. CAF's `deep_to_string` and log show the fields. `describe` lists the encoded fields, in
/// the order of the wire.

#pragma once

#include <dbengine/actors/requests.hpp>
#include <dbengine/backup.hpp>
#include <dbengine/error.hpp>
#include <dbengine/maintenance.hpp>
#include <dbengine/results.hpp>
#include <dbengine/stats.hpp>

#include <caf/detail/stringification_inspector.hpp>
#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/none.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace dbengine {

/// The properties of a request that is sent as a message.
struct call_options {
  /// From its arrival to its answer; 0 takes the engine's `request_timeout`.
  std::chrono::milliseconds timeout{0};
  /// Which of the waiting requests run first.
  dbengine::priority priority = dbengine::priority::interactive;
  /// Exactly-once, see `request_options::id`.
  std::string id = {};
  /// If not 0, a `cancel_request` with this number cancels the request.
  std::uint64_t cancel_token = 0;
  /// Refuses the request with `errc::read_only` if it would write.
  bool read_only = false;
  /// Bytes that its results may hold together; more is `errc::too_big`. 0: no bound but the
  /// engine's.
  std::uint64_t max_result_bytes = 0;
  /// If not 0, the request counts against one peer's share of readers, queue and cursors. Set by
  /// ports, not sent over the wire.
  std::uint64_t peer = 0;

  friend bool operator==(const call_options&, const call_options&) = default;
  friend void describe(auto& a, call_options& x) {
    a(x.timeout, x.priority, x.id, x.cancel_token, x.read_only, x.max_result_bytes);
  }
};

/// One statement; answered with a `write_result` after the commit that contains it.
struct execute_request {
  /// One statement; more than one is `errc::multiple_statements`.
  std::string sql = {};
  /// Its parameters, named or positional.
  params parameters = {};
  /// Deadline, priority and id of the request.
  call_options options = {};

  friend bool operator==(const execute_request&, const execute_request&) = default;
  friend void describe(auto& a, execute_request& x) { a(x.sql, x.parameters, x.options); }
};

/// All rows of one statement; answered with its `rows`. A statement that writes (RETURNING) runs on
/// the writer.
struct fetch_request {
  /// One statement; more than one is `errc::multiple_statements`.
  std::string sql = {};
  /// Its parameters, named or positional.
  params parameters = {};
  /// Deadline, priority and id of the request.
  call_options options = {};

  friend bool operator==(const fetch_request&, const fetch_request&) = default;
  friend void describe(auto& a, fetch_request& x) { a(x.sql, x.parameters, x.options); }
};

/// One statement, run once for each set of parameters, all or nothing; answered with a
/// `batch_result`.
struct batch_request {
  /// One statement that writes.
  std::string sql = {};
  /// The parameters of each run, in order. Without sets nothing runs.
  std::vector<params> sets = {};
  /// Deadline, priority and id of the request.
  call_options options = {};

  friend bool operator==(const batch_request&, const batch_request&) = default;
  friend void describe(auto& a, batch_request& x) { a(x.sql, x.sets, x.options); }
};

/// Several operations in one transaction; answered with a `transaction_result`.
struct transaction_request {
  /// The operations, in order. Any failure rolls back all.
  std::vector<operation> operations = {};
  /// Deadline, priority and id of the request.
  call_options options = {};

  friend bool operator==(const transaction_request&, const transaction_request&) = default;
  friend void describe(auto& a, transaction_request& x) { a(x.operations, x.options); }
};

/// Many statements in one text; answered with a `script_result`.
struct script_request {
  /// The statements, separated by semicolons.
  std::string sql = {};
  /// What happens after a failing statement. An id needs `all_or_nothing`.
  script_mode mode = script_mode::all_or_nothing;
  /// Deadline, priority and id of the request.
  call_options options = {};

  friend bool operator==(const script_request&, const script_request&) = default;
  friend void describe(auto& a, script_request& x) {
    a(x.sql, x.mode, x.options);
    if (x.mode > script_mode::continue_on_error)
      throw error(errc::protocol, "a message cannot be read: a script's mode is unknown");
  }
};

/// Opens a cursor on the latest commit; answered with its `cursor_id`. The cursor is closed when
/// its last row was fetched, by `cursor_close`, when its owner ends, and after a minute without a
/// `cursor_next`.
struct cursor_open {
  /// One statement; more than one is `errc::multiple_statements`.
  std::string sql = {};
  /// Its parameters, named or positional.
  params parameters = {};
  /// Deadline, priority and id of the request.
  call_options options = {};

  friend bool operator==(const cursor_open&, const cursor_open&) = default;
  friend void describe(auto& a, cursor_open& x) { a(x.sql, x.parameters, x.options); }
};

/// An open cursor of the sender.
struct cursor_id {
  /// The number of the cursor, unique within the engine. Another sender cannot use it.
  std::uint64_t number = 0;

  friend bool operator==(const cursor_id&, const cursor_id&) = default;
  friend void describe(auto& a, cursor_id& x) { a(x.number); }
};

/// Requests the next rows, at most `batch`; answered with `rows`, which are empty at the end.
struct cursor_next {
  /// The cursor to fetch from.
  cursor_id id = {};
  /// Rows at most, at least 1. A page ends early after `defaults::cursor_batch_bytes`.
  std::uint64_t batch = defaults::cursor_batch;
  /// From its arrival to its answer; 0 takes the engine's `request_timeout`.
  std::chrono::milliseconds timeout{0};
  /// As `call_options::peer`.
  std::uint64_t peer = 0;

  friend bool operator==(const cursor_next&, const cursor_next&) = default;
  friend void describe(auto& a, cursor_next& x) { a(x.id, x.batch, x.timeout); }
};

/// Closes a cursor of the sender; not answered. It has no effect on a cursor that is closed.
struct cursor_close {
  /// The cursor to close.
  cursor_id id = {};

  friend bool operator==(const cursor_close&, const cursor_close&) = default;
  friend void describe(auto& a, cursor_close& x) { a(x.id); }
};

/// Cancels the sender's request with this number, waiting or running; not answered. It has no
/// effect on a request that is done.
struct cancel_request {
  /// The `call_options::cancel_token` of the request to cancel.
  std::uint64_t cancel_token = 0;

  friend bool operator==(const cancel_request&, const cancel_request&) = default;
  friend void describe(auto& a, cancel_request& x) { a(x.cancel_token); }
};

/// Maintenance of the database. `argument`: the table of analyze, the mode of checkpoint (passive,
/// full, restart, truncate), the name of the pragma. Answered with a `maintenance_result`.
struct maintenance_request {
  /// What to do.
  maintenance_kind what = maintenance_kind::optimize;
  /// As the kind needs it, see above; empty: all tables, or the mode truncate.
  std::string argument = {};
  /// The value of the pragma; for the other kinds not used.
  value setting = {};
  /// Deadline, priority and id of the request.
  call_options options = {};

  friend bool operator==(const maintenance_request&, const maintenance_request&) = default;
  friend void describe(auto& a, maintenance_request& x) {
    a(x.what, x.argument, x.setting, x.options);
  }
};

/// Makes a backup now. Answered with true when it is done, with false at once if another backup
/// runs. A backup that a port's peer requests is kept in the folder `peers` beside the others;
/// within `backup_interval` of the previous such one it fails with `errc::not_allowed`.
struct backup_request {
  /// Deadline, priority and id of the request.
  call_options options = {};

  friend bool operator==(const backup_request&, const backup_request&) = default;
  friend void describe(auto& a, backup_request& x) { a(x.options); }
};

/// Makes a backup at a path that the caller names, on the engine's machine, never over an existing
/// file. Answered with true when it is done. Only inside the engine's process.
struct backup_to_request {
  /// The file to make; its folder must exist.
  std::filesystem::path target = {};
  /// Deadline, priority and id of the request.
  call_options options = {};

  friend bool operator==(const backup_to_request&, const backup_to_request&) = default;
  friend void describe(auto& a, backup_to_request& x) { a(x.target, x.options); }
};

/// Verifies a backup, as `verify_backup`; answered with a `verify_report`. Only inside the engine's
/// process.
struct verify_request {
  /// The backup to verify.
  std::filesystem::path path = {};
  /// Deadline, priority and id of the request.
  call_options options = {};

  friend bool operator==(const verify_request&, const verify_request&) = default;
  friend void describe(auto& a, verify_request& x) { a(x.path, x.options); }
};

/// Removes old backups of this engine's database in its folder, as `prune_backups`; answered with a
/// `prune_report`. Only inside the engine's process.
struct prune_request {
  /// What to keep.
  retention_policy policy = {};
  /// Removes nothing and answers with what would be removed.
  bool dry_run = false;
  /// Deadline, priority and id of the request.
  call_options options = {};

  friend bool operator==(const prune_request&, const prune_request&) = default;
  friend void describe(auto& a, prune_request& x) { a(x.policy, x.dry_run, x.options); }
};

/// Answered with the `backup_info` of the engine's backup folder.
struct backup_info_request {
  friend bool operator==(const backup_info_request&, const backup_info_request&) = default;
  friend void describe(auto&, backup_info_request&) {}
};
/// Answered with `statistics`, also while workers are busy.
struct statistics_request {
  friend bool operator==(const statistics_request&, const statistics_request&) = default;
  friend void describe(auto&, statistics_request&) {}
};
/// Answered with a `health_report`, also while workers are busy.
struct health_request {
  friend bool operator==(const health_request&, const health_request&) = default;
  friend void describe(auto&, health_request&) {}
};
/// Answered with the `database_info` of the file. Runs on a reader, as any read.
struct database_info_request {
  /// As `call_options::peer`.
  std::uint64_t peer = 0;

  friend bool operator==(const database_info_request&, const database_info_request&) = default;
  friend void describe(auto&, database_info_request&) {}
};

namespace actors {

/// Converts the error of an actor's answer to the facade's. It also converts CAF's own errors (a
/// receiver that is down, a request that timed out).
error to_error(const caf::error& e);
/// As `to_error`, but without the exception.
error_info to_info(const caf::error& e);
/// The error as an actor answers with it: the inverse of `to_info`.
caf::error from_info(const error_info& e);

namespace wire {

// Defined in message_bytes.cpp, `print` in message_text.cpp.
#define DBENGINE_WIRE(type, ...)                                                                   \
  std::string save(const type& x);                                                                 \
  caf::error load(std::string_view bytes, type& x);                                                \
  std::string print(const type& x);
DBENGINE_MESSAGES(DBENGINE_WIRE)
DBENGINE_WIRE(std::vector<operation_result>)
#undef DBENGINE_WIRE

/// A message's fields as readable text, which CAF prints unchanged.
struct printed {
  std::string text;
  friend const std::string& to_string(const printed& x) { return x.text; }
};

/// Whether the inspector makes text for people. All others read or write bytes.
template <class Inspector>
inline constexpr bool prints = std::is_same_v<Inspector, caf::detail::stringification_inspector>;

template <class Inspector, class T>
typename Inspector::result_type inspect_message(Inspector& f, T& x, const char* name) {
  if constexpr (prints<Inspector>) {
    return f(caf::meta::type_name(name), printed{print(x)});
  } else {
    std::string bytes;
    if constexpr (Inspector::reads_state)
      bytes = save(x);
    auto load_back = caf::meta::load_callback([&]() -> caf::error { return load(bytes, x); });
    return f(caf::meta::type_name(name), bytes, load_back);
  }
}

} // namespace wire
} // namespace actors

// Found by argument-dependent lookup from CAF.
#define DBENGINE_INSPECT(type, ...)                                                                \
  template <class Inspector>                                                                       \
  typename Inspector::result_type inspect(Inspector& f, type& x) {                                 \
    return actors::wire::inspect_message(f, x, #type);                                             \
  }
DBENGINE_MESSAGES(DBENGINE_INSPECT)
#undef DBENGINE_INSPECT

/// The results of a transaction, one per operation.
struct transaction_result {
  /// In the order of the operations.
  std::vector<operation_result> results = {};

  friend bool operator==(const transaction_result&, const transaction_result&) = default;
  friend void describe(auto& a, transaction_result& x) { a(x.results); }
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, transaction_result& x) {
  return actors::wire::inspect_message(f, x.results, "transaction_result");
}

} // namespace dbengine
