// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What the actors and the facade of one engine share: queues, connections, counters, and the rules of passing them on.
// No CAF in here: the actors drive it, tests can.
//
// Thread rule: every public member may be called from any thread unless it says otherwise.
// Ownership: shared by the facade, the supervisor and the workers; owns the queues, the leases, the write connection
// and the file's lock.

#pragma once

#include "connection/connection.hpp"
#include "engine/counters.hpp"
#include "engine/problem_log.hpp"
#include "engine/reader_pool.hpp"
#include "engine/request_queue.hpp"
#include "engine/write_group.hpp"
#include "os/descriptor_claim.hpp"
#include "os/file_lock.hpp"
#include "os/pinned_file.hpp"

#include <dbengine/options.hpp>
#include <dbengine/stats.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>

namespace dbengine::engine {

/// What health and the log say of a disk without room for a write.
std::string no_room_text(std::uint64_t free_bytes);

class engine {
public:
  /// What the core asks of its actors. Set by the composition root before any worker runs.
  struct wakers {
    std::function<void()> flush_writer;
    std::function<void(std::size_t)> flush_reader;
    std::function<void()> arm_sweep;      ///< in `lease_idle`
    std::function<void()> arm_watch;      ///< soon: somebody waits in a queue
    std::function<void()> arm_checkpoint; ///< in `checkpoint_idle`
    /// The WAL cannot begin anew and has so many bytes. True where something that kept it so will end in a moment.
    std::function<bool(std::uint64_t)> wal_pinned;
    std::function<void(const error_info&)>
        writer_broke; ///< the write connection is gone; restart the writer
  };

  /// Opens the file: takes its lock and tries a connection, so that the reason for a failure reaches the caller.
  engine(std::string_view url, options o);
  ~engine();

  void start(wakers w);
  /// The opening failed after all: what it made goes with the files, where nothing is in it.
  void undo_opening() noexcept { undone_ = true; }

  // -- requests -----------------------------------------------------------------------------------

  /// Throws where no request may come in from this thread: shut down, forked, or in a function that a statement of this
  /// engine calls.
  void admit() const;
  /// The last of these alone: whoever waited there would wait for itself.
  void refuse_nested() const;
  /// To the writer. Throws as `admit`, or `errc::overloaded`.
  void submit_write(request_ptr r);
  /// To a reader; what turns out to write goes on to the writer.
  void submit_read(request_ptr r);
  /// A check of the whole file: to the one reader that does nothing else, so that it is in no read's way.
  void submit_upkeep(request_ptr r);

  // -- the write connection -----------------------------------------------------------------------

  /// The write connection for this thread, at once or not at all: only while nobody writes or waits.
  bool try_take_writer() noexcept;
  /// For one statement, by who gives it back at once; a holder of the same kind is waited for, some microseconds.
  bool try_take_writer_briefly() noexcept;
  /// What waits for it.
  const std::atomic<std::size_t>& writes_waiting() const noexcept { return writes_.waiting(); }
  /// Gives it back and lets those who waited have it. `broken`: it is closed and the writer is restarted.
  void give_back_writer() noexcept;
  void writer_broken(const error_info& why) noexcept;
  /// Only while this thread has it.
  sqlite::connection& writer() const noexcept { return *writer_; }
  bool this_thread_writes() const noexcept {
    return writer_thread_.load() == std::this_thread::get_id();
  }
  /// After a commit of the holder: looks at the file, checkpoints where it is time. Throws `errc::fenced`.
  void after_commit();
  /// What to tell the sender of a write that failed with this. After an I/O error the commit may come back when the file is
  /// opened again: a checkpoint, or another commit in its place, decides that it stays away. Where neither is possible,
  /// writing is fenced until one is, and the answer is `errc::fenced`, `unknown`.
  error_info settle(sqlite::connection& c, error_info why);
  /// Only while this thread has the write connection, before it writes: settles what is not settled yet. Throws `errc::fenced`.
  void ready_to_write();
  /// Runs a request on the write connection that this thread has, and gives the connection back. The request is
  /// answered then, or in the queue where the worker failed under it.
  void run_on_this_thread(const request_ptr& r);
  /// Whether the holder of the write connection is a host with its native handle that runs no statement of this API.
  void lend_outside(bool on) noexcept { lent_outside_.store(on, std::memory_order_seq_cst); }
  /// The gate came with a `lend`.
  void lent_to_this_thread() noexcept { writer_thread_.store(std::this_thread::get_id()); }
  /// Throws `errc::fenced` where writing is stopped for good.
  void check_fence() const;
  /// A raw connection leaves nothing behind: closed, and opened anew. What it committed is looked after as after any commit.
  void replace_writer();
  /// Sets a pragma on the write connection that this thread has, and on every one that is opened later.
  void set_pragma(sqlite::connection& c, const std::string& name, const std::string& text);

