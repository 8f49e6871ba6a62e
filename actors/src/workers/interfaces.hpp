// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The typed interfaces of the engine's own actors and the messages between them. INTERNAL: no host
// sends these, and they never cross the wire, so CAF needs no type id and no `inspect` for them.
// Thread safety: plain data; handles may be copied to and used from any thread or actor.

#pragma once

#include <dbengine/actors/handles.hpp>
#include <dbengine/error.hpp>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>

namespace dbengine::actors::workers {

class progress_channel;

// -- to the writer --------------------------------------------------------------------------------

/// Time has passed since the last commit: truncate the WAL if no commit has followed.
struct checkpoint_if_idle {};
/// The write connection failed on another thread: end, so that the supervisor starts a new writer.
struct writer_lost {};

// -- to the reader pool ---------------------------------------------------------------------------

/// A lease has a snapshot: release idle snapshots, and repeat while there is one.
struct sweep_leases {};
/// Close leased connections that were not used for `defaults::lease_close`.
struct close_idle_connections {};
/// A cursor may have been idle for too long.
struct expire_cursors {};
/// A cursor was closed: end its connection.
struct drop_closed_cursors {};

// -- to a report worker ---------------------------------------------------------------------------

/// A sample of the disk or of the folder has been taken.
struct sample_taken {};
/// The samples take too long: answer with the previous ones.
struct patience_ended {};

// -- about backups --------------------------------------------------------------------------------

/// To the scheduler: the period has passed.
struct backup_due {};
/// To a worker: make the periodic backup if it is due.
struct run_periodic_backup {};
/// From a worker to the facade's actor: a step of its backup is done; the worker waits for the
/// verdict on the channel.
struct backup_step {
  std::shared_ptr<progress_channel> channel = nullptr;
};

// -- to the supervisor ----------------------------------------------------------------------------

/// A request waits in a queue: answer the overdue ones, find stalled workers, and repeat while a
/// request waits.
struct watchdog_scan {};
/// The result of a first start, which runs on the thread that opens the engine.
struct child_started {
  std::uint32_t child = 0;
  /// Null if the start failed.
  caf::actor handle = {};
  error_info failure = {};
};
/// The child has opened what it needs. An `incarnation` that has ended is ignored.
struct child_ready {
  std::uint32_t child = 0;
  std::uint32_t incarnation = 0;
};
/// The delay of the child's next start has passed.
struct restart_child {
  std::uint32_t child = 0;
};
/// How the supervisor stops its children, and then itself.
enum class stop_mode : std::uint8_t {
  in_order, ///< in the reverse order of their start, one after the other
  all,      ///< all that still run, at once
  abandon   ///< not waiting for those that still run; they are reported as abandoned
};
struct stop_children {
  stop_mode mode = stop_mode::in_order;
};

// -- the interfaces -------------------------------------------------------------------------------

/// Runs the writes that wait in the engine's queue, in groups.
using writer_actor = caf::typed_actor<
    // A request waits, or the write connection is free again.
    caf::reacts_to<caf::flush_atom>, caf::reacts_to<checkpoint_if_idle>,
    caf::reacts_to<writer_lost>>;

/// Runs the reads that wait in the engine's queue, one at a time.
using reader_actor = caf::typed_actor<
    // A request waits.
    caf::reacts_to<caf::flush_atom>>;

/// Owns the maintenance of the leased reader connections and of the actors' cursors.
using reader_pool_actor =
    caf::typed_actor<caf::reacts_to<sweep_leases>, caf::reacts_to<close_idle_connections>,
                     caf::reacts_to<expire_cursors>, caf::reacts_to<drop_closed_cursors>>;

/// Passes questions about the engine to report workers.
using stats_actor = caf::typed_actor<caf::replies_to<statistics_request>::with<statistics>,
                                     caf::replies_to<health_request>::with<health_report>>;

/// Answers one question from memory, after new samples or a bounded wait for them; then it ends.
using report_actor = caf::typed_actor<caf::replies_to<statistics_request>::with<statistics>,
                                      caf::replies_to<health_request>::with<health_report>,
                                      caf::replies_to<backup_info_request>::with<backup_info>,
                                      caf::reacts_to<sample_taken>, caf::reacts_to<patience_ended>>;

/// Makes backups, periodic and requested, one at a time.
using backup_scheduler_actor =
    caf::typed_actor<caf::reacts_to<backup_due>, caf::replies_to<backup_request>::with<bool>,
                     caf::replies_to<backup_to_request>::with<bool>,
                     caf::replies_to<verify_request>::with<verify_report>,
                     caf::replies_to<prune_request>::with<prune_report>,
                     caf::replies_to<backup_info_request>::with<backup_info>>;

/// Runs one piece of work on backups, then ends.
using backup_worker_actor = caf::typed_actor<caf::replies_to<run_periodic_backup>::with<bool>,
                                             caf::replies_to<backup_request>::with<bool>,
                                             caf::replies_to<backup_to_request>::with<bool>,
                                             caf::replies_to<verify_request>::with<verify_report>,
                                             caf::replies_to<prune_request>::with<prune_report>>;

/// Starts the workers, and restarts those that fail.
using supervisor_actor =
    caf::typed_actor<caf::reacts_to<watchdog_scan>, caf::reacts_to<child_started>,
                     caf::reacts_to<child_ready>, caf::reacts_to<restart_child>,
                     caf::reacts_to<stop_children>>;

} // namespace dbengine::actors::workers

#define DBENGINE_LOCAL_MESSAGE(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(dbengine::actors::workers::type)
DBENGINE_LOCAL_MESSAGE(checkpoint_if_idle)
DBENGINE_LOCAL_MESSAGE(writer_lost)
DBENGINE_LOCAL_MESSAGE(sweep_leases)
DBENGINE_LOCAL_MESSAGE(close_idle_connections)
DBENGINE_LOCAL_MESSAGE(expire_cursors)
DBENGINE_LOCAL_MESSAGE(drop_closed_cursors)
DBENGINE_LOCAL_MESSAGE(sample_taken)
DBENGINE_LOCAL_MESSAGE(patience_ended)
DBENGINE_LOCAL_MESSAGE(backup_due)
DBENGINE_LOCAL_MESSAGE(run_periodic_backup)
DBENGINE_LOCAL_MESSAGE(backup_step)
DBENGINE_LOCAL_MESSAGE(child_started)
DBENGINE_LOCAL_MESSAGE(watchdog_scan)
DBENGINE_LOCAL_MESSAGE(child_ready)
DBENGINE_LOCAL_MESSAGE(restart_child)
DBENGINE_LOCAL_MESSAGE(stop_children)
#undef DBENGINE_LOCAL_MESSAGE
