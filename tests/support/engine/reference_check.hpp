// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Compares the answers of an engine with many senders against plain SQLite. Plain SQLite runs the
// same requests one by one, in the order in which the engine ran them.
// Thread safety: a log's entries belong to their senders; the check runs after all have ended.

#pragma once

#include "support/engine/work.hpp"

#include <dbengine/error.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace dbengine::test {

/// A request with its answer. Call, run and answer draw their numbers from one counter.
struct logged_request {
  work request;
  std::size_t sender = 0;
  long called = 0;
  long ran = 0; ///< the last number that it drew while it ran; 0: none
  long answered = 0;
  std::string answer;
  dbengine::outcome outcome = dbengine::outcome::not_run;
};

using request_log = std::vector<logged_request>;

/// The differences from plain SQLite, one text each: answers, the order of a sender's requests, and
/// the tables at the end (as `plain_sqlite::dump` writes them). Empty if there are none.
std::vector<std::string> problems_of(const request_log& log, const std::string& tables);

} // namespace dbengine::test
