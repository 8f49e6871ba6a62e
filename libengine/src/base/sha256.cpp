// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "base/sha256.hpp"

#include <dbengine/error.hpp>

#include <openssl/evp.h>

#include <array>
#include <string_view>

namespace dbengine::base {

namespace {

EVP_MD_CTX* of(void* context) {
  return static_cast<EVP_MD_CTX*>(context);
}

} // namespace

void sha256::free_context::operator()(void* c) const noexcept {
  EVP_MD_CTX_free(of(c));
}

sha256::sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex(of(context_.get()), EVP_sha256(), nullptr) != 1)
    throw error(errc::internal, "SHA-256 is not available");
}

void sha256::add(std::span<const char> bytes) {
  if (EVP_DigestUpdate(of(context_.get()), bytes.data(), bytes.size()) != 1)
    throw error(errc::internal, "SHA-256 failed");
}

std::string sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(of(context_.get()), digest.data(), &size) != 1)
    throw error(errc::internal, "SHA-256 failed");
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string sha256::finish_hex() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const char c : finish()) {
    const auto byte = static_cast<unsigned char>(c);
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

} // namespace dbengine::base
