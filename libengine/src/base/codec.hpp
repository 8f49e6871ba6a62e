// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Binary encoding of requests and results, for the wire and for the record of exactly-once writes.
// Numbers are little-endian; a double is its 64-bit pattern, because CAF's own encoding changes
// NaN, -0.0 and denormals and hangs on infinity (docs/measurements.md).
// Thread safety: independent objects.
// Errors: a decoder trusts no input; bytes that do not fit throw `errc::protocol`.

#pragma once

#include "base/processor_share.hpp"

#include <dbengine/backup.hpp>
#include <dbengine/results.hpp>
#include <dbengine/stats.hpp>

#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace dbengine::base {

static_assert(std::endian::native == std::endian::little,
              "cells cross the wire as they are in memory");

/// Encodes values into one string of bytes.
class encoder {
public:
  static constexpr bool decoding = false;

  template <class... Ts>
  void operator()(const Ts&... xs) {
    (put(xs), ...);
  }
  std::string take() { return std::move(out_); }

private:
  template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void put(const T& x) { out_.append(reinterpret_cast<const char*>(&x), sizeof x); }
  void put(const std::string& s) { bytes(s); }
  void put(const std::filesystem::path& p) { bytes(p.native()); }
  void put(const blob& b) { bytes({reinterpret_cast<const char*>(b.data()), b.size()}); }
  template <class R, class P>
  void put(const std::chrono::duration<R, P>& d) {
    put(static_cast<std::int64_t>(d.count()));
  }
  void put(const wall_time& t) { put(t.time_since_epoch()); }
  template <class T>
  void put(const std::vector<T>& v) {
    put(static_cast<std::uint64_t>(v.size()));
    for (const auto& x : v)
      put(x);
  }
  template <class T, std::size_t N>
  void put(const std::array<T, N>& v) {
    for (const auto& x : v)
      put(x);
  }
  template <class T>
  void put(const std::optional<T>& x) {
    put(static_cast<std::uint8_t>(x.has_value()));
    if (x)
      put(*x);
  }
  void put(const value& v);
  void put(const params& p);
  void put(const rows& r);
  void put(const operation_result& r);
  template <class T>
  requires requires(encoder& a, T& x) { describe(a, x); }
  void put(const T& x) { describe(*this, const_cast<T&>(x)); }
  void bytes(std::string_view s) {
    put(static_cast<std::uint64_t>(s.size()));
    out_.append(s);
  }

  std::string out_;
};

/// Decodes values from bytes, in the order in which they were encoded.
class decoder {
public:
  static constexpr bool decoding = true;

  /// `budget`: the bytes of memory that decoded lists may take. One byte of a hostile message can
  /// require 40 of them.
  explicit decoder(std::string_view in,
                   std::size_t budget = std::numeric_limits<std::size_t>::max())
      : in_(in), budget_(budget) {}

  template <class... Ts>
  void operator()(Ts&... xs) {
    (get(xs), ...);
  }
  /// Sets the maximum number of elements in a list of parameters. The bound is checked before
  /// memory is allocated.
  void bound_parameters(std::size_t most) noexcept { max_parameters_ = most; }
  /// Yields the processor after every 1,024 list elements: for a peer's message, whose decoding may
  /// take long.
  void share_processor() noexcept { shares_processor_ = true; }
  /// Throws if input is left.
  void end() const;

private:
  void count_element() noexcept {
    if (++elements_ % 1024 == 0 && shares_processor_)
      share_.yield();
  }
  [[noreturn]] static void fail(const char* what);
  [[noreturn]] void fail_parameters(std::uint64_t n) const;
  std::string_view take(std::uint64_t n) {
    if (n > in_.size())
      fail("it ends too early");
    const auto s = in_.substr(0, static_cast<std::size_t>(n));
    in_.remove_prefix(s.size());
    return s;
  }
  std::string_view bytes() {
    std::uint64_t n = 0;
    get(n);
    return take(n);
  }

