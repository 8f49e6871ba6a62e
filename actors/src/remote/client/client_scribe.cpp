// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/client_scribe.hpp"

#include "guard/network_broker.hpp"

#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/interfaces.hpp>
#include <caf/io/network/native_socket.hpp>
#include <caf/io/network/scribe_impl.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/make_counted.hpp>

#include <cstring>

namespace dbengine::actors::remote {

namespace {

namespace network = caf::io::network;
using network::rw_state;

/// CAF's stream policy on top of a transport.
class policy {
public:
  policy(std::unique_ptr<guard::transport> through, std::string early)
      : through_(std::move(through)), early_(std::move(early)) {}

  rw_state read_some(std::size_t& result, network::native_socket, void* to, std::size_t size) {
    result = 0;
    if (!early_.empty()) {
      result = std::min(size, early_.size());
      std::memcpy(to, early_.data(), result);
      early_.erase(0, result);
      return rw_state::success;
    }
    if (size == 0)
      return rw_state::success;
    return state_of(through_->read(static_cast<char*>(to), size, result), result);
  }
  rw_state write_some(std::size_t& result, network::native_socket, const void* from,
                      std::size_t size) {
    result = 0;
    if (size == 0)
      return rw_state::success;
    return state_of(through_->write(static_cast<const char*>(from), size, result), result);
  }
  /// The socket does not announce what OpenSSL holds decrypted.
  bool must_read_more(network::native_socket, std::size_t) {
    return !early_.empty() || through_->has_buffered();
  }

private:
  static rw_state state_of(guard::io_status s, std::size_t& result) {
    switch (s) {
    case guard::io_status::done: return rw_state::success;
    case guard::io_status::would_block: result = 0; return rw_state::success;
    case guard::io_status::closed:
    case guard::io_status::failed: break;
    }
    return rw_state::failure;
  }

  std::unique_ptr<guard::transport> through_;
  std::string early_;
};

class tcp_scribe final : public network::scribe_impl {
public:
  using network::scribe_impl::scribe_impl;

  void configure_read(caf::io::receive_policy::config config) override {
    if (!launched_)
      guard::count_silence_from_now(*this);
    scribe_impl::configure_read(config);
  }
};

class tls_scribe final : public caf::io::scribe {
public:
  tls_scribe(network::default_multiplexer& backend, int fd,
             std::unique_ptr<guard::transport> through, std::string early)
      : scribe(network::conn_hdl_from_socket(fd)),
        stream_(backend, fd, std::move(through), std::move(early)) {}

  void configure_read(caf::io::receive_policy::config config) override {
    stream_.configure_read(config);
    if (launched_)
      return;
    launched_ = true;
    guard::count_silence_from_now(*this);
    stream_.start(this);
    // The first bytes have been read from the socket, so no event will announce them. They are
    // posted, not handled here: the broker is in its handler.
    stream_.backend().post([keep = caf::intrusive_ptr<tls_scribe>(this)] {
      if (!keep->detached())
        keep->stream_.handle_event(network::operation::read);
    });
  }
  void ack_writes(bool enable) override { stream_.ack_writes(enable); }
  std::vector<char>& wr_buf() override { return stream_.wr_buf(); }
  std::vector<char>& rd_buf() override { return stream_.rd_buf(); }
  void graceful_shutdown() override {
    stream_.graceful_shutdown();
    detach(&stream_.backend(), false);
  }
  void flush() override { stream_.flush(this); }
  std::string addr() const override {
    const auto x = network::remote_addr_of_fd(stream_.fd());
    return x ? *x : std::string();
  }
  std::uint16_t port() const override {
    const auto x = network::remote_port_of_fd(stream_.fd());
    return x ? *x : std::uint16_t{0};
  }
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }

private:
  network::stream_impl<policy> stream_;
  bool launched_ = false;
};

} // namespace

caf::io::scribe_ptr make_scribe(network::multiplexer& backend, dialled& d) {
  auto& mpx = dynamic_cast<network::default_multiplexer&>(backend);
  caf::io::scribe_ptr made;
  if (d.secure)
    made = caf::make_counted<tls_scribe>(mpx, d.socket, std::move(d.secure), std::move(d.early));
  else
    made = caf::make_counted<tcp_scribe>(mpx, d.socket);
  d.release(); // owned by the scribe
  return made;
}

} // namespace dbengine::actors::remote
