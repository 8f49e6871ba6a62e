// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What stands in the body of a peer's request that carries statements: the ones that may be large.
// Thread rule: plain functions.

#pragma once

#include "remote/protocol/wire_message.hpp"

#include <chrono>
#include <string_view>
#include <variant>

namespace dbengine::actors::remote {

struct decoded_request {
  std::chrono::milliseconds timeout{0};
  std::variant<execute_request, batch_request, transaction_request, script_request, fetch_request,
               cursor_open, maintenance_request>
      what;
  /// Of a fetch.
  bool may_write = false;
};

/// Whether `decode_request` reads such ones.
bool carries_statements(wire_kind k) noexcept;

/// Throws `errc::protocol` where the body is not exactly that, has more parameters than SQLite takes, or would take more memory than
/// `defaults::wire_decoded_bytes`.
/// `large`: it may take long, and others' threads run meanwhile.
decoded_request decode_request(wire_kind k, std::string_view body, bool large = false);

/// The most parameters that a statement may have in the SQLite that is loaded.
std::size_t max_parameters() noexcept;

} // namespace dbengine::actors::remote
