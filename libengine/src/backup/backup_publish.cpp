// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The end of a backup: its checksum, its manifest, its name; or nothing at all.

#include "backup/backup_job.hpp"

#include <algorithm>
#include <cerrno>
#include <sqlite3.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace dbengine::backup {

namespace {

void write_text(int fd, std::string_view text) {
  off_t at = 0;
  while (!text.empty()) {
    const auto n = pwrite(fd, text.data(), text.size(), at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      os::throw_errno(errno, "cannot write the manifest");
    text.remove_prefix(static_cast<std::size_t>(n));
    at += n;
  }
}

} // namespace

void backup_job::begin_hash() {
  at("hash");
  if (settings_.compress)
    final_fd_ = make(name_ + std::string(partial_suffix));
  try {
    hashed_ = std::async(std::launch::async,
                         [this, pace = throttle(settings_.pause, settings_.commits)]() mutable {
                           return hash([&] {
                             pace.pause_if_due();
                             return !cancelled_ && !given_up_;
                           });
                         });
  } catch (const std::system_error&) { // no thread can be had: done when it is asked for
    hashed_ = std::async(std::launch::deferred, [this] { return hash(go_on_); });
  }
}

stream_result backup_job::hash(const continue_check& may_go_on) const {
  const stream_progress asked = [&](std::uint64_t) { return may_go_on(); };
  if (!settings_.compress)
    return stream(stream_kind::plain, raw_fd_, -1, asked);
  auto packed = stream(stream_kind::compress, raw_fd_, final_fd_, asked);
  os::sync_file(final_fd_, name_);
  if (stream(stream_kind::unpack, final_fd_, -1, asked).sha256_out != packed.sha256_in)
    throw error(errc::backup_failed, "the compressed copy does not unpack to what went in");
  return packed;
}

void backup_job::publish() {
  about_.file = name_;
  about_.compressed = settings_.compress;
  about_.verified = true;
  about_.engine_version = settings_.engine_version;
  about_.sqlite_version = sqlite3_libversion();
  about_.duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun_);
  at("manifest");
  const auto beside = name_ + std::string(manifest_suffix);
  const int fd = make(beside + std::string(partial_suffix));
  write_text(fd, about_.to_json());
  os::sync_file(fd, beside);
  at("rename");
  if (!folder_.in_place())
    throw error(errc::backup_failed,
                "the directory " + folder_.path().string() + " was moved or deleted meanwhile");
  // Of a backup into a path, whose maker died between the two renames. The lock on the unfinished file keeps others away.
  if (!settings_.target.empty() && is_orphan(folder_, name_))
    folder_.remove(beside);
  // The manifest first, and on the disk before the backup: a manifest without its backup is swept up, a backup without its manifest would stay for good.
  rename(beside + std::string(partial_suffix), beside);
  folder_.sync();
  at("publish");
  remove_unpacked();
  rename(name_ + std::string(partial_suffix), name_);
  folder_.sync();
  at("done");
  result_.filename = name_;
  result_.path = folder_.path_of(name_);
  result_.size_bytes = about_.size;
  if (!settings_.target.empty())
    result_.time = about_.started;
  result_.verified = true;
  result_.sha256 = about_.sha256;
  result_.pages = about_.pages;
  result_.compressed = about_.compressed;
  made_.clear();
  lock_.reset();
  phase_ = phase::done;
}

// Before the backup has its name: a kill in between leaves nothing that the next one under that name does not remove.
void backup_job::remove_unpacked() {
  if (raw_fd_ == final_fd_)
    return;
  const auto raw = std::find_if(made_.begin(), made_.end(),
                                [&](const auto& m) { return m.fd.get() == raw_fd_; });
  if (folder_.is_same(raw->name, raw_fd_))
    folder_.remove(raw->name);
  made_.erase(raw);
}

void backup_job::rename(const std::string& from, const std::string& to) {
  const auto made =
      std::find_if(made_.begin(), made_.end(), [&](const auto& m) { return m.name == from; });
  // Looked at before, so that no foreign file gets the name, and after, in case it was swapped in between.
  bool ours = folder_.is_same(from, made->fd.get());
  std::string name =
      to; // before: without memory for it the file would keep a name that is not known here
  if (ours) {
    folder_.rename(from, to);
    made->name = std::move(name);
    ours = folder_.is_same(to, made->fd.get());
  }
  if (!ours)
    throw error(errc::backup_failed, "somebody put another file in the place of " + from);
}

std::string backup_job::undo() noexcept {
  std::string trouble;
  phase_ = phase::failed;
  given_up_ = true;
  hashed_ = {}; // waits for it
  backup_.reset();
  copy_.reset();
  source_.reset();
  for (auto& m : made_) {
    try {
      // A name that leads elsewhere by now is not this job's.
      if (folder_.is_same(m.name, m.fd.get()))
        folder_.remove(m.name);
    } catch (const std::exception& e) {
      trouble += std::string("; ") + e.what();
    }
  }
  made_.clear();
  lock_.reset();
  return trouble;
}

} // namespace dbengine::backup
