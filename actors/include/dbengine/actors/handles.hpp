// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The typed interface of an engine.
// Thread rule: handles may be copied to and used from any thread or actor.

#pragma once

#include <dbengine/actors/type_ids.hpp>

namespace dbengine {

/// An engine in this or another process. The handle remains valid when a worker behind it restarts.
/// Errors: a `caf::error` that `actors::to_error` converts to the facade's `error`.
using engine_actor = caf::typed_actor<
    // One statement; answered after the commit that contains it.
    caf::replies_to<execute_request>::with<write_result>,
    // All rows of one statement; one that writes (RETURNING) runs on the writer.
    caf::replies_to<fetch_request>::with<rows>,
    // One statement per parameter set, all or nothing.
    caf::replies_to<batch_request>::with<batch_result>,
    // Several operations in one transaction.
    caf::replies_to<transaction_request>::with<transaction_result>,
    // Many statements in one text.
    caf::replies_to<script_request>::with<script_result>,
    // A result in pages.
    caf::replies_to<cursor_open>::with<cursor_id>, caf::replies_to<cursor_next>::with<rows>,
    caf::reacts_to<cursor_close>,
    // Cancels a request of the same sender.
    caf::reacts_to<cancel_request>,
    // Vacuum, analyze, optimize, checks, checkpoint, pragmas.
    caf::replies_to<maintenance_request>::with<maintenance_result>,
    // A backup now; answers false at once if another backup runs.
    caf::replies_to<backup_request>::with<bool>,
    // Backups by path, and what retention would remove; only inside the engine's process. (A
    // restore requires a closed engine.)
    caf::replies_to<backup_to_request>::with<bool>,
    caf::replies_to<verify_request>::with<verify_report>,
    caf::replies_to<prune_request>::with<prune_report>,
    caf::replies_to<backup_info_request>::with<backup_info>,
    caf::replies_to<statistics_request>::with<statistics>,
    caf::replies_to<health_request>::with<health_report>,
    caf::replies_to<database_info_request>::with<database_info>>;

} // namespace dbengine
