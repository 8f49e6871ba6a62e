// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/faults/power_cut.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <sys/stat.h>

namespace dbengine::test {

namespace {

constexpr std::uint64_t sector = 512;
constexpr std::uint64_t page = 4096;

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string folder_of(const std::string& name) {
  const auto slash = name.rfind('/');
  return slash == std::string::npos ? "." : name.substr(0, slash);
}

bool by_chance(std::mt19937_64& random, double p) {
  return std::bernoulli_distribution(p)(random);
}

double share_of(cut_kind kind, std::mt19937_64& random) {
  switch (kind) {
  case cut_kind::nothing: return 0;
  case cut_kind::half:
  case cut_kind::last_torn: return 0.5;
  case cut_kind::few: return 0.1;
  case cut_kind::most: return 0.9;
  case cut_kind::by_file: return by_chance(random, 0.5) ? 1 : 0;
  default: return 1;
  }
}

} // namespace

std::vector<recorded_call> read_records(const std::filesystem::path& log) {
  const auto bytes = content_of(log);
  std::vector<recorded_call> result;
  for (std::size_t at = 0; at < bytes.size();) {
    record_head head{};
    if (bytes.size() - at < sizeof head)
      throw std::runtime_error("a record is cut");
    std::memcpy(&head, bytes.data() + at, sizeof head);
    at += sizeof head;
    if (bytes.size() - at < std::uint64_t{head.first} + head.second)
      throw std::runtime_error("a record is cut");
    result.push_back({head.kind, head.file, head.offset, bytes.substr(at, head.first),
                      bytes.substr(at + head.first, head.second)});
    at += std::size_t{head.first} + head.second;
  }
  return result;
}

disk_model::disk_model(const std::filesystem::path& folder) {
  for (const auto& e : std::filesystem::recursive_directory_iterator(folder)) {
    const auto name = e.path().lexically_relative(folder).string();
    struct stat s {};
    if (e.is_directory()) {
      folders_.push_back(name);
    } else if (!name.ends_with("-shm") && ::stat(e.path().c_str(), &s) == 0) {
      files_[s.st_ino] = {content_of(e.path()), {}};
      safe_names_[name] = s.st_ino;
    }
  }
}

void disk_model::apply_to(std::string& bytes, const change& c) {
  if (c.is_length) {
    bytes.resize(c.at);
    return;
  }
  if (bytes.size() < c.at + c.bytes.size())
    bytes.resize(c.at + c.bytes.size());
  bytes.replace(c.at, c.bytes.size(), c.bytes);
}

void disk_model::sync(file& f) {
  std::set<std::uint64_t> dirty;
  for (const auto& c : f.pending)
    if (!c.is_length && !c.failed)
      dirty.insert(c.at / page);
  std::vector<change> left;
  for (auto& c : f.pending)
    if (c.failed && !c.is_length && !dirty.contains(c.at / page))
      left.push_back(std::move(c));
    else
      apply_to(f.safe, c);
  f.pending = std::move(left);
}

void disk_model::keep(std::map<std::string, std::uint64_t>& names, const name_change& changed) {
  for (const auto& [name, leads_to] : changed.names)
    if (leads_to)
      names[name] = *leads_to;
    else
      names.erase(name);
}

std::map<std::string, std::uint64_t> disk_model::now() const {
  auto names = safe_names_;
  for (const auto& changed : pending_names_)
    keep(names, changed);
  return names;
}

void disk_model::rename_or_link(const recorded_call& c) {
  const auto names = now();
  const auto from = names.find(c.first);
  name_change changed;
  if (c.kind != record_kind::link && !c.first.empty())
    changed.names[c.first] = std::nullopt;
  if (!c.second.empty() && from != names.end()) {
    const auto to = names.find(c.second);
    if (to != names.end() && to->second == from->second)
      return; // two names of one file: rename() does nothing
    changed.names[c.second] = from->second;
  }
  pending_names_.push_back(std::move(changed));
}

void disk_model::apply(const recorded_call& c) {
  switch (c.kind) {
  case record_kind::create:
    files_[c.file] = {};
    pending_names_.push_back({{{c.first, c.file}}});
    break;
  case record_kind::write:
    last_written_ = c.file;
    for (std::uint64_t done = 0; done < c.second.size();) {
      const auto at = c.offset + done;
      const auto n = std::min<std::uint64_t>(sector - at % sector, c.second.size() - done);
      files_[c.file].pending.push_back({.at = at, .bytes = c.second.substr(done, n)});
      done += n;
    }
    break;
  case record_kind::truncate:
    files_[c.file].pending.push_back({.at = c.offset, .is_length = true});
    break;
  case record_kind::rename:
  case record_kind::link:
  case record_kind::remove: rename_or_link(c); break;
  case record_kind::sync: sync(files_[c.file]); break;
  case record_kind::failed_sync:
    for (auto& p : files_[c.file].pending)
      p.failed = true;
    break;
  case record_kind::sync_folder:
    for (auto& changed : pending_names_) {
      name_change safe;
      for (const auto& [name, leads_to] : changed.names)
        if (folder_of(name) == c.first)
          safe.names[name] = leads_to;
      keep(safe_names_, safe);
      std::erase_if(changed.names, [&](const auto& n) { return safe.names.contains(n.first); });
    }
    std::erase_if(pending_names_, [](const name_change& n) { return n.names.empty(); });
    break;
  case record_kind::mark: break;
  }
}

void disk_model::apply_without_sync(const recorded_call& c) {
  if (c.kind != record_kind::sync && c.kind != record_kind::sync_folder)
    apply(c);
}

bool disk_model::unsafe_after_failed_sync(const std::string& name) const {
  const auto names = now();
  const auto it = names.find(name);
  const auto found = it == names.end() ? files_.end() : files_.find(it->second);
  return found != files_.end() &&
         std::any_of(found->second.pending.begin(), found->second.pending.end(),
                     [](const change& c) { return c.failed && !c.is_length; });
}

std::string disk_model::bytes_after_cut(const file& f, cut_kind kind, bool last,
                                        std::mt19937_64& random) {
  if (kind == cut_kind::last_torn && !last)
    kind = cut_kind::all;
  const double share = share_of(kind, random);
  // For each sector, the number of its changes that reached the disk. Changes of length are drawn
  // separately.
  std::map<std::uint64_t, std::size_t> changes;
  for (const auto& c : f.pending)
    if (!c.is_length)
      ++changes[c.at / sector];
  std::map<std::uint64_t, std::size_t> kept;
  for (const auto& [at, n] : changes)
    kept[at] = share >= 1 ? n
               : !by_chance(random, share)
                   ? 0
                   : 1 + std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  const bool longer = kind != cut_kind::nothing && by_chance(random, 0.5);
  auto bytes = f.safe;
  for (const auto& c : f.pending) {
    if (c.is_length) {
      if (share >= 1 || by_chance(random, share))
        apply_to(bytes, c);
    } else if (auto& left = kept[c.at / sector]; left > 0) {
      --left;
      apply_to(bytes, c);
    } else if (longer && bytes.size() < c.at + c.bytes.size()) {
      bytes.resize(c.at + c.bytes.size()); // the length reached the disk, the bytes did not
    }
  }
  return bytes;
}

std::map<std::string, std::uint64_t> disk_model::names_after_cut(cut_kind kind,
                                                                 std::mt19937_64& random) const {
  auto names = safe_names_;
  if (kind == cut_kind::nothing)
    return names;
  const bool all = kind == cut_kind::all || kind == cut_kind::last_torn;
  // A journal keeps the order of names; in half of the cases they arrive in any order.
  const auto first_lost =
      std::uniform_int_distribution<std::size_t>(0, pending_names_.size())(random);
  const bool in_order = by_chance(random, 0.5);
  for (std::size_t i = 0; i < pending_names_.size(); ++i)
    if (all || (in_order ? i < first_lost : by_chance(random, 0.5)))
      keep(names, pending_names_[i]);
  return names;
}

void disk_model::cut(const std::filesystem::path& to, cut_kind kind,
                     std::mt19937_64& random) const {
  for (const auto& f : folders_)
    std::filesystem::create_directories(to / f);
  std::map<std::uint64_t, std::string> written;
  for (const auto& [name, id] : names_after_cut(kind, random)) {
    if (name.ends_with("-shm"))
      continue;
    const auto path = to / name;
    std::filesystem::create_directories(path.parent_path());
    if (const auto it = written.find(id); it != written.end()) {
      std::filesystem::create_hard_link(to / it->second, path);
      continue;
    }
    written[id] = name;
    const auto it = files_.find(id);
    std::ofstream(path, std::ios::binary)
        << (it == files_.end() ? std::string()
                               : bytes_after_cut(it->second, kind, id == last_written_, random));
  }
}

} // namespace dbengine::test
