// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/backup_stream.hpp"

#include "base/sha256.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <unistd.h>
#include <zstd.h>

namespace dbengine::backup {

namespace {

constexpr std::size_t block_size = std::size_t{256} << 10;
// zstd's default: about 400 MB/s, and databases shrink to a third.
constexpr int zstd_level = 3;

struct free_zstd {
  void operator()(ZSTD_CCtx* c) const noexcept { ZSTD_freeCCtx(c); }
  void operator()(ZSTD_DCtx* c) const noexcept { ZSTD_freeDCtx(c); }
};

std::size_t read_block(int fd, std::span<char> block, std::uint64_t offset) {
  std::size_t got = 0;
  while (got < block.size()) {
    const auto n =
        pread(fd, block.data() + got, block.size() - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      os::throw_errno(errno, "cannot read a backup", errc::io);
    if (n == 0)
      break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

// The output: hashes it if it differs from the input, and writes it if there is a file.
class sink {
public:
  sink(int fd, bool same, stream_result& result) : fd_(fd), result_(result) {
    if (!same)
      hash_.emplace();
  }

  void put(std::span<const char> bytes) {
    if (hash_)
      hash_->add(bytes);
    while (fd_ >= 0 && !bytes.empty()) {
      const auto n = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(result_.bytes_out));
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        os::throw_errno(errno, "cannot write a backup", errc::io);
      result_.bytes_out += static_cast<std::uint64_t>(n);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    if (fd_ < 0)
      result_.bytes_out += bytes.size();
  }
  void finish() { result_.sha256_out = hash_ ? hash_->finish_hex() : result_.sha256_in; }

private:
  int fd_;
  stream_result& result_;
  std::optional<base::sha256> hash_;
};

// Checks decompressed bytes before they are written.
class unpack_limit {
public:
  explicit unpack_limit(std::uint64_t most) : most_(most) {}

  void check(std::span<const char> bytes) {
    size_ += bytes.size();
    for (; !bytes.empty() && head_.size() < header_size; bytes = bytes.subspan(1))
      if (head_.push_back(bytes.front()); head_.size() == header_size)
        read_header();
    if (size_ > most_)
      throw error(errc::corrupt, "the compressed backup unpacks to more than the " +
                                     std::to_string(most_) + " bytes of its database");
  }

private:
  // SQLite uses the size in the header only if two change counters agree (file format, 1.3.7 and
  // 1.3.8), else the size of the file. An attacker would leave them unequal, so here the size is a
  // bound in any case.
  void read_header() {
    if (!head_.starts_with("SQLite format 3"))
      throw error(errc::corrupt, "the compressed backup holds no database");
    const auto number = [&](std::size_t at, std::size_t bytes) {
      std::uint64_t result = 0;
      for (std::size_t i = at; i < at + bytes; ++i)
        result = result << 8 | static_cast<unsigned char>(head_[i]);
      return result;
    };
    const auto page_size = number(16, 2) == 1 ? 65536 : number(16, 2);
    most_ = std::min(most_, number(28, 4) * page_size);
  }

  static constexpr std::size_t header_size = 100;
  std::uint64_t most_;
  std::uint64_t size_ = 0;
  std::string head_;
};

/// Compresses, decompresses or passes bytes on.
class coder {
public:
  coder(stream_kind kind, std::uint64_t most_out)
      : kind_(kind), out_(block_size), limit_(most_out) {
    if (kind == stream_kind::compress) {
      pack_.reset(ZSTD_createCCtx());
      check(ZSTD_CCtx_setParameter(pack_.get(), ZSTD_c_compressionLevel, zstd_level));
      check(ZSTD_CCtx_setParameter(pack_.get(), ZSTD_c_checksumFlag, 1));
    } else if (kind == stream_kind::unpack) {
      unpack_.reset(ZSTD_createDCtx());
    }
  }

  void put(std::span<const char> bytes, bool last, sink& to, const std::function<void()>& report) {
    if (kind_ == stream_kind::plain) {
      to.put(bytes);
      return;
    }
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      std::size_t left = 0;
      if (kind_ == stream_kind::compress)
        left = check(
            ZSTD_compressStream2(pack_.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue));
      else if (in.pos < in.size || !whole_)
        left = check(ZSTD_decompressStream(unpack_.get(), &out, &in));
      const auto made = std::span<const char>(out_).first(out.pos);
      if (kind_ == stream_kind::unpack)
        limit_.check(made);
      to.put(made);
      report();
      const bool drained = in.pos == in.size && out.pos < out.size;
      if (kind_ == stream_kind::unpack)
        whole_ = left == 0;
      if (drained && (kind_ == stream_kind::unpack || !last || left == 0))
        break;
    }
    if (kind_ == stream_kind::unpack && last && !whole_)
      throw error(errc::corrupt, "the compressed backup ends early");
  }

private:
  static std::size_t check(std::size_t code) {
    if (ZSTD_isError(code) != 0)
      throw error(errc::corrupt, std::string("zstd: ") + ZSTD_getErrorName(code));
    return code;
  }

  stream_kind kind_;
  std::vector<char> out_;
  unpack_limit limit_;
  std::unique_ptr<ZSTD_CCtx, free_zstd> pack_;
  std::unique_ptr<ZSTD_DCtx, free_zstd> unpack_;
  bool whole_ = false;
};

} // namespace

stream_result stream(stream_kind kind, int in, int out, const stream_progress& progress,
                     std::uint64_t most_out) {
  stream_result result;
  base::sha256 hash;
  sink to(out, kind == stream_kind::plain, result);
  coder code(kind, most_out);
  const auto report = [&] {
    if (progress && !progress(result.bytes_in))
      throw error(errc::cancelled, "the backup was cancelled");
  };
  std::vector<char> block(block_size);
  for (bool last = false; !last;) {
    const auto n = read_block(in, block, result.bytes_in);
    last = n < block.size();
    const auto bytes = std::span<const char>(block).first(n);
    hash.add(bytes);
    result.bytes_in += n;
    code.put(bytes, last, to, report);
    report();
  }
  result.sha256_in = hash.finish_hex();
  to.finish();
  return result;
}

os::unique_fd open_temporary_file() {
  std::error_code failed;
  const auto folder = std::filesystem::temp_directory_path(failed);
  if (failed)
    os::throw_errno(failed.value(), "cannot use the folder for temporary files (TMPDIR)", errc::io);
  if (os::unique_fd fd(open(folder.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600)); fd)
    return fd;
  // The file system has no O_TMPFILE.
  auto name = (folder / "dbengine-XXXXXX").string();
  os::unique_fd fd(mkostemp(name.data(), O_CLOEXEC));
  if (!fd)
    os::throw_errno(errno, "cannot make a temporary file in " + folder.string(), errc::io);
  unlink(name.c_str());
  return fd;
}

} // namespace dbengine::backup
