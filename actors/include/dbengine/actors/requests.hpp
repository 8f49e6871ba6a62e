// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// The table of requests, one row each. Everything that lists requests is made of it: the typed
/// interface `engine_actor`, CAF's type ids and `inspect`, the numbers of the wire, the dispatch of
/// both handles, the gateway, the codec, and the client's rules for resending.
/// Thread safety: a macro.
///
/// A new request has three places: its struct in messages.hpp, its row here, and a handler in the
/// library's `engine_handle`. A request that goes to the statistics actor or to the backup
/// scheduler is handled there instead. An answer of a new type also has a struct, in
/// `DBENGINE_ANSWERS`.

#pragma once

/// row(request, answer, wire kind, number, …)
///
/// - answer: void if the request has none.
/// - wire kind: the name of its number, which is part of the protocol: numbers are never used
///   again, and new ones go up. 255: no peer can send it, because it names files, which only the
///   engine's own process may. Taken by other messages: 0 (hello), 10 (more).
/// - the rest: how the library handles it. See `request_rule` in system/request_routes.hpp.
// clang-format off
#define DBENGINE_REQUESTS(row)                                                                     \
  row(execute_request, write_result, execute, 1,                                                   \
      .to = route::writer, .does = effect::writes, .again = resend::if_reading_or_id,              \
      .statements = true)                                                                          \
  row(fetch_request, rows, fetch, 2,                                                               \
      .to = route::statement, .does = effect::by_content, .again = resend::if_reading_or_id,       \
      .statements = true)                                                                          \
  row(batch_request, batch_result, batch, 3,                                                       \
      .to = route::writer, .does = effect::writes, .again = resend::if_reading_or_id,              \
      .statements = true)                                                                          \
  row(transaction_request, transaction_result, transaction, 4,                                     \
      .to = route::writer, .does = effect::writes, .again = resend::if_reading_or_id,              \
      .statements = true)                                                                          \
  row(script_request, script_result, script, 5,                                                    \
      .to = route::writer, .does = effect::writes, .again = resend::if_reading_or_id,              \
      .statements = true)                                                                          \
  row(cursor_open, cursor_id, cursor_open, 6,                                                      \
      .to = route::cursor, .statements = true)                                                     \
  /* The next rows are not the same rows. */                                                       \
  row(cursor_next, rows, cursor_next, 7,                                                           \
      .to = route::cursor, .again = resend::never)                                                 \
  row(cursor_close, void, cursor_close, 8,                                                         \
      .to = route::cursor)                                                                         \
  row(cancel_request, void, cancel, 9,                                                             \
      .to = route::cancel)                                                                         \
  row(maintenance_request, maintenance_result, maintenance, 11,                                    \
      .to = route::maintenance, .does = effect::by_content, .again = resend::if_reading,           \
      .statements = true)                                                                          \
  /* It takes as long as the file is large. */                                                     \
  row(backup_request, bool, backup, 12,                                                            \
      .to = route::backup, .does = effect::backup, .again = resend::never, .bounded = false)       \
  row(backup_to_request, bool, backup_to, 255,                                                     \
      .to = route::backup, .does = effect::writes)                                                 \
  row(verify_request, verify_report, verify, 255,                                                  \
      .to = route::backup)                                                                         \
  row(prune_request, prune_report, prune, 255,                                                     \
      .to = route::backup, .does = effect::by_content)                                             \
  row(backup_info_request, backup_info, backup_info, 13,                                           \
      .to = route::backup)                                                                         \
  row(statistics_request, statistics, statistics, 14,                                              \
      .to = route::stats)                                                                          \
  row(health_request, health_report, health, 15,                                                   \
      .to = route::stats)                                                                          \
  row(database_info_request, database_info, database_info, 16,                                     \
      .to = route::reader)

/// one(answer). `transaction_result` is not in the list, because it is a vector on the wire.
#define DBENGINE_ANSWERS(one)                                                                      \
  one(write_result) one(rows) one(batch_result) one(script_result) one(cursor_id)                  \
  one(maintenance_result) one(verify_report) one(prune_report) one(backup_info) one(statistics)    \
  one(health_report) one(database_info) one(escalation)
// clang-format on

/// All messages with fields of their own: `one` gets the type first.
#define DBENGINE_MESSAGES(one) DBENGINE_REQUESTS(one) DBENGINE_ANSWERS(one)
