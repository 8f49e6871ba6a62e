// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The decoder: decodes the large requests of one port, one after the other. Detached; owns nothing.
//
// Why not the gateway? It answers every peer of the port, and 64 MiB of small values take it half a
// second. Why not a worker of the engine? All peers share its time as well.

#pragma once

#include "remote/server/decode_job.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace dbengine::actors::remote {

decoder_actor::behavior_type decoder(decoder_actor::pointer self);

} // namespace dbengine::actors::remote
