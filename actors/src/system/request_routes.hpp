// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The table of requests: what the public interface `engine_actor` takes, one row for each clause.
// Both handles dispatch by it. The gateway, the client's rules for resending and the codec's lists
// of kinds come from it too.
// Thread safety: constants and plain functions.
//
// A new request has a struct and a clause in the public headers, a row here, and a handler in
// `engine_handle`. If peers may send it, the row names its `wire_kind`. The asserts at the end
// refuse a clause without a row, a row without a clause, and a row with another result.

#pragma once

#include <dbengine/actors/handles.hpp>

#include <caf/message.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace dbengine::actors::system {

/// What a `wire_request` asks for, as its first byte. The numbers are part of the protocol. Each
/// body begins with the request's timeout (64 bits, milliseconds); then follows what is named.
enum class wire_kind : std::uint8_t {
  hello = 0,        ///< wire_protocol (32 bits), the client's version
  execute = 1,      ///< execute_request
  fetch = 2,        ///< fetch_request, whether it may write (8 bits)
  batch = 3,        ///< batch_request
  transaction = 4,  ///< transaction_request
  script = 5,       ///< script_request
  cursor_open = 6,  ///< cursor_open
  cursor_next = 7,  ///< cursor_next
  cursor_close = 8, ///< cursor_close
  cancel = 9,       ///< the id of the request to stop (64 bits)
  more = 10,        ///< the id of the request whose answer continues (64 bits)
  maintenance = 11, ///< maintenance_request
  backup = 12,      ///< backup_request
  backup_info = 13, ///< nothing more; the same below
  statistics = 14,
  health = 15,
  database_info = 16
};

/// Of a request that peers cannot send: it names files, which only the engine's own process may.
inline constexpr wire_kind local_only{255};

/// Which part of the engine runs the request.
enum class route : std::uint8_t {
  writer,      ///< the queue of the writer
  statement,   ///< the queue of the writer or of the readers, by the statement
  maintenance, ///< the queue of the writer or the maintenance reader, by the kind of maintenance
  reader,      ///< the queue of the readers
  cursor,      ///< the readers and the table of cursors
  cancel,      ///< the handle itself
  backup,      ///< the backup scheduler
  stats        ///< the statistics actor
};

/// What a request may change.
enum class effect : std::uint8_t {
  reads,      ///< nothing
  writes,     ///< the database, or the folder of the backups
  by_content, ///< the contents of the message decide, see `may_change`
  backup      ///< it writes a backup; a request that is marked read-only may do that
};

/// Whether the client may send the request once more after its connection was lost.
enum class resend : std::uint8_t {
  always,
  never,
  if_reading,      ///< if it changes nothing
  if_reading_or_id ///< if it changes nothing, or has an id
};

struct request_rule {
  route to = route::reader;
  wire_kind kind = local_only;
  effect does = effect::reads;
  resend again = resend::always;
  /// It carries statements and parameters: its body may be large.
  bool statements = false;
  /// Without a timeout of its own it takes the engine's or the port's.
  bool bounded = true;
};

/// `Result` is void if the request has no answer.
template <class Request, class Result, request_rule Rule>
struct request_row {
  using request = Request;
  using result = Result;
  static constexpr request_rule rule = Rule;
};

template <class... Rows>
struct request_table {
  static constexpr std::size_t size = sizeof...(Rows);
};