  template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void get(T& x) {
    if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t b = 0;
      get(b);
      x = b != 0;
    } else {
      std::memcpy(&x, take(sizeof x).data(), sizeof x);
    }
  }
  void get(std::string& s) { s = std::string(bytes()); }
  void get(std::filesystem::path& p) { p = std::filesystem::path(std::string(bytes())); }
  void get(blob& b) {
    const auto s = std::as_bytes(std::span(bytes()));
    b.assign(s.begin(), s.end());
  }
  template <class R, class P>
  void get(std::chrono::duration<R, P>& d) {
    std::int64_t n = 0;
    get(n);
    d = std::chrono::duration<R, P>(static_cast<R>(n));
  }
  void get(wall_time& t) {
    wall_time::duration d{};
    get(d);
    t = wall_time(d);
  }
  template <class T>
  void get(std::vector<T>& v) {
    std::uint64_t n = 0;
    get(n);
    elements(v, n);
  }
  template <class T>
  void parameters(std::vector<T>& v) {
    std::uint64_t n = 0;
    get(n);
    if (n > max_parameters_)
      fail_parameters(n);
    elements(v, n);
  }
  template <class T>
  void elements(std::vector<T>& v, std::uint64_t n) {
    if (n > in_.size()) // every element takes at least one byte
      fail("a list is longer than its message");
    if (n > budget_ / sizeof(T))
      fail("its lists take more memory than a message may");
    budget_ -= static_cast<std::size_t>(n) * sizeof(T);
    v.clear();
    v.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(n, 1024)));
    for (std::uint64_t i = 0; i < n; ++i) {
      get(v.emplace_back());
      count_element();
    }
  }
  template <class T, std::size_t N>
  void get(std::array<T, N>& v) {
    for (auto& x : v)
      get(x);
  }
  template <class T>
  void get(std::optional<T>& x) {
    std::uint8_t there = 0;
    get(there);
    x.reset();
    if (there != 0) {
      T y{};
      get(y);
      x = std::move(y);
    }
  }
  void get(value& v);
  void get(params& p);
  void get(rows& r);
  void get(operation_result& r);
  template <class T>
  requires requires(decoder& a, T& x) { describe(a, x); }
  void get(T& x) { describe(*this, x); }

  std::string_view in_;
  std::size_t budget_;
  std::size_t elements_ = 0;
  bool shares_processor_ = false;
  processor_share share_;
  std::size_t max_parameters_ = std::numeric_limits<std::size_t>::max();
};

// -- fields of each structure ---------------------------------------------------------------------

void describe(auto& a, error_info& x) {
  a(x.code, x.outcome, x.extended_code, x.offset, x.index, x.message);
}
void describe(auto& a, write_result& x) {
  a(x.changes, x.last_insert_rowid, x.elapsed);
}
void describe(auto& a, batch_result& x) {
  a(x.sets, x.changes, x.elapsed);
}
void describe(auto& a, operation& x) {
  a(x.what, x.sql, x.parameters);
}
void describe(auto& a, script_step& x) {
  a(x.offset, x.size, x.written, x.result, x.failure);
}
void describe(auto& a, script_result& x) {
  a(x.steps);
}
void describe(auto& a, latency& x) {
  a(x.count, x.p50, x.p90, x.p99, x.p999, x.max);
}
void describe(auto& a, class_statistics& x) {
  a(x.count, x.errors, x.rows, x.wait, x.run);
}
void describe(auto& a, worker_health& x) {
  a(x.name, x.state, x.restarts, x.last_failure, x.circuit, x.note);
}
void describe(auto& a, escalation& x) {
  a(x.what, x.worker, x.reason);
}
void describe(auto& a, slow_statement& x) {
  a(x.sql, x.elapsed);
}
void describe(auto& a, statistics& x) {
  a(x.requests, x.errors, x.backups, x.queue_size, x.backup_enabled, x.backup_interval,
    x.last_backup_time, x.backup_dir, x.classes, x.queue_bytes, x.overloaded, x.timeouts, x.commits,
    x.groups, x.grouped_requests, x.largest_group, x.groups_rerun, x.inline_writes, x.checkpoints,
    x.wal_bytes, x.statement_cache_hits, x.statement_cache_misses, x.snapshots_reused,
    x.reads_on_writer, x.snapshots_opened, x.leases_open, x.restarts, x.circuit, x.workers,
    x.slowest);
}
void describe(auto& a, health_report& x) {
  a(x.ok, x.workers, x.circuit, x.file_present, x.fenced, x.disk_free_bytes, x.wal_bytes,
    x.last_backup_age, x.problems);
}
void describe(auto& a, database_info& x) {
  a(x.sqlite_version, x.engine_version, x.path, x.memory, x.read_only, x.page_size, x.page_count,
    x.freelist_count, x.file_bytes, x.wal_bytes, x.journal_mode, x.synchronous, x.encoding,
    x.user_version, x.application_id, x.foreign_keys, x.cache_bytes, x.mmap_bytes);
}
void describe(auto& a, checkpoint_result& x) {
  a(x.complete, x.wal_pages, x.moved_pages);
}
void describe(auto& a, backup_file& x) {
  a(x.filename, x.path, x.size_bytes, x.time, x.verified, x.sha256, x.pages, x.compressed);
}
void describe(auto& a, backup_progress& x) {
  a(x.pages_done, x.pages_total);
}
void describe(auto& a, backup_info& x) {
  a(x.enabled, x.interval, x.directory, x.last_backup, x.next_due, x.total_backups,
    x.failed_backups, x.last_error, x.running, x.backup_files);
}

/// Returns the values as bytes.
template <class... Ts>
std::string encode(const Ts&... xs) {
  encoder e;
  e(xs...);
  return e.take();
}

/// Decodes the whole input. Throws `errc::protocol` if it is too short, too long or malformed.
template <class... Ts>
void decode(std::string_view in, Ts&... xs) {
  decoder d(in);
  d(xs...);
  d.end();
}

} // namespace dbengine::base
