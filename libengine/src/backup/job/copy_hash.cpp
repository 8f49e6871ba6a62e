// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/job/copy_hash.hpp"

#include "backup/throttle.hpp"

#include <system_error>
#include <utility>

namespace dbengine::backup {

namespace {

stream_result hash_copy(bool compress, int raw_fd, int final_fd, const std::string& name,
                        const continue_check& may_continue) {
  const stream_progress progress = [&](std::uint64_t) { return may_continue(); };
  if (!compress)
    return stream(stream_kind::plain, raw_fd, -1, progress);
  auto packed = stream(stream_kind::compress, raw_fd, final_fd, progress);
  os::sync_file(final_fd, name);
  if (stream(stream_kind::unpack, final_fd, -1, progress).sha256_out != packed.sha256_in)
    throw error(errc::backup_failed, "the compressed copy does not unpack to its input");
  return packed;
}

} // namespace

void copy_hash::start(const backup_settings& settings, int raw_fd, int final_fd,
                      const std::string& name, std::function<bool()> is_cancelled,
                      const continue_check& check) {
  check_ = &check;
  const bool compress = settings.compress;
  try {
    result_ = std::async(std::launch::async, [this, compress, raw_fd, final_fd, name,
                                              pace = throttle(settings.pause, settings.commits),
                                              is_cancelled = std::move(is_cancelled)]() mutable {
      return hash_copy(compress, raw_fd, final_fd, name, [&] {
        pace.pause_if_due();
        return !is_cancelled() && !stopped_;
      });
    });
  } catch (const std::system_error&) { // no thread
    result_ = std::async(std::launch::deferred, [compress, raw_fd, final_fd, name, &check] {
      return hash_copy(compress, raw_fd, final_fd, name, check);
    });
  }
}

stream_result copy_hash::wait(std::chrono::milliseconds interval) {
  while (result_.wait_for(interval) == std::future_status::timeout)
    (*check_)();
  return result_.get();
}

void copy_hash::stop() noexcept {
  stopped_ = true;
  result_ = {};
}

} // namespace dbengine::backup
