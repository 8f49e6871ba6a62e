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

/// One read of a peer that has not shaken hands: its first frame has 64 bytes.
constexpr std::size_t first_read = 256;
/// The least and the most that is read at once beyond the frame that is being received.
constexpr std::size_t small_read = 4 << 10;
constexpr std::size_t large_read = 64 << 10;
/// Buffers beyond this are given back when they are empty.
constexpr std::size_t kept_buffer = 256 << 10;
/// Reads per event, so that one busy peer does not keep the others waiting.
constexpr int reads_per_event = 4;
/// While a frame arrives slowly, the broker gets a heartbeat as often.
constexpr std::chrono::milliseconds sign_interval{200};

const std::array<char, header_size> heartbeat = [] {
  std::array<char, header_size> result{};
  result[0] = static_cast<char>(operation::heartbeat);
  return result;
}();

/// CAF takes the descriptor's number for the connection's handle and may still be forgetting the last
/// connection of that number when the next one shakes hands: its tables then name a dead connection
/// for a live peer, for ever. Numbers that never come back, beyond all descriptors, avoid that.
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
      stream_(backend, fd, *this), born_(clock::now()) {
  if (auto address = caf::io::network::remote_addr_of_fd(fd))
    address_ = std::move(*address);
  if (state_->how.on_connected)
    state_->how.on_connected(number_, address_);
  state_->names.pop_front();
  state_->peers.insert(this);
  half_open_ = state_->half_open.insert(state_->half_open.end(), this);
  ++state_->live_;
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
  state_->hold(-static_cast<std::int64_t>(in_.size() + aside_bytes_ + unread_));
  state_->peers.erase(this);
  state_->names.push_back(name_);
  --state_->counts->connections;
  state_->want_tick(); // for the answers that come too late
  state_->peer_gone();
}

