// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "guard/listener.hpp"

#include "guard/doorman.hpp"
#include "guard/listener_state.hpp"
#include "guard/network_broker.hpp"

#include <caf/actor_addr.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/make_counted.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <random>
#include <system_error>
#include <thread>

namespace dbengine::actors::guard {

namespace {

using multiplexer = caf::io::network::default_multiplexer;

caf::error wrong(std::string what) {
  return caf::make_error(caf::sec::invalid_argument, std::move(what));
}

caf::error check(const caf::strong_actor_ptr& gateway, const options& how) {
  const auto& bounds = how.limits;
  if (gateway == nullptr)
    return wrong("no actor to publish");
  if (how.host.empty())
    return wrong("no address to listen at");
  if (how.requests.empty())
    return wrong("no message type that peers may send");
  for (const auto& type : how.requests)
    if (type.name.empty() || type.name.starts_with("<invalid") ||
        type.name.find('+') != std::string::npos)
      return wrong("not a registered message type: '" + type.name + "'");
  if (bounds.max_connections == 0 || bounds.max_half_open == 0 ||
      bounds.max_in_flight_requests == 0)
    return wrong("a limit of 0 admits no connection");
  if (bounds.max_frame_bytes < header_size || bounds.max_frame_bytes > (std::size_t{1} << 31))
    return wrong("max_frame_bytes must be between 32 bytes and 2 GiB");
  if (bounds.max_in_flight_bytes < bounds.max_frame_bytes)
    return wrong("max_in_flight_bytes must hold at least one frame");
  if (bounds.max_total_requests == 0 || bounds.max_total_bytes < bounds.max_frame_bytes)
    return wrong("max_total_requests and max_total_bytes must hold at least one request");
  return {};
}

node_bytes random_node(std::mt19937_64& source, std::uint32_t number) {
  std::array<char, 20> host;
  std::uniform_int_distribution<int> byte{1, 255};
  std::generate(host.begin(), host.end(), [&] { return static_cast<char>(byte(source)); });
  return make_node(number, host);
}

template <class T>
caf::expected<std::vector<char>> serialize(caf::actor_system& system, T value) {
  std::vector<char> result;
  caf::binary_serializer sink{system, result};
  std::vector<caf::strong_actor_ptr> stages;
  auto content = caf::make_message(std::move(value));
  if (auto failed = sink(stages, content))
    return failed;
  return result;
}

caf::expected<identity> identify(caf::actor_system& system, const caf::strong_actor_ptr& gateway,
                                 const options& how, const node_bytes& shown) {
  identity result;
  std::vector<char> node;
  auto real = system.node();
  caf::binary_serializer sink{system, node};
  if (auto failed = sink(real))
    return failed;
  // True for every CAF 0.17; a CAF that writes other bytes must not be served with these rules.
  if (node.size() != node_size || !is_process_node(read_node(node.data())))
    return wrong("this CAF writes node ids in a way the guard does not know");
  result.real_node = read_node(node.data());
  result.shown_node = shown;
  result.gateway = gateway->id();
  result.requests = how.requests;
  auto overloaded = how.overloaded
                        ? how.overloaded
                        : caf::make_error(caf::sec::runtime_error, "too many requests in flight");
  auto answers = {
      std::pair{&result.overloaded, overloaded},
      std::pair{&result.unreachable, caf::make_error(caf::exit_reason::remote_link_unreachable)},
      std::pair{&result.unexpected, caf::make_error(caf::sec::unexpected_message)}};
  for (auto& [target, answer] : answers) {
    auto bytes = serialize(system, answer);
    if (!bytes)
      return bytes.error();
    *target = std::move(*bytes);
  }
  return result;
}

multiplexer* backend_of(caf::actor_system& system) {
  return system.has_middleman() ? dynamic_cast<multiplexer*>(&system.middleman().backend())
                                : nullptr;
}

} // namespace

caf::expected<listener> listen(caf::actor_system& system, const caf::strong_actor_ptr& gateway,
                               std::set<std::string> interface, options how) {
  if (auto failed = check(gateway, how))
    return failed;
  auto* backend = backend_of(system);
  if (backend == nullptr)
    return wrong("the actor system has no middleman with the default network backend");
  std::shared_ptr<tls_context> security;
  if (how.tls) {
    std::string reason;
    security = load_tls(*how.tls, reason);
    if (!security)
      return caf::make_error(caf::sec::cannot_open_file, std::move(reason));
  }
  std::random_device seed;
  std::mt19937_64 random{(std::uint64_t{seed()} << 32) | seed()};
  auto who =
      identify(system, gateway, how, random_node(random, static_cast<std::uint32_t>(::getpid())));
  if (!who)
    return who.error();
  // Twice as many names as peers, so that a released name is not used again at once.
  std::vector<node_bytes> names;
  for (std::size_t i = 0; i < 2 * how.limits.max_connections + 16; ++i)
    names.push_back(random_node(random, static_cast<std::uint32_t>(i + 1)));
  guard::close_mailbox_with_broker(system);
  errno = 0;
  auto fd = caf::io::network::new_tcp_acceptor_impl(how.port, how.host.c_str(), true);
  if (!fd) // CAF does not say why; errno is that of the socket call that failed
    return errno == 0 ? fd.error()
                      : caf::make_error(caf::sec::cannot_open_port,
                                        std::generic_category().message(errno));
  auto timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer < 0) {
    ::close(*fd);
    return caf::make_error(caf::sec::runtime_error, "no timer for the deadlines of peers");
  }
  auto counts = std::make_shared<counters>();
  auto state = std::make_shared<listener_state>(how, std::move(*who), std::move(names), counts,
                                                std::move(security));
  caf::io::doorman_ptr accepting = caf::make_counted<doorman>(*backend, *fd, timer, state);
  auto port = accepting->port();
  caf::anon_send(network_broker(system), caf::publish_atom_v, std::move(accepting), port, gateway,
                 std::move(interface));
  return listener{system, gateway, port, std::move(state), std::move(counts)};
}

listener::listener(caf::actor_system& system, caf::strong_actor_ptr gateway, std::uint16_t port,
                   std::shared_ptr<listener_state> state,
                   std::shared_ptr<const guard::counters> counts)
    : system_(&system), gateway_(std::move(gateway)), port_(port), state_(std::move(state)),
      counts_(std::move(counts)) {}

listener::listener(listener&& other) noexcept {
  *this = std::move(other);
}

listener& listener::operator=(listener&& other) noexcept {
  if (this != &other) {
    close();
    system_ = std::exchange(other.system_, nullptr);
    gateway_ = std::exchange(other.gateway_, nullptr);
    port_ = other.port_;
    state_ = std::exchange(other.state_, nullptr);
    counts_ = other.counts_;
  }
  return *this;
}

listener::~listener() {
  close();
}

bool listener::close() {
  using namespace std::chrono_literals;
  if (!state_)
    return true;
  // The broker forgets the actor first, then closes the doorman, which closes its peers.
  caf::anon_send(network_broker(*system_), caf::unpublish_atom_v,
                 caf::actor_cast<caf::actor_addr>(gateway_), port_);
  auto in_loop = std::this_thread::get_id() == system_->middleman().backend().thread_id();
  auto done = in_loop || state_->wait_gone(5s);
  gateway_ = nullptr;
  state_ = nullptr;
  return done;
}

} // namespace dbengine::actors::guard
