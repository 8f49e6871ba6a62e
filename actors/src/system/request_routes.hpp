// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The rows of `DBENGINE_REQUESTS` as types, and how each request is handled. Both handles dispatch
// by it; the gateway, the client's rules for resending and the codec's lists of kinds read it.
// Thread safety: constants and plain functions.

#pragma once

#include <dbengine/actors/handles.hpp>

#include <caf/message.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

namespace dbengine::actors::system {

/// The kind of a `wire_request`, its first byte. The numbers are part of the protocol. Each
/// body begins with the request's timeout (64 bits, milliseconds); then follows the request as
/// `describe` lists it, but for these:
/// - hello: wire_protocol (32 bits), the client's version
/// - fetch: after the request, whether it may write (8 bits)
/// - cancel: the id of the request to stop (64 bits)
/// - more: the id of the request whose answer continues (64 bits)
enum class wire_kind : std::uint8_t {
  hello = 0,
  more = 10,
#define DBENGINE_WIRE_KIND(request, answer, name, number, ...) name = number,
  DBENGINE_REQUESTS(DBENGINE_WIRE_KIND)
#undef DBENGINE_WIRE_KIND
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
  effect does = effect::reads;
  resend again = resend::always;
  /// It carries statements and parameters: its body may be large.
  bool statements = false;
  /// If it names no timeout, it gets the engine's or the port's.
  bool bounded = true;
};

/// `Result` is void if the request has no answer.
template <class Request, class Result, wire_kind Kind, request_rule Rule>
struct request_row {
  using request = Request;
  using result = Result;
  static constexpr wire_kind kind = Kind;
  static constexpr request_rule rule = Rule;
};

template <class... Rows>
struct request_table {};

#define DBENGINE_ROW(request, answer, name, number, ...)                                           \
  , request_row<request, answer, wire_kind::name, request_rule{__VA_ARGS__}>
using request_routes =
    dbengine::detail::list_of<request_table, void DBENGINE_REQUESTS(DBENGINE_ROW)>::type;
#undef DBENGINE_ROW

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
  if (Row::kind == local_only || Row::kind != k)
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

namespace table {

template <class... Rows>
constexpr bool kinds_differ(request_table<Rows...>) {
  constexpr wire_kind all[] = {wire_kind::hello, wire_kind::more, Rows::kind...};
  for (std::size_t i = 0; i < std::size(all); ++i)
    for (std::size_t j = i + 1; j < std::size(all); ++j)
      if (all[i] != local_only && all[i] == all[j])
        return false;
  return true;
}

} // namespace table

static_assert(table::kinds_differ(request_routes()), "each kind on the wire is one request's");

} // namespace dbengine::actors::system
