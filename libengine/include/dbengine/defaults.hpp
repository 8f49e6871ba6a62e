// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Every constant of the engine with the reason for its value. Figures named "PLATFORM" were measured on
// Debian 12, 2 cores, SQLite 3.40.1, CAF 0.17.6.
// Thread rule: constants.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dbengine::defaults {

using namespace std::chrono_literals;

// -- what a user sets in `options` ----------------------------------------------------------------

/// Reader actors. One is enough for a machine of two cores: the facade reads on leases.
inline constexpr int num_workers = 1;
/// More than this many detached threads never helped SQLite readers anywhere.
inline constexpr int max_num_workers = 64;
/// Seconds between periodic backups, the seed's value.
inline constexpr std::chrono::milliseconds backup_interval = 3600s;
inline constexpr std::chrono::milliseconds min_backup_interval = 1s;
inline constexpr int backup_keep_count = 10;
/// Page cache of each connection, the seed's value.
inline constexpr std::size_t cache_size = std::size_t{64} << 20;
/// Memory-mapped part of the file, the seed's value.
inline constexpr std::size_t mmap_size = std::size_t{256} << 20;
/// A reader stops mapping the file after this many snapshots in a row that served fewer reads than that (SQLite gives the
/// mapping up at each new one), and starts again when one has served that many.
inline constexpr int mmap_brief_snapshots = 4;
inline constexpr std::uint64_t mmap_brief_reads = 16;
inline constexpr int mmap_after_reads = 1'000;
/// How long other processes are waited for.
inline constexpr std::chrono::milliseconds busy_timeout = 30s;
inline constexpr std::chrono::milliseconds request_timeout = 30s;
inline constexpr std::chrono::milliseconds shutdown_timeout = 10s;
/// Requests that may wait, over all classes; 10,000 point writes drain in a tenth of a second.
inline constexpr std::size_t max_queue = 10'000;
/// Bytes that waiting requests may hold.
inline constexpr std::size_t max_queue_bytes = std::size_t{256} << 20;
/// Pages (of the default 4 KiB) that a backup copies in one step: some 1.3 ms of work, as long as the rest after it. With
/// 64 the copy takes three times as long for no gain of the writer's, with 256 it is near its bound (bench/README.md).
inline constexpr int backup_pages_per_step = 512;
inline constexpr std::chrono::milliseconds backup_pause = 1ms;

// -- inside ---------------------------------------------------------------------------------------