  /// For the writer actor: opens the write connection and lets requests at it. Throws `error`. True: an idle checkpoint
  /// was due when the writer before it ended.
  bool open_writer();
  /// For the writer actor, on `flush`: runs everything that waits. An exception is the worker's failure; the
  /// requests are dealt with by then.
  void drain_writes();
  /// For the writer actor, some time after the last commit. True: ask again later.
  bool idle_checkpoint();
  /// Runs `checkpoint` on the write connection after recalling the leases.
  checkpoint_result checkpoint(sqlite::connection& c, checkpoint_mode mode);

  // -- readers ------------------------------------------------------------------------------------

  std::unique_ptr<sqlite::connection> open_reader() const;
  /// For a reader actor, on `flush`. False where its connection is to be closed: another one took its place while it was stuck (it is
  /// a spare now), it has no upkeep to do, or the connection is not sound. An exception is the worker's failure.
  bool drain_reads(std::size_t reader, sqlite::connection& c);
  /// Reader actors: those that work, the spare ones, and the last one for upkeep.
  std::size_t reader_count() const noexcept { return readers_.size(); }
  /// It takes work; a spare one does not.
  bool reader_active(std::size_t reader) const noexcept;
  /// For a reader actor, on `flush`: whether it takes work. One that is a spare by now can be woken again.
  bool take_wake_up(std::size_t reader) noexcept;
  bool is_upkeep(std::size_t reader) const noexcept { return reader + 1 == readers_.size(); }
  /// Something waits for it. Where nothing does, the next request wakes it again.
  bool work_waits(std::size_t reader) noexcept;
  /// It has its first connection.
  void reader_open(std::size_t reader) noexcept;
  /// It takes work from now on. Returns the number of its life, for `reader_failed`.
  std::uint64_t reader_started(std::size_t reader);
  /// The end of that life; nothing where the next one has started: an end may be told late.
  void reader_failed(std::size_t reader, std::uint64_t life);

  // -- supervision --------------------------------------------------------------------------------

  /// Answers what waits past its deadline and looks for stalled workers. True: ask again.
  bool watch();
  void open_circuit(bool writer_side, const error_info& why);
  void close_circuit(bool writer_side);
  /// One reader's circuit opened or closed; reading stops when those of all that take work are open.
  void reader_circuit(std::size_t reader, bool open, const error_info& why);
  /// Tells the owner (`options::on_escalation`).
  void escalate(const escalation& e) const noexcept;
  /// Nobody restarts workers any more: what waits and what comes is answered `errc::unavailable`.
  void supervision_lost(const error_info& why);
  /// Empty where writing is not fenced.
  std::string fenced() const;
  /// A read met the end of a file that was cut short: nothing is written any more, either.
  void fence_where_cut();
  /// For good: the engine must be opened anew.
  void fence(std::string why);

  /// No new requests from now on.
  void refuse() noexcept { accepting_.store(false, std::memory_order_seq_cst); }
  bool accepting() const noexcept { return accepting_.load(std::memory_order_relaxed); }
  /// Waits until the queues are empty and nothing runs; false at the deadline. The write connection in the hands of a host that runs
  /// nothing, or of the caller's own thread, is not waited for.
  bool wait_drained(sqlite::clock::time_point deadline);
  /// Answers the rest, interrupts what runs, closes the connections. After the workers have ended.
  void answer_rest();
  void close_leases(sqlite::clock::time_point deadline) { leases_.close(deadline); }
  /// Closes the write connection and lets go of the file. Where a thread is in the connection and does not come back by then,
  /// that thread closes it when it does.
  void close_files(sqlite::clock::time_point last_moment);
  /// Answers the callers of workers that do not come back.
  void leave_behind();
  /// This process is a fork of the one that opened the engine.
  bool forked() const noexcept;
  /// Throws `errc::forked` there.
  void check_process() const;

  // -- the rest -----------------------------------------------------------------------------------

