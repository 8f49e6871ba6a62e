// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A large request on its way through a port's decoder.
// Thread safety: one owner at a time.

#pragma once

#include "remote/server/decoded_request.hpp"
#include "remote/server/large_texts.hpp"

#include <dbengine/error.hpp>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <optional>
#include <string>

namespace dbengine::actors::remote {

/// Owned by the decoder until it has answered, then by the gateway.
struct decode_job {
  wire_kind kind{};
  std::string body;
  text_pieces pieces; // the body, if `body` is empty
  decoded_request result;
  std::optional<error_info> failure;
};
using decode_job_ptr = std::shared_ptr<decode_job>;

using decoder_actor = caf::typed_actor<
    // Sets the result or the failure.
    caf::replies_to<decode_job_ptr>::with<bool>>;

} // namespace dbengine::actors::remote

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(dbengine::actors::remote::decode_job_ptr)
