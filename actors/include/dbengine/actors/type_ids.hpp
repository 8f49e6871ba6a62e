// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// CAF's numbers for the engine's messages. They start 800 above the first free one, so that a host's own block
// at +0 links beside it.

#pragma once

#include <dbengine/actors/messages.hpp>

#include <caf/atom.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

CAF_BEGIN_TYPE_ID_BLOCK(dbengine, caf::first_custom_type_id + 800)

CAF_ADD_TYPE_ID(dbengine, (dbengine::execute_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::fetch_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::batch_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::transaction_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::script_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::cursor_open))
CAF_ADD_TYPE_ID(dbengine, (dbengine::cursor_id))
CAF_ADD_TYPE_ID(dbengine, (dbengine::cursor_next))
CAF_ADD_TYPE_ID(dbengine, (dbengine::cursor_close))
CAF_ADD_TYPE_ID(dbengine, (dbengine::cancel_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::maintenance_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::maintenance_result))
CAF_ADD_TYPE_ID(dbengine, (dbengine::backup_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::backup_info_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::statistics_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::health_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::database_info_request))
CAF_ADD_TYPE_ID(dbengine, (dbengine::write_result))
CAF_ADD_TYPE_ID(dbengine, (dbengine::batch_result))
CAF_ADD_TYPE_ID(dbengine, (dbengine::rows))
CAF_ADD_TYPE_ID(dbengine, (dbengine::transaction_result))
CAF_ADD_TYPE_ID(dbengine, (dbengine::script_result))
CAF_ADD_TYPE_ID(dbengine, (dbengine::backup_info))
CAF_ADD_TYPE_ID(dbengine, (dbengine::statistics))
CAF_ADD_TYPE_ID(dbengine, (dbengine::health_report))
CAF_ADD_TYPE_ID(dbengine, (dbengine::database_info))

CAF_END_TYPE_ID_BLOCK(dbengine)
