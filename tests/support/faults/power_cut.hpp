// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A model of what a disk may hold after a power cut: replays the records of
// preload/power_cut_recorder for the files of one folder.
//
// A file's bytes are safe after the file was synced later than they were written. A name is safe
// after its folder was synced. What is not safe may be present or absent, one sector of 512 bytes
// at a time, in any order. A sector has the content of some moment since its last sync. After a
// failed sync, a later sync does not write the earlier bytes either, unless their page is written
// again. (Linux reports an error once and marks the page clean.)
//
// Thread safety: one thread.
// Ownership: by value.

#pragma once

#include "support/faults/power_cut_record.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace dbengine::test {

struct recorded_call {
  record_kind kind;
  std::uint64_t file = 0;
  std::uint64_t offset = 0;
  std::string first;
  std::string second;
};

/// All records of a log. Throws if it ends within one.
std::vector<recorded_call> read_records(const std::filesystem::path& log);

/// How much survives of what is not safe.
enum class cut_kind {
  nothing,   ///< only what is safe
  all,       ///< as if the process had been killed
  half,      ///< each sector and name with one chance in two
  few,       ///< each with one chance in ten
  most,      ///< each with nine chances in ten
  by_file,   ///< all of some files, nothing of others
  last_torn, ///< everything except sectors of the file written last
};
constexpr int cut_kinds = 7;

class disk_model {
public:
  /// Starts from `folder` before the first record: all its contents are safe.
  explicit disk_model(const std::filesystem::path& folder);

  void apply(const recorded_call& c);
  /// Like `apply`, but a sync makes nothing safe: the negative control.
  void apply_without_sync(const recorded_call& c);

  /// Whether the file has bytes whose sync failed and that no later sync made safe.
  bool unsafe_after_failed_sync(const std::string& name) const;

  /// Writes what may exist after a cut now into the folder `to`, which must be empty.
  void cut(const std::filesystem::path& to, cut_kind kind, std::mt19937_64& random) const;

private:
  // A change of one sector, or of the file's length (no bytes).
  struct change {
    std::uint64_t at = 0; // offset, or the new length
    std::string bytes = {};
    bool is_length = false;
    bool failed = false; // a sync of it has failed
  };
  struct file {
    std::string safe;
    std::vector<change> pending;
  };
  struct name_change {
    std::map<std::string, std::optional<std::uint64_t>> names; // file of each name; none: removed
  };

  static void keep(std::map<std::string, std::uint64_t>& names, const name_change& changed);
  static void apply_to(std::string& bytes, const change& c);
  static void sync(file& f);
  static std::string bytes_after_cut(const file& f, cut_kind kind, bool last,
                                     std::mt19937_64& random);
  void rename_or_link(const recorded_call& c);
  std::map<std::string, std::uint64_t> now() const;
  std::map<std::string, std::uint64_t> names_after_cut(cut_kind kind,
                                                       std::mt19937_64& random) const;

  std::map<std::uint64_t, file> files_;
  std::map<std::string, std::uint64_t> safe_names_;
  std::vector<name_change> pending_names_;
  std::vector<std::string> folders_;
  std::uint64_t last_written_ = 0;
};

} // namespace dbengine::test
