// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "guard/doorman.hpp"

#include "guard/peer.hpp"

#include <caf/io/abstract_broker.hpp>
#include <caf/io/network/native_socket.hpp>
#include <caf/make_counted.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

namespace dbengine::actors::guard {

namespace network = caf::io::network;

namespace {

constexpr long tick_nanoseconds = 250'000'000;

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

} // namespace

// -- ticker ---------------------------------------------------------------------------------------

ticker::ticker(network::default_multiplexer& backend, int timer, doorman& owner)
    : event_handler(backend, timer), owner_(owner) {}

void ticker::start() {
  keeps_.reset(&owner_);
  activate();
}

void ticker::arm() {
  if (armed_)
    return;
  itimerspec when{};
  when.it_value.tv_nsec = when.it_interval.tv_nsec = tick_nanoseconds;
  armed_ = ::timerfd_settime(fd(), 0, &when, nullptr) == 0;
}

void ticker::handle_event(network::operation op) {
  if (op != network::operation::read)
    return;
  std::uint64_t ticks = 0;
  if (::read(fd(), &ticks, sizeof(ticks)) != static_cast<ssize_t>(sizeof(ticks)))
    return;
  if (owner_.tick())
    return;
  armed_ = false;
  itimerspec never{};
  ::timerfd_settime(fd(), 0, &never, nullptr);
}

void ticker::removed_from_loop(network::operation op) {
  if (op == network::operation::read) {
    auto last = std::move(keeps_); // may delete this object on return
  }
}

// -- accept_policy --------------------------------------------------------------------------------

accept_policy::accept_policy(std::shared_ptr<listener_state> state)
    : state_(std::move(state)), spare_(open_spare()) {}

accept_policy::~accept_policy() {
  if (spare_ >= 0)
    ::close(spare_);
}

bool accept_policy::try_accept(int& result, int fd) {
  result = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (result < 0 && (errno == EMFILE || errno == ENFILE) && spare_ >= 0) {
    // If it stayed in the backlog, the connection would wake the event loop for ever.
    ::close(spare_);
    result = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (result >= 0) {
      ++state_->counts->refused; // first: the peer may check the counter at once
      ::close(result);
      result = -1;
    }
    spare_ = open_spare();
  }
  if (result < 0)
    return false;
  const auto& bounds = state_->how.limits;
  if (state_->closing || state_->peers.size() >= bounds.max_connections || state_->names.empty()) {
    ++state_->counts->refused;
    ::close(result);
    result = -1;
    return false;
  }
  if (state_->half_open.size() >= bounds.max_half_open)
    state_->evict_half_open();
  return true;
}

// -- doorman --------------------------------------------------------------------------------------

doorman::doorman(network::default_multiplexer& backend, int fd, int timer,
                 std::shared_ptr<listener_state> state)
    : caf::io::doorman(network::accept_hdl_from_socket(fd)), state_(std::move(state)),
      acceptor_(backend, fd, state_), ticker_(backend, timer, *this) {
  state_->timer = &ticker_;
}

doorman::~doorman() {
  state_->timer = nullptr;
  state_->doorman_gone();
}

bool doorman::tick() {
  discard_lost_answers();
  return state_->sweep(clock::now());
}

void doorman::discard_lost_answers() {
  // The broker writes answers to a closed connection that is still in its tables into one buffer
  // that is never emptied: a peer that sends requests and disconnects would fill the memory. An
  // unknown handle leads to that buffer.
  if (detached())
    return;
  auto& lost = parent()->wr_buf(caf::io::connection_handle::from_int(-2));
  if (!lost.empty())
    lost = std::vector<char>{};
}

bool doorman::new_connection() {
  discard_lost_answers(); // peers that send requests and disconnect can return before the tick
  auto fd = acceptor_.accepted_socket();
  if (detached()) {
    ::close(fd);
    return false;
  }
  auto& backend = acceptor_.backend();
  caf::intrusive_ptr<peer> accepted;
  try {
    auto through = state_->security ? state_->security->start(fd) : make_tcp_transport(fd);
    if (through != nullptr)
      accepted = caf::make_counted<peer>(state_, backend, fd, std::move(through));
  } catch (const std::bad_alloc&) {
    accepted = nullptr;
  }
  if (!accepted) {
    ::close(fd);
    ++state_->counts->refused;
    return false;
  }
  network::keepalive(fd, true);
  auto handle = accepted->hdl();
  parent()->add_scribe(std::move(accepted));
  return caf::io::doorman::new_connection(&backend, handle);
}

void doorman::graceful_shutdown() {
  state_->closing = true;
  discard_lost_answers();
  state_->close_all(close_reason::listener_closed);
  acceptor_.graceful_shutdown();
  detach(&acceptor_.backend(), false);
}

void doorman::launch() {
  acceptor_.start(this);
  ticker_.start();
}

std::string doorman::addr() const {
  auto result = network::local_addr_of_fd(acceptor_.fd());
  return result ? *result : std::string{};
}

std::uint16_t doorman::port() const {
  auto result = network::local_port_of_fd(acceptor_.fd());
  return result ? *result : std::uint16_t{0};
}

void doorman::add_to_loop() {
  acceptor_.activate(this);
}

void doorman::remove_from_loop() {
  acceptor_.passivate();
  ticker_.passivate();
}

} // namespace dbengine::actors::guard
