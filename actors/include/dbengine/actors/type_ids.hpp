// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// CAF's type ids of the engine's messages. They start 800 above the first free one, so that a
/// host's own block at +0 links beside them.
/// Thread safety: types and constants.

#pragma once

#include <dbengine/actors/messages.hpp>

#include <caf/atom.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

CAF_BEGIN_TYPE_ID_BLOCK(dbengine, caf::first_custom_type_id + 800)

#define DBENGINE_TYPE_ID(type, ...) CAF_ADD_TYPE_ID(dbengine, (dbengine::type))
DBENGINE_MESSAGES(DBENGINE_TYPE_ID)
DBENGINE_TYPE_ID(transaction_result)
#undef DBENGINE_TYPE_ID

CAF_END_TYPE_ID_BLOCK(dbengine)
