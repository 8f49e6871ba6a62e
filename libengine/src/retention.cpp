// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "retention.hpp"

#include <algorithm>

namespace dbengine::detail {

retention_plan plan_retention(const std::vector<catalog_entry>& newest_first,
                              const std::string& source, const retention_policy& policy,
                              wall_time now) {
  retention_plan plan;
  int kept = 0;
  std::uintmax_t bytes = 0;
  bool full = false;
  bool newest_seen = false;
  for (const auto& e : newest_first) {
    if (!e.about || e.about->source != source)
      continue;
    const bool newest = e.file.verified && !newest_seen;
    newest_seen |= e.file.verified;
    bool remove = false;
    if (policy.keep_count > 0)
      remove |= kept >= policy.keep_count;
    if (policy.max_age.count() > 0)
      remove |= now - e.file.time > policy.max_age;
    // From the first that does not fit on, all older ones go: no gaps.
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

retention_result apply_retention(const std::filesystem::path& folder, const std::string& source,
                                 const retention_policy& policy, wall_time now, bool dry_run,
                                 const std::function<void(std::string_view)>& at) {
  retention_result result;
  const auto opened = directory::open(folder, false);
  const auto lock = opened.lock(backup_lock_name);
  if (!lock) {
    result.skipped = true;
    return result;
  }
  result.plan = plan_retention(read_catalog(opened), source, policy, now);
  if (dry_run)
    return result;
  for (auto i = result.plan.remove.rbegin(); i != result.plan.remove.rend(); ++i) {
    const auto& name = i->filename;
    const auto file = opened.open_file(name);
    if (!file)
      continue;
    if (!try_lock(file.get(), true) || locked_by_sqlite(file.get())) {
      result.in_use.push_back(name);
      continue;
    }
    if (at)
      at("retention delete");
    opened.remove(name);
    if (at)
      at("retention manifest");
    opened.remove(name + std::string(manifest_suffix));
    result.removed.push_back(name);
  }
  if (!result.removed.empty())
    opened.sync();
  return result;
}

} // namespace dbengine::detail
