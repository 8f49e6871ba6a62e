// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "vfs/counted_block.hpp"

#include <atomic>
#include <cstdlib>
#include <utility>

namespace dbengine::vfs {

namespace {

std::atomic<std::size_t> held_bytes = 0;

} // namespace

std::size_t memory_file_bytes() noexcept {
  return held_bytes.load(std::memory_order_relaxed);
}

counted_block::counted_block(counted_block&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

counted_block& counted_block::operator=(counted_block&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

counted_block::~counted_block() {
  if (data_ == nullptr)
    return;
  std::free(data_);
  held_bytes.fetch_sub(size_, std::memory_order_relaxed);
}

counted_block counted_block::make(std::size_t size) noexcept {
  counted_block result;
  result.data_ = static_cast<std::byte*>(std::calloc(1, size));
  if (result.data_ != nullptr) {
    result.size_ = size;
    held_bytes.fetch_add(size, std::memory_order_relaxed);
  }
  return result;
}

} // namespace dbengine::vfs