/// Prepared statements kept per connection. A program has some tens of hot statements.
inline constexpr std::size_t statement_cache_capacity = 128;
/// Longest SQL text accepted, in bytes; SQLite's own default.
inline constexpr std::size_t max_sql_bytes = 1'000'000'000;
/// Statements longer than this are not kept in the cache.
inline constexpr std::size_t max_cached_sql_bytes = 64 * 1024;
/// Virtual machine steps between two looks at the deadline: 0.03 ms, not measurable (PLATFORM).
inline constexpr int progress_steps = 1'000;
/// A pattern of LIKE, SQLite's own bound. LIKE looks at the deadline while it works.
inline constexpr int like_pattern_bytes = 50'000;
/// A pattern of GLOB, which is SQLite's own and cannot be interrupted: a megabyte of text takes it at most some 0.9 s.
inline constexpr int glob_pattern_bytes = 128;
/// The names that SQLite may have to pass in its list of parameters while it prepares one statement: those of 2,000 different `:name`, some
/// 15 ms of the processor that nothing can interrupt. A `?` without a number is not in the list.
inline constexpr std::size_t parameter_lookups = 4'000'000;
/// Below this size a statement cannot have so many.
inline constexpr std::size_t parameter_scan_bytes = 4 * 1024;
/// A read may run on the idle write connection, where it would keep a writer waiting, if it was run this often before
/// and never took more steps or bytes: some 10 us of work.
inline constexpr int short_after_runs = 2;
inline constexpr int short_steps = 500;
inline constexpr std::size_t short_bytes = 16 * 1024;
/// Reads on the write connection, without a commit in between, after which a reader renews its own snapshot.
inline constexpr int quiet_reads = 3;
/// A request that ran this much past its deadline sits in code SQLite cannot interrupt: its caller is
/// answered, its worker fenced.
inline constexpr std::chrono::milliseconds interrupt_grace = 50ms;
/// Requests in one write group. Larger groups gain nothing (the commit is amortised) and cost latency.
inline constexpr std::size_t group_max_requests = 256;
inline constexpr std::size_t group_max_bytes = std::size_t{4} << 20;
/// Turns of other threads that bring no request, after which a group of `synchronous=full` starts without all who were in
/// the last one: without the wait 9.5 x raw at 32 clients, with it 14 x (bench/README.md).
inline constexpr int gather_yields = 10;
/// Empty or single groups after which the writer lets facade threads write inline again.
inline constexpr int grouped_mode_patience = 8;
/// Turns of other threads for which a statement waits for the write connection while another one runs on it. A statement
/// takes some microseconds, the way through the queue more.
inline constexpr int gate_yields = 3;
/// An idle snapshot older than this is given up, so that it never holds a checkpoint up.
inline constexpr std::chrono::milliseconds lease_idle = 100ms;
/// A leased connection unused this long is closed: its page cache and its mapping of the file are memory others can use, and
/// opening another takes a fifth of a millisecond.
inline constexpr std::chrono::milliseconds lease_close = 2s;
/// At shutdown, what was interrupted gets this long to come back before it is left behind.
inline constexpr std::chrono::milliseconds shutdown_grace = 1s;
/// Health and statistics wait this long for the disk, then answer with what it told last: less than any probe waits.
inline constexpr std::chrono::milliseconds look_patience = 250ms;
/// A look at the disk that takes this long is a problem of its own.
inline constexpr std::chrono::milliseconds look_stalled = 1s;
/// Health. Less room than this, or than that share of the disk where it is small, is a warning …
inline constexpr std::uint64_t disk_low = std::uint64_t{256} << 20;
inline constexpr std::uint64_t disk_low_share = 20;
/// … and less than this is none: a write of a few pages does not fit.
inline constexpr std::uint64_t disk_full = std::uint64_t{64} << 10;
inline constexpr std::uint64_t disk_full_share = 100;
/// After a write found no room: so much more than there was then is room again, and after so long without another one that failed,
/// or where there was this much, nothing is known of the disk but what looking at it shows (a large write, a quota, a limit).
inline constexpr std::uint64_t disk_room_again = std::uint64_t{256} << 10;
inline constexpr std::chrono::seconds disk_retry = 60s;
inline constexpr std::uint64_t disk_room_enough = std::uint64_t{16} << 20;
/// A write-ahead log of this size is a warning: it is begun anew at half of that where nothing keeps it.
inline constexpr std::uint64_t wal_long = std::uint64_t{128} << 20;
/// A periodic backup that is older than twice its interval and this is a warning.
inline constexpr std::chrono::minutes backup_late{10};
/// How often the supervisor looks while somebody waits: half of the promised 50 ms.
inline constexpr std::chrono::milliseconds watch_interval = 25ms;
/// WAL pages after which the writer checkpoints PASSIVE. 1,000 (SQLite's default) halves the rate of
/// single inserts (PLATFORM); 4,000 keeps the WAL near 16 MB.
inline constexpr int checkpoint_pages = 4'000;
/// WAL pages past which the writer recalls leases and restarts the WAL: the bound under a steady mix.
inline constexpr int checkpoint_restart_pages = 16'000;
/// How long the writer waits there for reads that began before the last commit: some time slices of the scheduler.
inline constexpr std::chrono::milliseconds restart_patience = 20ms;
/// Quiet time after the last commit before the WAL is truncated.
inline constexpr std::chrono::milliseconds checkpoint_idle = 1s;
/// Rows of one cursor batch: pages of 1,000 were fastest over the wire (PLATFORM).
inline constexpr std::size_t cursor_batch = 1'000;
/// A batch ends early once it holds this much: some thousand rows of usual width, and rows of any width in bounded memory.
inline constexpr std::size_t cursor_batch_bytes = std::size_t{4} << 20;
/// A cursor of a CAF or remote client that nobody asked for this long is closed.
inline constexpr std::chrono::milliseconds cursor_idle = 60s;
/// Cursors open at once over the actors, each of which holds a connection.
inline constexpr std::size_t max_cursors = 64;

/// Those of all peers of ports together: a quarter is left for the process itself.
inline constexpr std::size_t max_peer_cursors = 48;
/// A peer's cursor is closed where the WAL has grown by so much since its snapshot first kept it from beginning anew: a minute of
/// 1,000 small writes a second, and no disk is filled by a peer that keeps a cursor and reads nothing.
inline constexpr std::uint64_t cursor_wal_bytes = std::uint64_t{256} << 20;

