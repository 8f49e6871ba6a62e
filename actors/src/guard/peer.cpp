// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "guard/peer.hpp"

#include <caf/io/network/native_socket.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <new>
#include <utility>

namespace dbengine::actors::guard {

namespace {

/// The size of one read before the handshake: the first frame has 64 bytes.
constexpr std::size_t first_read = 256;
/// The least and the most that is read at once beyond the frame that is being received.
constexpr std::size_t small_read = 4 << 10;
constexpr std::size_t large_read = 64 << 10;
/// Larger buffers are released when they are empty.
constexpr std::size_t kept_buffer = 256 << 10;
/// Reads per event, so that one busy peer does not delay the others.
constexpr int reads_per_event = 4;
/// The interval of heartbeats to the broker while a frame arrives slowly.
constexpr std::chrono::milliseconds heartbeat_interval{200};

const std::array<char, header_size> heartbeat = [] {
  std::array<char, header_size> result{};
  result[0] = static_cast<char>(operation::heartbeat);
  return result;
}();

/// CAF takes the descriptor's number for the connection's handle, and may still be removing the
/// last connection of that number when the next one shakes hands. Its tables then name a dead
/// connection for a live peer, for ever. Numbers beyond all descriptors that are never used again
/// avoid that.
caf::io::connection_handle own_handle() {
  static std::atomic<std::int64_t> last{std::int64_t{1} << 40};
  return caf::io::connection_handle::from_int(++last);
}

} // namespace

peer::peer(std::shared_ptr<listener_state> state, multiplexer& backend, socket fd,
           std::unique_ptr<transport> through)
    : caf::io::scribe(own_handle()), state_(std::move(state)), name_(state_->names.front()),
      number_(++state_->last_actor), through_(std::move(through)),
      rules_(state_->who, state_->how.limits, *state_->counts, name_, number_),
      stream_(backend, fd, *this), in_(*state_), born_(clock::now()) {
  if (auto address = caf::io::network::remote_addr_of_fd(fd))
    address_ = std::move(*address);
  if (state_->how.on_connected)
    state_->how.on_connected(number_, address_);
  state_->names.pop_front();
  state_->peers.insert(this);
  half_open_ = state_->half_open.insert(state_->half_open.end(), this);
  state_->peer_started();
  ++state_->counts->accepted;
  ++state_->counts->connections;
  ++state_->counts->half_open;
  state_->want_tick();
}

peer::~peer() {
  if (state_->how.on_disconnected)
    state_->how.on_disconnected(number_);
  leave_half_open();
  leave_requests();
  state_->hold(-static_cast<std::int64_t>(in_.capacity() + aside_.size() + unread_));
  state_->peers.erase(this);
  state_->names.push_back(name_);
  --state_->counts->connections;
  state_->want_tick(); // for late answers
  state_->peer_gone();
}

void peer::leave_requests() {
  if (rules_.in_flight() == 0 || !state_->how.on_gone)
    return;
  // Requests of the peer are still in the gateway's mailbox. They count until the gateway has seen
  // them: peers that send requests and disconnect must not fill it.
  try {
    std::shared_ptr<void> keep(nullptr, [counts = state_->counts, requests = rules_.in_flight(),
                                         bytes = rules_.in_flight_bytes()](void*) {
      counts->in_flight -= requests;
      counts->in_flight_bytes -= bytes;
    });
    rules_.disown_in_flight();
    state_->how.on_gone(std::move(keep));
  } catch (const std::bad_alloc&) { // the requests no longer count
  }
}

void peer::leave_half_open() {
  if (!is_half_open_)
    return;
  is_half_open_ = false;
  state_->half_open.erase(half_open_);
  --state_->counts->half_open;
}

void peer::fail(close_reason why) {
  if (failed_)
    return;
  failed_ = true;
  leave_half_open();
  state_->counts->count(why);
  if (is_fault(why) && state_->how.on_fault)
    state_->how.on_fault(why, addr());
  // Wakes the stream for reading and for writing: both find `failed_` and end.
  ::shutdown(stream_.fd(), SHUT_RDWR);
}

bool peer::sweep(clock::time_point now) {
  if (failed_)
    return false;
  const auto& bounds = state_->how.limits;
  if (is_half_open_ && now - born_ > bounds.handshake_timeout)
    fail(close_reason::handshake_timeout);
  else if (partial_since_ != clock::time_point{} && now - partial_since_ > bounds.frame_timeout)
    fail(close_reason::frame_timeout);
  else if (unread_ > 0 && now - progress_ > bounds.stall_timeout)
    fail(close_reason::stalled_output);
  return !failed_ && (is_half_open_ || partial_since_ != clock::time_point{} || unread_ > 0);
}

// -- what a broker asks of a scribe ---------------------------------------------------------------

void peer::configure_read(caf::io::receive_policy::config config) {
  stream_.configure_read(config);
  if (!launched_) {
    launched_ = true;
    stream_.start(this);
  }
}

void peer::ack_writes(bool) {
  // BASP does not use receipts, and the stream would count the placeholder bytes.
}

std::vector<char>& peer::rd_buf() {
  return stream_.rd_buf();
}

void peer::graceful_shutdown() {
  fail(state_->closing ? close_reason::listener_closed : close_reason::broker_closed);
  detach(&stream_.backend(), false);
}

std::string peer::addr() const {
  return address_;
}

std::uint16_t peer::port() const {
  auto result = caf::io::network::remote_port_of_fd(stream_.fd());
  return result ? *result : std::uint16_t{0};
}

void peer::add_to_loop() {
  stream_.activate(this);
}

void peer::remove_from_loop() {
  stream_.passivate();
}

bool peer::consume(caf::execution_unit* unit, const void* data, std::size_t size) {
  auto result = caf::io::scribe::consume(unit, data, size);
  // The stream's buffer never shrinks by itself: one large frame would hold its size for ever.
  if (rd_buf().capacity() > kept_buffer)
    rd_buf() = std::vector<char>{};
  return result;
}

// -- input ----------------------------------------------------------------------------------------

peer::rw_state peer::read_some(std::size_t& result, socket, void* to, std::size_t size) {
  result = 0;
  auto* target = static_cast<char*>(to);
  bool again = true;
  for (int reads = 0;;) {
    if (failed_)
      return rw_state::failure;
    if (heartbeat_left_ > 0) {
      result = std::min(size, heartbeat_left_);
      std::memcpy(target, heartbeat.data() + (header_size - heartbeat_left_), result);
      heartbeat_left_ -= result;
      return rw_state::success;
    }
    if (in_.judged() > 0) {
      result = in_.take(target, size);
      if (in_.judged() == 0)
        give_aside();
      if (in_.empty())
        in_.clear(kept_buffer);
      return rw_state::success;
    }
    if (parse() != parsed::more)
      continue;
    unparsed_ = false;
    if ((!again || draining_ || ++reads > reads_per_event) && !through_->has_buffered()) {
      draining_ = false;
      return rw_state::success;
    }
    if (!fill(again))
      return rw_state::failure;
  }
}

bool peer::must_read_more(socket, std::size_t) {
  // CAF asks this when the event has used its share of reads. Bytes that are already here must be
  // consumed, because the socket will not announce them; nothing more is read then.
  draining_ = in_.judged() > 0 || unparsed_ || heartbeat_left_ > 0 || through_->has_buffered();
  return draining_;
}

peer::parsed peer::parse() {
  if (state_->how.unsafe_without_checks) {
    leave_half_open();
    in_.feed(in_.unjudged());
    return in_.judged() > 0 ? parsed::frame : parsed::more;
  }
  while (skip_dropped() && in_.unjudged() >= header_size) {
    const auto header = judge_header();
    if (failed_)
      return parsed::closed;
    if (header == translator::action::skip)
      continue;
    begin_aside();
    if (!store_aside())
      return parsed::closed;
    const auto size = in_.frame_size();
    if (in_.unjudged() < size || aside_.missing() > 0)
      break;
    const auto what = rules_.on_frame({in_.frame(), size}, aside_.size());
    end_aside(what == translator::action::feed);
    if (!obey(what, size))
      return parsed::closed;
    if (rules_.shaken())
      leave_half_open();
    if (what == translator::action::skip)
      continue;
    ++state_->counts->frames;
    header_judged_ = false;
    partial_since_ = {};
    in_.feed(size);
    return parsed::frame;
  }
  if (in_.empty())
    in_.clear(kept_buffer);
  if (in_.unjudged() > 0 || skip_ > 0)
    note_partial();
  return parsed::more;
}

translator::action peer::judge_header() {
  if (header_judged_)
    return translator::action::feed;
  const auto what = rules_.on_header(in_.frame_header());
  if (obey(what, in_.frame_size()))
    header_judged_ = what != translator::action::skip;
  return what;
}

bool peer::obey(translator::action what, std::size_t size) {
  if (what == translator::action::close) {
    fail(rules_.why());
    return false;
  }
  if (what == translator::action::skip) {
    ++state_->counts->frames;
    header_judged_ = false;
    skip_ = size;
    if (!rules_.replies().empty())
      send(rules_.replies());
  }
  return true;
}

bool peer::skip_dropped() {
  if (skip_ == 0)
    return true;
  const auto now = std::min(skip_, in_.unjudged());
  in_.drop(now);
  skip_ -= now;
  if (skip_ == 0)
    partial_since_ = {};
  return skip_ == 0;
}

void peer::begin_aside() {
  const auto& how = state_->how;
  auto head = in_.frame_header();
  if (how.aside_bytes == 0 || aside_.active() || head.payload_size <= how.aside_bytes ||
      !head.is(operation::direct_message))
    return;
  auto* const payload = in_.frame() + header_size;
  const auto here = std::min<std::size_t>(in_.unjudged() - header_size, head.payload_size);
  const auto text = find_last_text({payload, here}, head.payload_size, state_->who.requests);
  if (!text || text->size <= how.aside_bytes)
    return;
  // From now on the frame is a small one with an empty text. The frame moves up to the part of the
  // text that has arrived: the bytes after it may be megabytes.
  aside_.begin(text->size);
  payload[text->length_at] = 0;
  head.payload_size = static_cast<std::uint32_t>(text->length_at + 1);
  write_header(in_.frame(), head);
  in_.move_up(header_size + head.payload_size, text->begin - head.payload_size);
}

bool peer::store_aside() {
  if (aside_.missing() == 0)
    return true;
  const auto frame = in_.frame_size();
  const auto now = std::min(aside_.missing(), in_.unjudged() - frame);
  if (now == 0)
    return true;
  if (!state_->hold(static_cast<std::int64_t>(now))) {
    state_->hold(-static_cast<std::int64_t>(now));
    fail(close_reason::memory);
    return false;
  }
  aside_.append(in_.frame() + frame, now, small_read, large_read);
  in_.move_up(frame, now);
  return true;
}

void peer::end_aside(bool fed) {
  if (aside_.size() == 0)
    return;
  // The bytes that were fed count as in flight.
  state_->hold(-static_cast<std::int64_t>(aside_.end()));
  if (!fed)
    aside_.discard();
}

void peer::give_aside() {
  if (aside_.has_pieces())
    state_->how.on_aside(number_, rules_.last_request(), aside_.take_pieces());
}

void peer::note_partial() {
  const auto now = clock::now();
  if (partial_since_ == clock::time_point{}) {
    partial_since_ = last_heartbeat_ = now;
    state_->want_tick();
  } else if (rules_.shaken() && now - last_heartbeat_ > heartbeat_interval) {
    // The broker counts frames as signs of life, not bytes: a large frame on a slow line would
    // outlast its connection timeout.
    last_heartbeat_ = now;
    heartbeat_left_ = header_size;
  }
}

std::size_t peer::read_size() const {
  if (!rules_.shaken() && !state_->how.unsafe_without_checks)
    return first_read;
  if (aside_.missing() > 0)
    return std::clamp(aside_.missing(), small_read, large_read);
  const auto usual = std::clamp(in_.capacity(), small_read, large_read);
  if (!header_judged_)
    return usual;
  // At most twice the bytes that are here: memory follows the bytes that arrived, not those
  // announced.
  return std::max(usual, std::min(in_.frame_size() - in_.unjudged(), in_.unjudged()));
}

bool peer::fill(bool& again) {
  const auto wanted = read_size();
  if (!in_.make_room(wanted, aside_.missing() > 0 ? large_read / 2 : small_read)) {
    fail(close_reason::memory);
    return false;
  }
  const auto room = std::min(in_.free_size(), std::max(wanted, large_read));
  const auto was_established = through_->established();
  std::size_t count = 0;
  const auto status = through_->read(in_.free_space(), room, count);
  switch (status) {
  case io_status::done:
    in_.append(count);
    unparsed_ = true;
    break;
  case io_status::would_block: break;
  case io_status::closed: fail(close_reason::peer_closed); return false;
  case io_status::failed: fail(through_->failure()); return false;
  }
  again = status == io_status::done && count == room;
  if (!was_established && through_->established())
    flush();
  return true;
}

} // namespace dbengine::actors::guard
