// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How the program ends.
#pragma once

#include <dbengine/error.hpp>

#include <stdexcept>
#include <string>

namespace dbengine::app {

/// The exit codes, part of the program's interface.
enum class exit_code : int {
  ok = 0,
  data = 1,  ///< SQL that is wrong, data that does not fit, a file that cannot be read or written
  usage = 2, ///< a command line that cannot be understood
  configuration = 3, ///< a configuration file that cannot be used
  busy = 5,          ///< the database is held by somebody else, or the time was up
  unreachable = 6,   ///< the server cannot be reached
  check_failed = 7,  ///< a check, a verification or a comparison found something
  corrupt = 11,      ///< the file is damaged or no database
  interrupted = 130  ///< Ctrl-C
};

/// The exit code of an engine's error.
exit_code to_exit_code(errc code) noexcept;

/// A command line that cannot be understood.
class usage_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A configuration that cannot be used; the message begins with file:line:column.
class config_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Data that cannot be used, or a file that cannot be read or written.
class data_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// An engine's error together with the text it points into.
class statement_error : public dbengine::error {
public:
  statement_error(const dbengine::error& e, std::string sql)
      : error(e.info()), sql_(std::move(sql)) {}
  const std::string& sql() const noexcept { return sql_; }

private:
  std::string sql_;
};

/// Runs `f`; an engine's error leaves it as a `statement_error` with the text.
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
