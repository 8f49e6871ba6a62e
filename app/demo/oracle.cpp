// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "demo/oracle.hpp"

#include <dbengine/error.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

#include <sqlite3.h>

namespace dbengine::app::demo {

namespace {

/// The handler runs some thousand times a second.
constexpr int instructions_between_looks = 10'000;

struct finalizer {
  void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
};

[[noreturn]] void fail(sqlite3* handle, std::string_view what) {
  std::string text(what);
  text += ": ";
  text += handle != nullptr ? sqlite3_errmsg(handle) : "out of memory";
  throw std::runtime_error(text);
}

struct binder {
  sqlite3_stmt* statement;
  int index;

  int operator()(std::monostate) const { return sqlite3_bind_null(statement, index); }
  int operator()(std::int64_t x) const { return sqlite3_bind_int64(statement, index, x); }
  int operator()(double x) const { return sqlite3_bind_double(statement, index, x); }
  int operator()(const std::string& x) const {
    return sqlite3_bind_text64(statement, index, x.data(), x.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  int operator()(const blob& x) const {
    return sqlite3_bind_blob64(statement, index, x.data(), x.size(), SQLITE_TRANSIENT);
  }
};

value column(sqlite3_stmt* s, int i) {
  const auto size = [&] { return static_cast<std::size_t>(sqlite3_column_bytes(s, i)); };
  switch (sqlite3_column_type(s, i)) {
  case SQLITE_INTEGER: return sqlite3_column_int64(s, i);
  case SQLITE_FLOAT: return sqlite3_column_double(s, i);
  case SQLITE_TEXT: {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, i));
    return std::string(text, size());
  }
  case SQLITE_BLOB: {
    const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(s, i));
    return blob(bytes, bytes + size());
  }
  default: return {};
  }
}

} // namespace

oracle::oracle(const std::filesystem::path& file, std::stop_token cancel)
    : cancel_(std::move(cancel)) {
  if (sqlite3_open_v2(file.c_str(), &handle_, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) {
    const std::string message = handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory";
    sqlite3_close(handle_);
    throw std::runtime_error("cannot open " + file.string() + ": " + message);
  }
  // Not sqlite3_interrupt: an interrupt between two statements would be lost.
  sqlite3_progress_handler(
      handle_, instructions_between_looks,
      [](void* self) { return static_cast<oracle*>(self)->cancel_.stop_requested() ? 1 : 0; },
      this);
}

oracle::~oracle() {
  sqlite3_close(handle_);
}

answer oracle::ask(std::string_view sql, const std::vector<value>& parameters) const {
  sqlite3_stmt* raw = nullptr;
  const int prepared =
      sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, finalizer> statement(raw);
  if (prepared != SQLITE_OK)
    fail(handle_, "prepare");
  int index = 0;
  for (const auto& p : parameters)
    if (std::visit(binder{raw, ++index}, p.data()) != SQLITE_OK)
      fail(handle_, "bind");
  answer result;
  int code = SQLITE_OK;
  while ((code = sqlite3_step(raw)) == SQLITE_ROW) {
    std::vector<value> row;
    const int columns = sqlite3_column_count(raw);
    for (int i = 0; i < columns; ++i)
      row.push_back(column(raw, i));
    result.push_back(std::move(row));
  }
  if (code == SQLITE_INTERRUPT)
    throw error(errc::cancelled, "interrupted");
  if (code != SQLITE_DONE)
    fail(handle_, "step");
  return result;
}

} // namespace dbengine::app::demo