/// Readers with a thread but no connection, which take the place of one that does not come back from its statement: one for
/// each reader, at most two. Their threads are made at open: when a reader is stuck there may be none to be had.
inline constexpr int spare_readers = 2;
/// A spare reader that works because one peer has all others goes on for so long after that was last so.
inline constexpr std::chrono::milliseconds spare_reader_stays = 1s;
/// From the call to a usable connection: two lost packets on a slow line.
inline constexpr std::chrono::milliseconds connect_timeout = 5s;
/// Heartbeats between processes, and the silence after which the other side counts as lost. Seen in 2.2 s (PLATFORM).
inline constexpr std::chrono::milliseconds heartbeat_interval = 500ms;
inline constexpr std::chrono::milliseconds heartbeat_timeout = 2s;
/// How long a request waits for a lost connection to come back: with the 2.5 s that a loss takes to be seen, less than the promised 5 s.
inline constexpr std::chrono::milliseconds reconnect_patience = 2s;
/// Delay before the second attempt to connect again, doubled up to a ceiling: the lower one for the first `reconnect_patience`.
inline constexpr std::chrono::milliseconds reconnect_backoff_min = 50ms;
inline constexpr std::chrono::milliseconds reconnect_backoff_waiting = 100ms;
inline constexpr std::chrono::milliseconds reconnect_backoff_max = 1s;
/// How long past its deadline the server's own word about a request is waited for.
inline constexpr std::chrono::milliseconds remote_grace = 500ms;
/// How often a request that may be repeated is sent again when its connection is lost: what brings its server down must not do so for ever.
inline constexpr int remote_resends = 2;
/// How often deadlines are looked at while calls are under way.
inline constexpr std::chrono::milliseconds remote_sweep = 50ms;
/// The most of an answer that crosses the wire in one piece. Smaller pieces gain nothing in speed; larger ones keep heartbeats
/// from slow lines for too long (2 s at 4 Mbit/s).
inline constexpr std::size_t wire_part_bytes = std::size_t{1} << 20;
/// Memory that one request of a peer may take when it is decoded: lists of small values grow fortyfold.
inline constexpr std::size_t wire_decoded_bytes = std::size_t{256} << 20;
/// A request above this is decoded in the port's decoder, in whose thread it is in nobody's way; one below it takes the gateway a
/// millisecond at most.
inline constexpr std::size_t wire_inline_bytes = std::size_t{64} << 10;
/// How long the writes of a peer that hung up may still take: less than the promised second.
inline constexpr std::chrono::milliseconds orphan_grace = 500ms;
/// Messages that an actor takes before another one has its turn, in the engine's own actor systems: a gateway with many peers
/// would keep a thread of the scheduler for as long as requests come.
inline constexpr std::size_t scheduler_throughput = 64;

/// Supervision: first delay, ceiling, and the budget whose excess opens the circuit.
inline constexpr std::chrono::milliseconds restart_backoff_min = 10ms;
inline constexpr std::chrono::milliseconds restart_backoff_max = 5s;
inline constexpr int restart_intensity = 5;
inline constexpr std::chrono::milliseconds restart_period = 60s;
/// Workers a request may fail before it counts as poison.
inline constexpr int poison_attempts = 2;
/// First delay before a failed periodic backup is tried again, and the ceiling of its doubling (never above the
/// interval): a full disk is not asked every second, and a night is not lost.
inline constexpr std::chrono::milliseconds backup_retry_min = 1s;
inline constexpr std::chrono::milliseconds backup_retry_max = 300s;
/// WAL size past which a running backup, whose snapshot keeps the WAL from being restarted, copies without pauses.
inline constexpr std::uint64_t backup_max_wal_bytes = std::uint64_t{256} << 20;
/// WAL size past which a backup gives up: it would fill the disk of a database that is written to faster than it is copied.
inline constexpr std::uint64_t backup_wal_limit = std::uint64_t{4} << 30;
/// Pages of a step then: short enough to be cancelled, long enough to cost nothing.
inline constexpr int backup_hurried_pages = 4'096;
/// How long the source of a backup is waited for (a database that is not in WAL mode may be locked by a writer).
inline constexpr std::chrono::milliseconds backup_busy_timeout = 5s;

/// Bytes of a name or value in a request for upkeep: a table's, a pragma's.
inline constexpr std::size_t max_argument_bytes = std::size_t{64} << 10;
/// Bytes of one row of a result: more than SQLite stores in one, yet a line of large blobs (`zeroblob(1e9)` sixty times over) does
/// not take all memory.
inline constexpr std::size_t max_row_bytes = std::size_t{2} << 30;

/// Bytes of a statement and its parameters in the debug echo: a blob of megabytes is no log line.
inline constexpr std::size_t max_echo_bytes = 4096;
/// Slowest statements kept for statistics.
inline constexpr std::size_t slowest_kept = 10;

} // namespace dbengine::defaults