  /// Counts, sampled from the workers' blocks. Queues, leases and files included; not the supervisor's part.
  dbengine::statistics sample() const;
  std::uint64_t wal_bytes() const;
  /// Looks at the files and keeps what it found. It waits for the disk: never on a scheduler's thread.
  void look_at_disk();
  struct disk_sample {
    bool file_present = true;
    std::uint64_t free_bytes = 0;
    std::uint64_t capacity =
        0; ///< of the file system; 0 where that is not known, or the database is in memory
    std::uint64_t wal_bytes = 0;
  };
  /// What the last look found.
  disk_sample disk() const;
  /// How long the writer, or every reader, has been in statements that do not come back; zero where one of each works.
  sqlite::clock::duration stuck_for() const;
  std::uint64_t commits_seen() const noexcept {
    return commits_seen_.load(std::memory_order_relaxed);
  }
  /// A write failed with this: health tells where it found no room on the disk.
  void note_failure(const error_info& why) noexcept;
  /// A write found no room a while ago, none has been committed since, and by the last look at the disk there is no more than then.
  bool out_of_room() const noexcept;
  /// Logs problems that begin and end.
  problem_log& problems() noexcept { return problems_; }

  reader_pool& leases() noexcept { return leases_; }
  const options& opts() const noexcept { return *options_; }
  const sqlite::location& where() const noexcept { return where_; }
  bool read_only() const noexcept { return read_only_; }
  slow_log& slow() noexcept { return slow_; }
  worker_counters& writer_counts() noexcept { return writer_counts_; }
  sqlite::clock::time_point deadline_of(const request_options& o) const noexcept;
  void arm_sweep() noexcept {
    if (!sweep_armed_.load(std::memory_order_relaxed))
      arm(sweep_armed_, &wakers::arm_sweep);
  }
  /// For the sweeper: sweeps; true: again in `lease_idle`.
  bool sweep();

  struct worker_view {
    bool running = false;
    bool stalled = false;
    bool spare = false;
    std::string note; ///< where it takes too long
  };
  worker_view view_writer() const;
  worker_view view_reader(std::size_t i) const;

private:
  /// unsettled: set by `settle`, ends when the failed commit is settled. for_good: the file is not ours any more; terminal.
  enum class fencing : std::uint8_t { none, unsettled, for_good };

  /// active: takes work. spare: has a thread and no connection. retired: in a statement that does not come back; the watch
  /// says so, and the reader itself ends it when it does come back (spare then, or active where one is missing).
  /// upkeep: it runs checks of the whole file and nothing else, for ever.
  enum class reader_part : std::uint8_t { active, spare, retired, upkeep };

  struct reader_slot {
    std::atomic<reader_part> part{reader_part::active};
    std::atomic<bool> resting{false}; // its circuit is open
    std::atomic<bool> alive{false};
    std::atomic<bool> scheduled{false};
    std::mutex mutex; // guards current, life
    request_ptr current;
    std::uint64_t life = 0; // counts its actors
    worker_counters counts;
  };

  void open_file();
  void open_to_read();
  void open_to_write();
  void open_first_writer();
  void remove_unused() noexcept;
  void arm(std::atomic<bool>& flag, std::function<void()> wakers::*what) noexcept;
  void wake_writer() noexcept;
  /// False where every reader that works has been woken before.
  bool wake_reader() noexcept;
  /// One peer has every reader, and what waits is of others: a spare one works as well, until a reader steps back.
  void help_others();
  bool steps_back(std::size_t i);
  void wake_upkeep() noexcept;
  /// It is active, or the one for upkeep, whose connection is open only while it has something to do.
  bool reader_works(std::size_t i) const noexcept { return reader_active(i) || is_upkeep(i); }
  void retire_reader(std::size_t i, const request_ptr& stuck_in);
  void tell_stuck(std::string worker, const request& r) const;
  void reader_is_back(std::size_t i);
  void judge_readers(const error_info& why);
  void watch_gate(sqlite::clock::time_point now);
  bool look_around();
  void run_group(std::vector<request_ptr> group);
  void group_failed(const write_group& g, const error_info& why);
  void count_answer(worker_counters& w, const request& r);
  void committed() noexcept;
  void checkpoint_where_due();
  /// Throws where the write connection is in a transaction that it could not end.
  void check_writer() const;
  /// A checkpoint that starts the WAL anew, where nothing older than the last commit is being read. A passive one tells: behind
  /// a backup's or a cursor's snapshot the other would only keep the writer waiting. A read that ends within `patience` is
  /// waited for.
  checkpoint_result checkpoint_unless_pinned(checkpoint_mode mode,
                                             std::chrono::milliseconds patience);
  void close_writer() noexcept;
  void fence_with(fencing f, std::string why);
  void unfence();
  std::unique_ptr<sqlite::connection> make_writer() const;
  bool sweep_writer() noexcept;
  void check_accepting() const;
  void gather() noexcept;

