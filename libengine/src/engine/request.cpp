// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/request.hpp"

#include <dbengine/defaults.hpp>

namespace dbengine::engine {

request_class request::statistics_class() const noexcept {
  switch (what) {
  case kind::fetch: return request_class::fetch;
  case kind::batch: return request_class::bulk;
  case kind::transaction:
  case kind::acquire_writer: return request_class::transaction;
  case kind::script: return request_class::script;
  case kind::maintenance: return job_class;
  case kind::execute: break;
  }
  return request_class::execute;
}

std::size_t request::bytes() const noexcept {
  auto n = sizeof(request) + sql.size() + parameters.bytes();
  for (const auto& s : batch_parameters)
    n += sizeof(params) + s.bytes();
  for (const auto& o : operations)
    n += sizeof(operation) + o.sql.size() + o.parameters.bytes();
  return n;
}

bool request::is_stuck(sqlite::clock::time_point now) const noexcept {
  return deadline != sqlite::clock::time_point::max() &&
         now >= deadline + defaults::interrupt_grace;
}

std::string request::describe() const {
  constexpr std::size_t most = 80;
  if (sql.empty())
    return what == kind::transaction ? "a transaction request" : "a maintenance request";
  return "request \"" + (sql.size() > most ? sql.substr(0, most) + "…" : sql) + "\"";
}

} // namespace dbengine::engine
