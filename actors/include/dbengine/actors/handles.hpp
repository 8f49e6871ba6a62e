// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The typed interface of an engine.
// Thread rule: handles may be copied to and used from any thread or actor.

#pragma once

#include <dbengine/actors/type_ids.hpp>

namespace dbengine {

/// An engine, here or on another machine. The handle survives the restart of every worker behind it. A failure is a
/// `caf::error` that `actors::to_error` turns into the facade's.
using engine_actor = caf::typed_actor<
    // One statement; answered after the commit that holds it.
    caf::replies_to<execute_request>::with<write_result>,
    // All rows of one statement; one that writes (RETURNING) runs on the writer.
    caf::replies_to<fetch_request>::with<rows>,
    // One statement per parameter set, all or nothing.
    caf::replies_to<batch_request>::with<batch_result>,
    // Several operations in one transaction.
    caf::replies_to<transaction_request>::with<transaction_result>,
    // Many statements in one text.
    caf::replies_to<script_request>::with<script_result>,
    // A result in batches.
    caf::replies_to<cursor_open>::with<cursor_id>, caf::replies_to<cursor_next>::with<rows>,
    caf::reacts_to<cursor_close>,
    // Stops a request of the same sender.
    caf::reacts_to<cancel_request>,
    // Vacuum, analyze, optimize, checks, checkpoint, pragmas.
    caf::replies_to<maintenance_request>::with<maintenance_result>,
    // A backup now; false at once where one is running.
    caf::replies_to<backup_request>::with<bool>,
    // Backups by path, and what the retention would remove: only in the engine's process. (A restore needs the engine closed.)
    caf::replies_to<backup_to_request>::with<bool>,
    caf::replies_to<verify_request>::with<verify_report>,
    caf::replies_to<prune_request>::with<prune_report>,
    caf::replies_to<backup_info_request>::with<backup_info>,
    caf::replies_to<statistics_request>::with<statistics>,
    caf::replies_to<health_request>::with<health_report>,
    caf::replies_to<database_info_request>::with<database_info>>;

} // namespace dbengine