  std::shared_ptr<const options> options_;
  sqlite::location where_;
  bool read_only_ = false;
  std::optional<os::descriptor_claim> claim_; // of a file
  os::file_lock lock_;
  bool made_file_ = false;
  std::atomic<bool> undone_{false};
  wakers wakers_;

  std::atomic<bool> accepting_{true};
  admission admission_;
  request_queue writes_;
  request_queue reads_;
  request_queue upkeep_;

  // The gate. brief: held for one statement of a facade thread. shut: no writer is there, nobody has the write connection (set
  // at start and when it broke, ended by the next writer that opens; for ever once the files are closed).
  enum : std::uint32_t { gate_free = 0, gate_held = 1, gate_shut = 2, gate_brief = 3 };
  bool take_gate(std::uint32_t as) noexcept;
  bool own_gate() noexcept;
  bool held_by_somebody() const noexcept {
    const auto now = gate_.load(std::memory_order_seq_cst);
    return now == gate_held || now == gate_brief;
  }
  /// The same, for shutting down.
  bool works_for_somebody() const noexcept {
    return held_by_somebody() && !lent_outside_.load(std::memory_order_seq_cst) &&
           !this_thread_writes();
  }
  alignas(64) std::atomic<std::uint32_t> gate_{gate_shut};
  std::atomic<bool> closing_{false}; // whoever gives the write connection back closes it
  std::atomic<bool> lent_outside_{false};
  std::atomic<std::thread::id> writer_thread_{};
  std::atomic<bool> flush_pending_{false};
  // Above 0: writers come together; nobody writes inline, so that groups can form.
  std::atomic<int> grouped_mode_{0};
  std::unique_ptr<sqlite::connection> writer_;
  std::map<std::string, std::string> pragmas_; // by the holder of the gate
  worker_counters writer_counts_;
  mutable std::mutex current_mutex_; // guards current_writes_
  std::vector<request_ptr> current_writes_;
  std::atomic<std::uint64_t> commits_seen_{0};
  std::uint64_t commits_at_idle_ = 0;
  // By the holder of the gate.
  int wal_pages_before_ = 0;
  int next_checkpoint_ = defaults::checkpoint_pages;
  std::size_t last_group_ = 0;
  std::uint64_t turns_ = 0; // times that the gate was taken
  std::uint64_t turns_at_sweep_ = 0;

  alignas(64) std::atomic<bool> sweep_armed_{false};
  std::atomic<bool> watch_armed_{false};
  std::atomic<bool> checkpoint_armed_{false};

  // By the watch: since when the same holder has the write connection while others wait; 0 where nobody waits or it moves.
  std::atomic<sqlite::clock::rep> held_since_{0};
  std::uint64_t held_at_ = 0;
  const request* stuck_write_ = nullptr; // the one the log was told of

  mutable std::mutex disk_mutex_;
  disk_sample disk_;

  mutable std::mutex fence_mutex_;
  std::string fence_;
  std::atomic<fencing> fencing_{fencing::none};

  std::unique_ptr<sqlite::connection>
      keeps_backup_;          // where a backup is read: its transaction lasts as long as the engine
  os::pinned_file read_lock_; // of a read-only engine (shared flock): no restore replaces the file
  std::shared_ptr<const void> memory_; // keeps a memory database while no connection is open
  std::mutex parts_mutex_;             // of who is active, spare, retired, resting
  /// When one peer was last seen to have every reader, or every other one.
  std::atomic<sqlite::clock::rep> one_had_all_{0};
  bool reading_stopped_ = false;
  std::vector<std::unique_ptr<reader_slot>> readers_;
  reader_pool leases_;
  slow_log slow_;
  write_group::hooks hooks_;
  // Of the last write that found no room: that it was the last, what there was, and when (nanoseconds of the clock).
  std::atomic<bool> no_room_{false};
  std::atomic<std::uint64_t> room_then_{0};
  std::atomic<std::int64_t> no_room_at_{0};
  problem_log problems_;
  int owner_pid_ = 0;
};

} // namespace dbengine::engine