void peer::leave_requests() {
  if (rules_.in_flight() == 0 || !state_->how.on_gone)
    return;
  // What the peer left behind still lies in the gateway's mailbox: peers that ask and hang up must not fill it.
  try {
    std::shared_ptr<void> keep(nullptr, [counts = state_->counts, requests = rules_.in_flight(),
                                         bytes = rules_.in_flight_bytes()](void*) {
      counts->in_flight -= requests;
      counts->in_flight_bytes -= bytes;
    });
    rules_.disown_in_flight();
    state_->how.on_gone(std::move(keep));
  } catch (const std::bad_alloc&) { // then they count no longer
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
  // Wakes the stream for reading and for writing: both will find `failed_` and end.
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
  // BASP does not use receipts, and the stream would count our placeholders.
}

std::vector<char>& peer::wr_buf() {
  return staged_;
}

std::vector<char>& peer::rd_buf() {
  return stream_.rd_buf();
}

void peer::graceful_shutdown() {
  fail(state_->closing ? close_reason::listener_closed : close_reason::broker_closed);
  detach(&stream_.backend(), false);
}

void peer::flush() {
  if (failed_) {
    staged_.clear();
    return;
  }
  // Before the end of the TLS handshake only the server's handshake can wait here. The stream must
  // not wait for writing meanwhile: the socket is writable, which would burn a core.
  if (staged_.empty() || !through_->established())
    return;
  if (!state_->how.unsafe_without_checks)
    rules_.on_output(staged_);
  send(staged_);
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
    if (sign_left_ > 0) {
      result = std::min(size, sign_left_);
      std::memcpy(target, heartbeat.data() + (header_size - sign_left_), result);
      sign_left_ -= result;
      return rw_state::success;
    }
    if (begin_ < fed_) {
      result = std::min(size, fed_ - begin_);
      std::memcpy(target, in_.data() + begin_, result);
      begin_ += result;
      if (begin_ == fed_)
        give_aside();
      if (begin_ == end_)
        shrink_input();
      return rw_state::success;
    }
    if (auto what = parse(); what != parsed::more)
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
  // Asked when this event has had its share of reads. What is already here must be used up, for the
  // socket will not announce it; nothing more is read then.
  draining_ = begin_ < fed_ || unparsed_ || sign_left_ > 0 || through_->has_buffered();
  return draining_;
}

peer::parsed peer::parse() {
  auto act = [this](translator::action what, std::size_t size) {
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
  };
  if (state_->how.unsafe_without_checks) {
    leave_half_open();
    auto any = fed_ < end_;
    fed_ = end_;
    return any ? parsed::frame : parsed::more;
  }
  for (;;) {
    if (skip_ > 0) {
      auto now = std::min(skip_, end_ - fed_);
      fed_ += now;
      begin_ = fed_;
      skip_ -= now;
      if (skip_ > 0)
        break;
      partial_since_ = {};
    }
    if (end_ - fed_ < header_size)
      break;
    auto head = read_header(in_.data() + fed_);
    if (!header_judged_) {
      auto what = rules_.on_header(head);
      if (!act(what, header_size + head.payload_size))
        return parsed::closed;
      if (what == translator::action::skip)
        continue;
      header_judged_ = true;
    }
    begin_aside(head);
    if (!take_aside())
      return parsed::closed;
    auto size = header_size + read_header(in_.data() + fed_).payload_size;
    if (end_ - fed_ < size || aside_left_ > 0)
      break;
    auto what = rules_.on_frame({in_.data() + fed_, size}, aside_bytes_);
    end_aside(what == translator::action::feed);
    if (!act(what, size))
      return parsed::closed;
    if (rules_.shaken())
      leave_half_open();
    if (what == translator::action::skip)
      continue;
    ++state_->counts->frames;
    header_judged_ = false;
    partial_since_ = {};
    fed_ += size;
    return parsed::frame;
  }
  if (begin_ == end_)
    shrink_input();
  if (end_ > fed_ || skip_ > 0)
    note_partial();
  return parsed::more;
}

void peer::begin_aside(header head) {
  const auto& how = state_->how;
  if (how.aside_bytes == 0 || aside_bytes_ > 0 || aside_left_ > 0 ||
      head.payload_size <= how.aside_bytes || !head.is(operation::direct_message))
    return;
  auto* payload = in_.data() + fed_ + header_size;
  const auto here = std::min<std::size_t>(end_ - fed_ - header_size, head.payload_size);
  const auto text = find_last_text({payload, here}, head.payload_size, state_->who.requests);
  if (!text || text->size <= how.aside_bytes)
    return;
  // The frame is a small one from now on, with an empty text, and moves up to what came of the text: what is behind may be megabytes.
  aside_left_ = text->size;
  payload[text->length_at] = 0;
  head.payload_size = static_cast<std::uint32_t>(text->length_at + 1);
  write_header(in_.data() + fed_, head);
  move_up(header_size + head.payload_size, text->begin - head.payload_size);
}

void peer::move_up(std::size_t size, std::size_t by) {
  std::memmove(in_.data() + fed_ + by, in_.data() + fed_, size);
  begin_ = fed_ += by;
}

bool peer::take_aside() {
  if (aside_left_ == 0)
    return true;
  const auto at = fed_ + header_size + read_header(in_.data() + fed_).payload_size;
  const auto now = std::min(aside_left_, end_ - at);
  if (now == 0)
    return true;
  if (!state_->hold(static_cast<std::int64_t>(now))) {
    state_->hold(-static_cast<std::int64_t>(now));
    fail(close_reason::memory);
    return false;
  }
  for (std::size_t taken = 0; taken < now;) {
    // Full pieces, as large as what has come: memory follows the bytes.
    if (aside_.empty() || aside_.back().size() == aside_.back().capacity())
      aside_.emplace_back().reserve(
          std::min(aside_left_ - taken, std::clamp(aside_bytes_ + taken, small_read, large_read)));
    auto& piece = aside_.back();
    const auto part = std::min(now - taken, piece.capacity() - piece.size());
    piece.append(in_.data() + at + taken, part);
    taken += part;
  }
  aside_bytes_ += now;
  aside_left_ -= now;
  move_up(at - fed_, now);
  return true;
}

void peer::end_aside(bool fed) {
  if (aside_bytes_ == 0)
    return;
  state_->hold(-static_cast<std::int64_t>(aside_bytes_)); // what was fed counts as under way
  aside_bytes_ = 0;
  if (!fed)
    aside_.clear();
}

void peer::give_aside() {
  if (!aside_.empty())
    state_->how.on_aside(number_, rules_.last_request(), std::exchange(aside_, {}));
}

void peer::note_partial() {
  auto now = clock::now();
  if (partial_since_ == clock::time_point{}) {
    partial_since_ = last_sign_ = now;
    state_->want_tick();
  } else if (rules_.shaken() && now - last_sign_ > sign_interval) {
    // The broker counts frames as signs of life, not bytes: a large frame on a slow line would
    // outlast its connection timeout.
    last_sign_ = now;
    sign_left_ = header_size;
  }
}

bool peer::fill(bool& again) {
  std::size_t wanted = first_read;
  if (rules_.shaken() || state_->how.unsafe_without_checks) {
    wanted = std::clamp(in_.size(), small_read, large_read);
    if (aside_left_ > 0) {
      wanted = std::clamp(aside_left_, small_read, large_read);
    } else if (header_judged_) {
      // At most twice of what is here: memory follows the bytes that came, not those announced.
      auto missing = header_size + read_header(in_.data() + fed_).payload_size - (end_ - fed_);
      wanted = std::max(wanted, std::min(missing, end_ - fed_));
    }
  }
  if (!make_room(wanted))
    return false;
  auto room = std::min(in_.size() - end_, std::max(wanted, large_read));
  auto was_established = through_->established();
  std::size_t count = 0;
  auto status = through_->read(in_.data() + end_, room, count);
  switch (status) {
  case io_status::done:
    end_ += count;
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

bool peer::make_room(std::size_t wanted) {
  if (begin_ > 0) {
    std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
    fed_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  if (in_.size() - end_ >= std::min(wanted, aside_left_ > 0 ? large_read / 2 : small_read))
    return true;
  auto grown = end_ + wanted;
  if (!state_->hold(static_cast<std::int64_t>(grown) - static_cast<std::int64_t>(in_.size()))) {
    state_->hold(static_cast<std::int64_t>(in_.size()) - static_cast<std::int64_t>(grown));
    fail(close_reason::memory);
    return false;
  }
  in_.resize(grown);
  return true;
}

void peer::shrink_input() {
  begin_ = fed_ = end_ = 0;
  if (in_.size() > kept_buffer) {
    state_->hold(-static_cast<std::int64_t>(in_.size()));
    in_ = std::vector<char>{};
  }
}

} // namespace dbengine::actors::guard