// clang-format off
using request_routes = request_table<
    request_row<execute_request, write_result,
                request_rule{.to = route::writer, .kind = wire_kind::execute, .does = effect::writes,
                             .again = resend::if_reading_or_id, .statements = true}>,
    request_row<fetch_request, rows,
                request_rule{.to = route::statement, .kind = wire_kind::fetch, .does = effect::by_content,
                             .again = resend::if_reading_or_id, .statements = true}>,
    request_row<batch_request, batch_result,
                request_rule{.to = route::writer, .kind = wire_kind::batch, .does = effect::writes,
                             .again = resend::if_reading_or_id, .statements = true}>,
    request_row<transaction_request, transaction_result,
                request_rule{.to = route::writer, .kind = wire_kind::transaction, .does = effect::writes,
                             .again = resend::if_reading_or_id, .statements = true}>,
    request_row<script_request, script_result,
                request_rule{.to = route::writer, .kind = wire_kind::script, .does = effect::writes,
                             .again = resend::if_reading_or_id, .statements = true}>,
    request_row<cursor_open, cursor_id,
                request_rule{.to = route::cursor, .kind = wire_kind::cursor_open, .statements = true}>,
    request_row<cursor_next, rows,
                request_rule{.to = route::cursor, .kind = wire_kind::cursor_next,
                             .again = resend::never}>, // the next rows are not the same rows
    request_row<cursor_close, void,
                request_rule{.to = route::cursor, .kind = wire_kind::cursor_close}>,
    request_row<cancel_request, void,
                request_rule{.to = route::cancel, .kind = wire_kind::cancel}>,
    request_row<maintenance_request, maintenance_result,
                request_rule{.to = route::maintenance, .kind = wire_kind::maintenance,
                             .does = effect::by_content, .again = resend::if_reading,
                             .statements = true}>,
    request_row<backup_request, bool,
                request_rule{.to = route::backup, .kind = wire_kind::backup, .does = effect::backup,
                             .again = resend::never,
                             .bounded = false}>, // it takes as long as the file is large
    request_row<backup_to_request, bool,
                request_rule{.to = route::backup, .does = effect::writes}>,
    request_row<verify_request, verify_report,
                request_rule{.to = route::backup}>,
    request_row<prune_request, prune_report,
                request_rule{.to = route::backup, .does = effect::by_content}>,
    request_row<backup_info_request, backup_info,
                request_rule{.to = route::backup, .kind = wire_kind::backup_info}>,
    request_row<statistics_request, statistics,
                request_rule{.to = route::stats, .kind = wire_kind::statistics}>,
    request_row<health_request, health_report,
                request_rule{.to = route::stats, .kind = wire_kind::health}>,
    request_row<database_info_request, database_info,
                request_rule{.to = route::reader, .kind = wire_kind::database_info}>>;
// clang-format on

namespace table {

template <class Row, class F>
bool visit_if_holds(const caf::message& m, F& f) {
  if (!m.match_elements<typename Row::request>())
    return false;
  f(Row());
  return true;
}

template <class Row, class F>
bool visit_if_kind(wire_kind k, F& f) {
  if (Row::rule.kind == local_only || Row::rule.kind != k)
    return false;
  f(Row());
  return true;
}

template <class F, class... Rows>
bool visit_message(const caf::message& m, F& f, request_table<Rows...>) {
  return (visit_if_holds<Rows>(m, f) || ...);
}

template <class F, class... Rows>
bool visit_wire_kind(wire_kind k, F& f, request_table<Rows...>) {
  return (visit_if_kind<Rows>(k, f) || ...);
}

} // namespace table

/// Calls `f(row)` with the row of the request in `m`. False if it holds no request.
template <class F>
bool visit_request(const caf::message& m, F&& f) {
  return table::visit_message(m, f, request_routes());
}

/// Calls `f(row)` with the row of this kind. False if there is none.
template <class F>
bool visit_kind(wire_kind k, F&& f) {
  return table::visit_wire_kind(k, f, request_routes());
}

namespace table {

template <class Request, class Row, class... Rows>
auto row_for(request_table<Row, Rows...>) {
  if constexpr (std::is_same_v<Request, typename Row::request>)
    return Row();
  else
    return row_for<Request>(request_table<Rows...>());
}

} // namespace table

/// The row of a type of request.
template <class Request>
using row_of = decltype(table::row_for<Request>(request_routes()));

// -- the table and the public interface agree -----------------------------------------------------

namespace table {

template <class Row>
struct clause {
  using type = typename caf::replies_to<typename Row::request>::template with<typename Row::result>;
};

template <class... Rows>
auto interface_of(request_table<Rows...>) -> caf::typed_actor<typename clause<Rows>::type...>;

template <class... Rows>
constexpr bool kinds_differ(request_table<Rows...>) {
  constexpr wire_kind all[] = {Rows::rule.kind...};
  for (std::size_t i = 0; i < sizeof...(Rows); ++i)
    for (std::size_t j = i + 1; j < sizeof...(Rows); ++j)
      if (all[i] != local_only && all[i] == all[j])
        return false;
  return true;
}

} // namespace table

static_assert(
    std::is_same_v<engine_actor, decltype(table::interface_of(request_routes()))>,
    "request_routes and engine_actor list the same requests with the same results, in the "
    "same order");
static_assert(table::kinds_differ(request_routes()), "each kind on the wire is one request's");

} // namespace dbengine::actors::system
