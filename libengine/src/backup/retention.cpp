// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/retention.hpp"

#include "backup/backup_stream.hpp"
#include "os/pinned_file.hpp"

#include <algorithm>

namespace dbengine::backup {

retention_plan plan_retention(const std::vector<catalog_entry>& newest_first,
                              const backup_source& source, const retention_policy& policy,
                              wall_time now) {
  retention_plan plan;
  int kept = 0;
  std::uintmax_t bytes = 0;
  bool full = false;
  bool newest_seen = false;
  for (const auto& e : newest_first) {
    if (!e.about || !source.may_own(*e.about))
      continue;
    if (!source.owns(*e.about)) {
      plan.keep.push_back(e.file);
      continue;
    }
    const bool newest = e.file.verified && !newest_seen;
    newest_seen |= e.file.verified;
    bool remove = false;
    if (policy.keep_count > 0)
      remove |= kept >= policy.keep_count;
    if (policy.max_age.count() > 0)
      remove |= now - e.file.time > policy.max_age;
    // From the first backup that does not fit, all older ones are removed: no gaps.
    if (policy.max_bytes > 0 && newest_seen)
      remove |= full = full || bytes + e.file.size_bytes > policy.max_bytes;
    if (remove && !newest) {
      plan.remove.push_back(e.file);
      continue;
    }
    plan.keep.push_back(e.file);
    bytes += e.file.size_bytes;
    kept += e.file.verified ? 1 : 0;
  }
  return plan;
}

namespace {

bool is_intact(const os::directory& folder, const catalog_entry& e) {
  const auto file = os::pinned_file::open(folder, e.file.filename);
  return file && stream(stream_kind::plain, file.get(), -1, {}).sha256_in == e.about->sha256;
}

} // namespace

prune_report apply_retention(const std::filesystem::path& folder, const backup_source& source,
                             const retention_policy& policy, wall_time now, bool dry_run,
                             const std::function<void(std::string_view)>& at,
                             const std::string& just_made) {
  prune_report report;
  const auto opened = os::directory::open(folder, false);
  const auto lock = dry_run ? os::pinned_file() : os::pinned_file(opened.lock(backup_lock_name));
  if (!dry_run && !lock) {
    report.skipped = true;
    return report;
  }
  auto entries = read_catalog(opened);
  auto plan = plan_retention(entries, source, policy, now);
  for (auto e = entries.begin(); e != entries.end() && !plan.remove.empty(); ++e) {
    if (!e->about || !source.owns(*e->about) || !e->file.verified)
      continue;
    if (e->file.filename == just_made || is_intact(opened, *e))
      break;
    e->file.verified = false;
    plan = plan_retention(entries, source, policy, now);
  }
  report.kept = std::move(plan.keep);
  if (dry_run) {
    report.removed = std::move(plan.remove);
    return report;
  }
  for (auto i = plan.remove.rbegin(); i != plan.remove.rend(); ++i) {
    const auto& name = i->filename;
    const auto file = os::pinned_file::open(opened, name);
    if (!file)
      continue;
    if (!os::try_lock(file.get(), true) || os::locked_by_sqlite(file.get())) {
      report.in_use.push_back(*i);
      continue;
    }
    if (at)
      at("retention delete");
    opened.remove(name);
    if (at)
      at("retention manifest");
    opened.remove(name + std::string(manifest_suffix));
    report.removed.push_back(*i);
  }
  std::reverse(report.removed.begin(), report.removed.end());
  std::reverse(report.in_use.begin(), report.in_use.end());
  if (!report.removed.empty())
    opened.sync();
  return report;
}

} // namespace dbengine::backup

namespace dbengine {

prune_report prune_backups(const std::filesystem::path& folder, const std::string& database_url,
                           const retention_policy& policy, bool dry_run) {
  if (policy.keep_count < 0 || policy.max_age.count() < 0)
    throw error(errc::invalid_option, "keep_count and max_age must not be negative");
  return backup::apply_retention(folder, backup::source_of(sqlite::locate(database_url)), policy,
                                 std::chrono::system_clock::now(), dry_run);
}

} // namespace dbengine
