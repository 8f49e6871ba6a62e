// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Every constant of the engine, with the reason for its value. Measured figures are from Debian 12
/// (2 cores, SQLite 3.40.1, CAF 0.17.6); `docs/measurements.md` holds them with their commands.
/// Thread safety: constants.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every constant of the engine. Those of the first part are the defaults of `options`; all others
/// cannot be set.
namespace dbengine::defaults {

using namespace std::chrono_literals;

// -- what a user sets in `options` ----------------------------------------------------------------

/// Reader actors. One is enough on two cores, because the facade reads on leases.
inline constexpr int num_workers = 1;
/// Upper bound of `num_workers`. More detached threads have never made SQLite reads faster.
inline constexpr int max_num_workers = 64;
/// Interval of periodic backups, as in jpy-sync-db-lite.
inline constexpr std::chrono::milliseconds backup_interval = 3600s;
/// Lower bound of `backup_interval`, so that backups do not run one after the other without a
/// pause.
inline constexpr std::chrono::milliseconds min_backup_interval = 1s;
/// Verified backups that retention keeps, as in jpy-sync-db-lite.
inline constexpr int backup_keep_count = 10;
/// Page cache of each connection in bytes, as in jpy-sync-db-lite.
inline constexpr std::size_t cache_size = std::size_t{64} << 20;
/// Memory-mapped part of the database file in bytes, as in jpy-sync-db-lite.
inline constexpr std::size_t mmap_size = std::size_t{256} << 20;
/// SQLite discards the mapping with each new snapshot, so a reader stops mapping the file after
/// `mmap_brief_snapshots` consecutive snapshots with fewer than `mmap_brief_reads` reads each. It
/// maps the file again after a snapshot with `mmap_after_reads` reads.
inline constexpr int mmap_brief_snapshots = 4;
/// Reads below which a snapshot counts as brief.
inline constexpr std::uint64_t mmap_brief_reads = 16;
/// Reads on one snapshot after which the file is mapped again.
inline constexpr int mmap_after_reads = 1'000;
/// How long the engine waits for a lock held by another process.
inline constexpr std::chrono::milliseconds busy_timeout = 30s;
/// Deadline of a request that sets none, from its call to its answer. As long as `busy_timeout`.
inline constexpr std::chrono::milliseconds request_timeout = 30s;
/// How long `shutdown` lets waiting requests finish. A full queue of point writes drains in 0.1 s.
inline constexpr std::chrono::milliseconds shutdown_timeout = 10s;
/// Requests that may wait, over all classes. 10,000 point writes drain in 0.1 s.
inline constexpr std::size_t max_queue = 10'000;
/// Bytes that waiting requests may hold.
inline constexpr std::size_t max_queue_bytes = std::size_t{256} << 20;
/// Pages of the default 4 KiB that a backup copies in one step: about 1.3 ms of work, as long as
/// the pause after it. With 64 pages the copy takes three times as long and the writer gains
/// nothing; with 256 it is near its bound (bench/README.md).
inline constexpr int backup_pages_per_step = 512;
/// Pause between two steps of a backup, as long as the work of a step.
inline constexpr std::chrono::milliseconds backup_pause = 1ms;

// -- internal -------------------------------------------------------------------------------------

/// Prepared statements that one connection caches. A program has some tens of hot statements.
inline constexpr std::size_t statement_cache_capacity = 128;
/// Longest SQL text in bytes: SQLite's own default, which the engine does not change.
inline constexpr std::size_t max_sql_bytes = 1'000'000'000;
/// Longest statement that is cached, in bytes of SQL text.
inline constexpr std::size_t max_cached_sql_bytes = 64 * 1024;
/// Virtual machine steps between two checks of the deadline: 0.03 ms, no measurable cost
/// (docs/measurements.md).
inline constexpr int progress_steps = 1'000;
/// Longest pattern of LIKE in bytes: SQLite's own bound. The engine's LIKE checks the deadline
/// while it runs.
inline constexpr int like_pattern_bytes = 50'000;
/// Longest pattern of GLOB in bytes. GLOB is SQLite's own and cannot be interrupted: on a megabyte
/// of text such a pattern takes at most about 0.9 s.
inline constexpr int glob_pattern_bytes = 128;
/// Parameter names that SQLite may have to search while it prepares one statement, summed over all
/// its searches. It searches linearly: 2,000 different `:name` reach this bound and take about 15
/// ms that cannot be interrupted. A `?` without a number is not searched.
inline constexpr std::size_t parameter_lookups = 4'000'000;
/// A statement shorter than this, in bytes, cannot reach `parameter_lookups`.
inline constexpr std::size_t parameter_scan_bytes = 4 * 1024;
/// A read may run on the idle write connection, where it delays a writer, after this many earlier
/// runs, none of which took more steps or bytes. That is about 10 us of work.
inline constexpr int short_after_runs = 2;
/// Steps of the virtual machine above which a read does not count as short.
inline constexpr int short_steps = 500;
/// Bytes of a result above which a read does not count as short.
inline constexpr std::size_t short_bytes = 16 * 1024;
/// Reads on the write connection, without a commit in between, after which a reader refreshes its
/// own snapshot.
inline constexpr int quiet_reads = 3;
/// Time past its deadline after which a request counts as stuck in code that SQLite cannot
/// interrupt. Its caller gets `errc::timeout` and its worker is fenced.
inline constexpr std::chrono::milliseconds interrupt_grace = 50ms;
/// Requests in one write group. Larger groups gain nothing (the commit is already amortised) and
/// add latency.
inline constexpr std::size_t group_max_requests = 256;
/// Bytes of the requests in one write group. A larger request forms a group of its own.
inline constexpr std::size_t group_max_bytes = std::size_t{4} << 20;
/// Yields that bring no new request, after which a group under `synchronous=full` starts without
/// all members of the previous group. Without the wait 32 clients reach 9.5 times the raw rate,
/// with it 14 times (bench/README.md).
inline constexpr int gather_yields = 10;
/// Consecutive empty or single-request groups after which facade threads may write inline again.
inline constexpr int grouped_mode_patience = 8;
/// Yields for which a statement waits for the write connection while another one runs on it. A
/// statement takes a few microseconds; the way through the queue takes longer.
inline constexpr int gate_yields = 3;
/// Age at which an idle snapshot is released, so that it never blocks a checkpoint.
inline constexpr std::chrono::milliseconds lease_idle = 100ms;
/// Idle time after which a leased connection is closed. Its page cache and mapping occupy memory;
/// opening another connection takes 0.2 ms.
inline constexpr std::chrono::milliseconds lease_close = 2s;
/// Time that interrupted work has to stop at shutdown before it is abandoned.
inline constexpr std::chrono::milliseconds shutdown_grace = 1s;
/// How long health and statistics wait for the disk before they report the previous sample. Shorter
/// than the patience of any probe.
inline constexpr std::chrono::milliseconds look_patience = 250ms;
/// Duration from which a sample of the disk is reported as a separate problem.
inline constexpr std::chrono::milliseconds look_stalled = 1s;
/// Health of the disk: less free space than this is a warning. On a small disk, 1/`disk_low_share`
/// of its size is used instead.
inline constexpr std::uint64_t disk_low = std::uint64_t{256} << 20;
/// Divisor of the size of a small disk for `disk_low`: a twentieth.
inline constexpr std::uint64_t disk_low_share = 20;
/// Less free space than this counts as none, because a write of a few pages does not fit.
/// `disk_full_share` is used as above.
inline constexpr std::uint64_t disk_full = std::uint64_t{64} << 10;
/// Divisor of the size of a small disk for `disk_full`: a hundredth.
inline constexpr std::uint64_t disk_full_share = 100;
/// Health after a write found no space. Space counts as available again when `disk_room_again` more
/// bytes are free than at the failure. Only the measured free space counts after `disk_retry`
/// without another failure, or if `disk_room_enough` was free at the failure. A large write, a
/// quota or a limit explains the failure then.
inline constexpr std::uint64_t disk_room_again = std::uint64_t{256} << 10;
/// Time after a write found no space, after which only the measured free space counts.
inline constexpr std::chrono::seconds disk_retry = 60s;
/// Free bytes at the failure of a write from which the failure has another cause than the disk.
inline constexpr std::uint64_t disk_room_enough = std::uint64_t{16} << 20;
/// Length of the write-ahead log that is a warning, in bytes. Unless a reader prevents it, the log
/// restarts at half of that.
inline constexpr std::uint64_t wal_long = std::uint64_t{128} << 20;
/// A periodic backup that is older than twice its interval plus this is a warning.
inline constexpr std::chrono::minutes backup_late{10};
/// Interval of the watchdog's scans while a caller waits: half of the promised 50 ms.
inline constexpr std::chrono::milliseconds watch_interval = 25ms;
/// WAL pages after which the writer checkpoints PASSIVE. 1,000 (SQLite's default) halves the rate
/// of single inserts (docs/measurements.md); 4,000 keeps the WAL near 16 MB.
inline constexpr int checkpoint_pages = 4'000;
/// WAL pages after which the writer recalls leases and restarts the WAL: the bound under a steady
/// mix.
inline constexpr int checkpoint_restart_pages = 16'000;
/// How long the writer then waits for reads that began before the last commit: a few time slices of
/// the scheduler.
inline constexpr std::chrono::milliseconds restart_patience = 20ms;
/// Idle time after the last commit before the WAL is truncated.
inline constexpr std::chrono::milliseconds checkpoint_idle = 1s;
/// Rows of one page of a cursor: 1,000 were fastest over the wire (docs/measurements.md).
inline constexpr std::size_t cursor_batch = 1'000;
/// Bytes after which a page of a cursor ends early: some thousand rows of usual width, and a memory
/// bound for wide rows.
inline constexpr std::size_t cursor_batch_bytes = std::size_t{4} << 20;
/// Idle time after which a cursor of a CAF or remote client is closed.
inline constexpr std::chrono::milliseconds cursor_idle = 60s;
/// Cursors that may be open over the actors. Each holds a connection.
inline constexpr std::size_t max_cursors = 64;

/// Cursors of all peers of all ports together. A quarter of `max_cursors` remains for the process
/// itself.
inline constexpr std::size_t max_peer_cursors = 48;
/// Growth of the WAL, in bytes, after which a peer's cursor is closed, counted from when its
/// snapshot first kept the WAL from restarting. It takes a minute of 1,000 small writes a second,
/// so no idle peer can fill a disk.
inline constexpr std::uint64_t cursor_wal_bytes = std::uint64_t{256} << 20;

/// Readers with a thread but no connection that replace stuck readers: one for each reader, at most
/// this many. Their threads are created at open, because the process may have none left when a
/// reader is stuck.
inline constexpr int spare_readers = 2;
/// How long a spare reader keeps working after one peer last occupied all other readers.
inline constexpr std::chrono::milliseconds spare_reader_stays = 1s;
/// Time from the call to a usable connection: two lost packets on a slow line.
inline constexpr std::chrono::milliseconds connect_timeout = 5s;
/// Interval of heartbeats between processes.
inline constexpr std::chrono::milliseconds heartbeat_interval = 500ms;
/// Silence after which the peer counts as lost. A stopped peer was detected after 2.2 s
/// (docs/measurements.md).
inline constexpr std::chrono::milliseconds heartbeat_timeout = 2s;
/// How long a request waits for a lost connection to be restored. With the 2.5 s that detecting the
/// loss takes, that is less than the promised 5 s.
inline constexpr std::chrono::milliseconds reconnect_patience = 2s;
/// Delay before the second attempt to reconnect. It doubles up to `reconnect_backoff_waiting`
/// during the first `reconnect_patience`, then up to `reconnect_backoff_max`.
inline constexpr std::chrono::milliseconds reconnect_backoff_min = 50ms;
/// Longest delay between two attempts while requests wait for the connection.
inline constexpr std::chrono::milliseconds reconnect_backoff_waiting = 100ms;
/// Longest delay between two attempts after that.
inline constexpr std::chrono::milliseconds reconnect_backoff_max = 1s;
/// How long past its deadline the client waits for the server's own answer to a request.
inline constexpr std::chrono::milliseconds remote_grace = 500ms;
/// How often a repeatable request is sent again when its connection is lost. Bounded, because the
/// request may be what ends its server.
inline constexpr int remote_resends = 2;
/// Interval at which deadlines are checked while calls are in flight.
inline constexpr std::chrono::milliseconds remote_sweep = 50ms;
/// Largest part of an answer, in bytes. Smaller parts are not faster; larger ones delay heartbeats
/// on slow lines for too long (2 s at 4 Mbit/s).
inline constexpr std::size_t wire_part_bytes = std::size_t{1} << 20;
/// Memory that one decoded request of a peer may take, in bytes. Lists of small values grow
/// fortyfold when they are decoded.
inline constexpr std::size_t wire_decoded_bytes = std::size_t{256} << 20;
/// Size in bytes above which a request is decoded on the port's decoder thread, where it delays no
/// other peer. A request below takes the gateway at most a millisecond.
inline constexpr std::size_t wire_inline_bytes = std::size_t{64} << 10;
/// How long the writes of a disconnected peer may still take: less than the promised second.
inline constexpr std::chrono::milliseconds orphan_grace = 500ms;
/// Messages that an actor handles before another one runs, in the engine's own actor systems.
/// Without it a gateway with many peers occupies a scheduler thread for as long as requests arrive.
inline constexpr std::size_t scheduler_throughput = 64;

/// Longest delay of a worker's first restart. It doubles with each further failure in the period.
inline constexpr std::chrono::milliseconds restart_backoff_min = 10ms;
/// Longest delay of a restart, and the delay of a probe.
inline constexpr std::chrono::milliseconds restart_backoff_max = 5s;
/// Failures of a worker within `restart_period` above which its circuit opens.
inline constexpr int restart_intensity = 5;
/// Period in which failures of a worker are counted.
inline constexpr std::chrono::milliseconds restart_period = 60s;
/// Workers that a request may fail before it counts as poison.
inline constexpr int poison_attempts = 2;
/// First delay before a failed periodic backup is retried. It doubles up to the maximum (never
/// above the interval). So a full disk is not retried every second, and a night is not lost.
inline constexpr std::chrono::milliseconds backup_retry_min = 1s;
/// Longest delay before a failed periodic backup is retried.
inline constexpr std::chrono::milliseconds backup_retry_max = 300s;
/// WAL size in bytes after which a running backup copies without pauses, because its snapshot keeps
/// the WAL from restarting.
inline constexpr std::uint64_t backup_max_wal_bytes = std::uint64_t{256} << 20;
/// WAL size in bytes at which a backup fails. A database that is written faster than it is copied
/// would otherwise fill its disk.
inline constexpr std::uint64_t backup_wal_limit = std::uint64_t{4} << 30;
/// Pages of a step without pauses: short enough to be cancelled, long enough to cost nothing.
inline constexpr int backup_hurried_pages = 4'096;
/// How long a backup waits for its source. A database that is not in WAL mode may be locked by a
/// writer.
inline constexpr std::chrono::milliseconds backup_busy_timeout = 5s;

/// Bytes of a name or value in a maintenance request (a table, a pragma).
inline constexpr std::size_t max_argument_bytes = std::size_t{64} << 10;
/// Bytes of one row of a result: more than SQLite stores in one row, yet a row of large blobs
/// (sixty times `zeroblob(1e9)`) does not take all memory.
inline constexpr std::size_t max_row_bytes = std::size_t{2} << 30;

/// Bytes of a statement and its parameters in the debug log: a log line must not hold megabytes.
inline constexpr std::size_t max_echo_bytes = 4096;
/// Slowest statements that statistics keep.
inline constexpr std::size_t slowest_kept = 10;

} // namespace dbengine::defaults
