// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// One accepted connection, as CAF's broker knows it: a scribe whose stream reads and writes through
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

  /// Takes the socket.
  peer(std::shared_ptr<listener_state> state, multiplexer& backend, socket fd,
       std::unique_ptr<transport> through);
  ~peer() override;

  /// Ends the connection: the socket is shut down at once, and the event that follows notifies the
  /// broker. Safe at any time, also inside of the broker. Only the first reason counts.
  void fail(close_reason why);

  /// Fails if a deadline has passed. Returns whether another is pending.
  bool sweep(clock::time_point now);

  // What a broker asks of a scribe.
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

  // What the stream asks of its policy.
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

  /// Judges what has been read. `frame`: there are judged bytes.
  parsed parse();
  /// Judges the header at the front, once. `skip`: the frame is dropped.
  translator::action judge_header();
  /// Does what was judged; false if the connection is over. `size`: of the frame.
  bool obey(translator::action what, std::size_t size);
  /// Throws away what has come of a dropped frame. False if more of it is to come.
  bool skip_dropped();
  /// Reads once. `again`: the socket may have more. False if the connection is over.
  bool fill(bool& again);
  /// How many bytes the next read should get.
  std::size_t read_size() const;
  void note_partial();
  /// Takes the text out of the message at the front if it is large and its length has come.
  void begin_aside();
  /// Stores what has come of that text. False if the connection is over.
  bool store_aside();
  /// The message of that text has been judged. Drops the text unless the message was fed.
  void end_aside(bool fed);
  /// Hands the text over. The broker has the whole frame now, and sends it to the gateway next.
  void give_aside();
  /// Sends `bytes` and leaves them empty.
  void send(std::vector<char>& bytes);
  /// Writes what waits until the socket takes no more.
  void drain();
  void leave_half_open();
  void leave_requests();

  std::shared_ptr<listener_state> state_;
  node_bytes name_;
  const std::uint64_t number_; ///< of its actor, for the gateway
  std::unique_ptr<transport> through_;
  translator rules_;
  stream stream_;
  /// Read at once: the system reports none for a socket whose peer has disconnected.
  std::string address_;

  input_buffer in_;
  aside_text aside_;               ///< of the message at the front
  std::size_t skip_ = 0;           ///< bytes of a dropped frame that are still to be thrown away
  bool unparsed_ = false;          ///< the unjudged bytes may hold a complete frame
  bool draining_ = false;          ///< this event reads no more from the socket
  bool header_judged_ = false;     ///< the frame at the front may be stored
  std::size_t heartbeat_left_ = 0; ///< bytes of a heartbeat of our own, see read_some
  clock::time_point partial_since_{};
  clock::time_point last_heartbeat_{};

  // Output: what the broker has written since its last flush, and what the peer has not taken yet.
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
