// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// One accepted connection, as CAF's broker knows it: a scribe whose stream reads and writes through
// the translator. Lives and is used in the middleman's thread.
#pragma once

#include "guard/state.hpp"

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

  /// Ends the connection: the socket is shut down at once, the broker hears of it with the event
  /// that follows. Safe at any time, also inside of the broker. Only the first reason counts.
  void fail(close_reason why);

  /// Looks at the deadlines. Returns whether one is pending.
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

  /// Judges what has been read. `frame`: [begin_, fed_) is not empty.
  parsed parse();
  /// Reads once. `again`: the socket may have more. Returns false when the connection is over.
  bool fill(bool& again);
  bool make_room(std::size_t wanted);
  void shrink_input();
  void note_partial();
  /// Where the frame at fed_ is a message with a large text whose length has come: takes the text out of it.
  void begin_aside(header head);
  /// Stores what has come of that text. False when the connection is over.
  bool take_aside();
  /// Moves the frame at fed_, of so many bytes, over text that has been stored.
  void move_up(std::size_t size, std::size_t by);
  /// The frame of that text has been judged. Drops the text unless the frame was fed.
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
  /// Asked for at once: of a socket whose peer is gone the system tells none.
  std::string address_;

  // Input: [begin_, fed_) is judged and on its way to the broker, [fed_, end_) is not judged yet.
  std::vector<char> in_;
  std::size_t begin_ = 0;
  std::size_t fed_ = 0;
  std::size_t end_ = 0;
  std::size_t skip_ = 0;           ///< bytes of a dropped frame still to be thrown away
  bool unparsed_ = false;          ///< [fed_, end_) may hold a complete frame
  bool draining_ = false;          ///< this event reads no more from the socket
  bool header_judged_ = false;     ///< the frame at fed_ may be stored
  std::vector<std::string> aside_; ///< the text of the message at fed_, which goes round the broker
  std::size_t aside_bytes_ = 0;
  std::size_t aside_left_ = 0; ///< what has not come of it
  std::size_t sign_left_ = 0;  ///< bytes of a heartbeat in our own hand, see read_some
  clock::time_point partial_since_{};
  clock::time_point last_sign_{};

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
