// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// All typed interfaces of the engine, the public one first.
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

namespace actors {

/// Runs the writes that wait in the engine's queue, in groups.
using writer_actor = caf::typed_actor<
    // Something waits, or the write connection is free again.
    caf::reacts_to<caf::flush_atom>,
    // A while has passed since the last commit: truncate the WAL.
    caf::reacts_to<caf::idle_atom>,
    // The write connection broke in another thread's hands: fail, so that the supervisor starts
    // another writer.
    caf::reacts_to<caf::close_atom>>;

/// Runs the reads that wait in the engine's queue, one at a time.
using reader_actor = caf::typed_actor<
    // Something waits.
    caf::reacts_to<caf::flush_atom>>;

/// Looks after the leased reader connections and the actors' cursors.
using reader_pool_actor = caf::typed_actor<
    // A snapshot was opened: look after it until none is.
    caf::reacts_to<caf::tick_atom>,
    // Close connections that nobody used for long.
    caf::reacts_to<caf::idle_atom>,
    // A cursor may have been idle for too long.
    caf::reacts_to<caf::timeout_atom>,
    // A cursor was closed: end its connection.
    caf::reacts_to<caf::close_atom>>;

/// Gathers what the workers count.
using stats_actor = caf::typed_actor<caf::replies_to<statistics_request>::with<statistics>,
                                     caf::replies_to<health_request>::with<health_report>>;

/// Answers one question from memory, after a look at the disk or a moment's wait for one; then it
/// ends.
using report_actor = caf::typed_actor<caf::replies_to<statistics_request>::with<statistics>,
                                      caf::replies_to<health_request>::with<health_report>,
                                      caf::replies_to<backup_info_request>::with<backup_info>,
                                      // A look has ended.
                                      caf::reacts_to<caf::ok_atom>,
                                      // It takes too long.
                                      caf::reacts_to<caf::timeout_atom>>;

/// Makes backups, periodic and asked for, one at a time.
using backup_scheduler_actor = caf::typed_actor<
    // The period has passed.
    caf::reacts_to<caf::tick_atom>, caf::replies_to<backup_request>::with<bool>,
    caf::replies_to<backup_to_request>::with<bool>,
    caf::replies_to<verify_request>::with<verify_report>,
    caf::replies_to<prune_request>::with<prune_report>,
    caf::replies_to<backup_info_request>::with<backup_info>>;

/// Does one piece of work with backups, then ends.
using backup_worker_actor = caf::typed_actor<
    // A periodic one.
    caf::replies_to<caf::tick_atom>::with<bool>,
    // One that was asked for.
    caf::replies_to<backup_request>::with<bool>, caf::replies_to<backup_to_request>::with<bool>,
    caf::replies_to<verify_request>::with<verify_report>,
    caf::replies_to<prune_request>::with<prune_report>>;

/// Starts the workers and starts them again.
using supervisor_actor = caf::typed_actor<
    // Somebody waits in a queue: look at deadlines and at workers that do not come back.
    caf::reacts_to<caf::tick_atom>,
    // A child (by number) is to be started again.
    caf::reacts_to<caf::spawn_atom, std::uint32_t>,
    // A child (by number, of this generation) has opened what it needs.
    caf::reacts_to<caf::ok_atom, std::uint32_t, std::uint32_t>,
    // Stop all children in order, then yourself; again: at once; a third time: without those that
    // do not end.
    caf::reacts_to<caf::close_atom>>;

} // namespace actors
} // namespace dbengine
