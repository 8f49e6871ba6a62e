// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// One accepted connection, as CAF's broker sees it: a scribe whose stream reads and writes through
// the translator.
// Thread safety: lives and is used in the middleman's thread.
#pragma once

#include "guard/aside_text.hpp"
#include "guard/input_buffer.hpp"
#include "guard/listener_state.hpp"

#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream.hpp>
#include <caf/io/scribe.hpp>

#include <memory>
#include <string>
#include <vector>

namespace dbengine::actors::guard {

class peer final : public caf::io::scribe {
public:
  using socket = caf::io::network::native_socket;
  using multiplexer = caf::io::network::default_multiplexer;
  using rw_state = caf::io::network::rw_state;

  /// Takes ownership of the socket.
  peer(std::shared_ptr<listener_state> state, multiplexer& backend, socket fd,
       std::unique_ptr<transport> through);
  ~peer() override;

  /// Ends the connection: the socket is shut down at once, and the event that follows notifies the
  /// broker. Safe at any time, also inside the broker. Only the first reason counts.
  void fail(close_reason why);

  /// Fails the connection if a deadline has passed. Returns whether another is pending.
  bool sweep(clock::time_point now);

  // The interface of a scribe.
  void configure_read(caf::io::receive_policy::config config) override;
  void ack_writes(bool enable) override;
  std::vector<char>& wr_buf() override;
  std::vector<char>& rd_buf() override;
  void graceful_shutdown() override;
  void flush() override;
  std::string addr() const override;
  std::uint16_t port() const override;
  void add_to_loop() override;
  void remove_from_loop() override;
  bool consume(caf::execution_unit* unit, const void* data, std::size_t size) override;

  // The interface of the stream's policy.
  rw_state read_some(std::size_t& result, socket fd, void* to, std::size_t size);
  rw_state write_some(std::size_t& result, socket fd, const void* from, std::size_t size);
  bool must_read_more(socket fd, std::size_t threshold);

private:
  class stream final : public caf::io::network::stream {
  public:
    stream(multiplexer& backend, socket fd, peer& owner)
        : caf::io::network::stream(backend, fd), owner_(owner) {}
    void handle_event(caf::io::network::operation op) override { handle_event_impl(op, owner_); }

  private:
    peer& owner_;
  };

  enum class parsed { frame, more, closed };

  /// Judges the bytes that were read. `frame`: there are judged bytes.
  parsed parse();
  /// Judges the header at the front, once. `skip`: the frame is dropped.
  translator::action judge_header();
  /// Carries out a judgement; false if the connection is over. `size`: of the frame.
  bool obey(translator::action what, std::size_t size);
  /// Discards the bytes of a dropped frame. False if more of them are to come.
  bool skip_dropped();
  /// Reads once. `again`: the socket may have more. False if the connection is over.
  bool fill(bool& again);
  /// The size of the next read.
  std::size_t read_size() const;
  void note_partial();
  /// Takes the text out of the message at the front if it is large and its length has arrived.
  void begin_aside();
  /// Stores the bytes of that text that have arrived. False if the connection is over.
  bool store_aside();
  /// The message of that text has been judged. Drops the text unless the message was fed.
  void end_aside(bool fed);
  /// Passes the text to `on_aside`. The broker has the whole frame now, and sends it to the gateway
  /// next.
  void give_aside();
  /// Sends `bytes` and clears them.
  void send(std::vector<char>& bytes);
  /// Writes waiting output until the socket takes no more.
  void drain();
  void leave_half_open();
  void leave_requests();

  std::shared_ptr<listener_state> state_;
  node_bytes name_;
  const std::uint64_t number_; ///< of its actor, for the gateway
  std::unique_ptr<transport> through_;
  translator rules_;
  stream stream_;
  /// Stored at once: the system reports none for a socket whose peer has disconnected.
  std::string address_;

  input_buffer in_;
  aside_text aside_;               ///< of the message at the front
  std::size_t skip_ = 0;           ///< bytes of a dropped frame that are still to be discarded
  bool unparsed_ = false;          ///< the unjudged bytes may hold a complete frame
  bool draining_ = false;          ///< this event reads no more from the socket
  bool header_judged_ = false;     ///< the frame at the front may be stored
  std::size_t heartbeat_left_ = 0; ///< bytes of a heartbeat from this side, see read_some
  clock::time_point partial_since_{};
  clock::time_point last_heartbeat_{};

  // Output: what the broker has written since its last flush, and what the peer has not read yet.
  std::vector<char> staged_;
  std::deque<std::vector<char>> out_;
  std::size_t out_begin_ = 0; ///< of out_.front()
  std::size_t unread_ = 0;
  bool waits_for_writing_ = false;
  clock::time_point progress_{};

  clock::time_point born_;
  std::list<peer*>::iterator half_open_;
  bool is_half_open_ = true;
  bool launched_ = false;
  bool failed_ = false;
};

} // namespace dbengine::actors::guard
