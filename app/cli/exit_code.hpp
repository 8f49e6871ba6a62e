// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Exit codes and the errors that cause them.
#pragma once

#include <dbengine/error.hpp>

#include <stdexcept>
#include <string>

namespace dbengine::app {

/// The exit codes, part of the program's interface.
enum class exit_code : int {
  ok = 0,            ///< success
  data = 1,          ///< wrong SQL, data that does not fit, a file that cannot be read or written
  usage = 2,         ///< an invalid command line
  configuration = 3, ///< an invalid configuration file
  busy = 5,          ///< the database is locked, busy, overloaded or unavailable; or a timeout
  unreachable = 6,   ///< the server is unreachable
  check_failed = 7,  ///< a check, a verification or a comparison found a problem
  corrupt = 11,      ///< the file is damaged or not a database
  interrupted = 130  ///< Ctrl-C
};

/// The exit code for an error of the engine.
exit_code to_exit_code(errc code) noexcept;

/// An invalid command line.
class usage_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// An invalid configuration; the message begins with file:line:column.
class config_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Unusable data, or a file that cannot be read or written.
class data_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// An error of the engine, with the text that its offset refers to.
class statement_error : public dbengine::error {
public:
  statement_error(const dbengine::error& e, std::string sql)
      : error(e.info()), sql_(std::move(sql)) {}
  const std::string& sql() const noexcept { return sql_; }

private:
  std::string sql_;
};

/// Calls `f`. Converts an error of the engine to a `statement_error` with the text.
template <class F>
auto pointing_into(const std::string& sql, F&& f) {
  try {
    return f();
  } catch (const statement_error&) {
    throw;
  } catch (const dbengine::error& e) {
    throw statement_error(e, sql);
  }
}

} // namespace dbengine::app
