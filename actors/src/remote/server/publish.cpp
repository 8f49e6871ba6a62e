// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// `publish`: part of the composition root, because it makes gateways.

#include "remote/server/decoder.hpp"
#include "remote/server/gateway.hpp"
#include "remote/server/published_port.hpp"
#include "system/handle_base.hpp"
#include "workers/detached_spawn.hpp"

#include <dbengine/actors/publish.hpp>

#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "os/threads.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <new>

namespace dbengine::actors {

namespace {

caf::error refuse(errc code, std::string text) {
  return from_info({.code = code, .message = std::move(text)});
}

/// The guard's sentence about an error.
std::string text_of(caf::actor_system& sys, const caf::error& why) {
  const auto& said = why.context();
  return said.match_elements<std::string>() ? said.get_as<std::string>(0) : sys.render(why);
}

/// Whether every address of the name is a loopback address of this machine.
bool is_loopback(const std::string& host) {
  addrinfo* found = nullptr;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0)
    return false;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, &::freeaddrinfo);
  for (const auto* a = found; a != nullptr; a = a->ai_next) {
    if (a->ai_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, a->ai_addr, sizeof v4);
      if ((ntohl(v4.sin_addr.s_addr) >> 24) != 127)
        return false;
    } else if (a->ai_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, a->ai_addr, sizeof v6);
      if (!IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr))
        return false;
    } else {
      return false;
    }
  }
  return found != nullptr;
}

/// Logs the peers that were disconnected for a fault, at most one line a second.
/// Thread safety: the middleman's thread.
class fault_log {
public:
  void operator()(guard::close_reason why, const std::string& peer) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::seconds(1)) {
      ++suppressed_;
      return;
    }
    last_ = now;
    base::log(
        base::log_level::warning,
        "a peer at " + peer + " was disconnected: " + std::string(guard::to_string(why)) +
            (suppressed_ == 0 ? "" : ", and " + std::to_string(suppressed_) + " more before it"));
    suppressed_ = 0;
  }

private:
  std::chrono::steady_clock::time_point last_{};
  std::uint64_t suppressed_ = 0;
};

void end(const remote::decoder_actor& decoder) {
  base::try_with_retries([&] { caf::anon_send_exit(decoder, caf::exit_reason::user_shutdown); });
}

/// Spawns a gateway with a decoder, which ends with the gateway. Throws `error` if there is no
/// thread for the decoder.
remote::local_gateway_actor spawn_gateway(caf::actor_system& sys, const engine_actor& engine,
                                          remote::gateway_rules rules) {
  os::require_threads(1); // a failed spawn would leave an empty shell each time
  const auto helper = workers::spawn_detached(sys, remote::decoder);
  try {
    rules.decoder = helper;
    const auto large = rules.large;
    auto serves = workers::spawn_scheduled(sys, remote::gateway, engine, std::move(rules));
    try {
      serves->attach_functor([helper, large](const caf::error&) {
        end(helper);
        large->end();
      });
    } catch (...) {
      base::try_with_retries([&] { caf::anon_send_exit(serves, caf::exit_reason::user_shutdown); });
      throw;
    }
    return serves;
  } catch (...) { // otherwise the system would wait for the decoder for ever
    end(helper);
    throw;
  }
}

/// Returns why a port cannot be opened with these options; `errc::none` if it can.
error_info check(const publish_options& how) {
  const auto invalid = [](std::string text) {
    return error_info{.code = errc::invalid_option, .message = std::move(text)};
  };
  const auto& t = how.tls;
  const bool secure = !t.empty();
  if (secure && (t.certificate.empty() || t.key.empty() || t.ca.empty()))
    return invalid("publish: TLS needs a certificate, its key and the CA of the peers, all three");
  if (how.host.empty())
    return invalid("publish: no address to listen at");
  if (!secure && !how.insecure && !is_loopback(how.host))
    return invalid(
        "publish: \"" + how.host +
        "\" is not loopback: it needs TLS (certificate, key and CA), or insecure = true");
  const auto& l = how.limits;
  if (l.max_answer_bytes == 0 || l.max_total_answer_bytes < l.max_answer_bytes ||
      l.max_cursors == 0 || l.max_timeout.count() <= 0 || l.max_cursor_age.count() <= 0)
    return invalid("publish: max_answer_bytes, max_cursors, max_timeout and max_cursor_age must be "
                   "above 0, and max_total_answer_bytes must hold one answer");
  return {};
}

/// The guard's options for the port, with the functions that it notifies.
guard::options guard_options(caf::actor_system& sys, const publish_options& how,
                             const remote::local_gateway_actor& gateway,
                             const std::shared_ptr<remote::peer_numbers>& peers,
                             const std::shared_ptr<remote::large_texts>& large) {
  guard::options g;
  g.host = how.host;
  g.port = how.port;
  if (!how.tls.empty())
    g.tls = how.tls;
  g.limits = how.limits;
  g.requests = {guard::wire_type_of<remote::wire_request>(
      sys, {guard::field::u8, guard::field::u64, guard::field::text})};
  g.overloaded = from_info({.code = errc::overloaded,
                            .message = "the server accepts no more requests of this peer at once"});
  g.on_fault = [log = fault_log()](guard::close_reason why, const std::string& peer) mutable {
    try {
      log(why, peer);
    } catch (const std::bad_alloc&) { // the counters show it
    }
  };
  g.on_connected = [peers](std::uint64_t number, const std::string& address) {
    try {
      peers->connected(number, address);
    } catch (const std::bad_alloc&) { // the connection counts as a peer then
    }
  };
  g.on_disconnected = [peers](std::uint64_t number) { peers->disconnected(number); };
  g.aside_bytes = defaults::wire_inline_bytes;
  g.on_aside = [large](std::uint64_t connection, std::uint64_t request, remote::text_pieces text) {
    try {
      large->add(connection, request, std::move(text));
    } catch (const std::bad_alloc&) { // the gateway finds no body, and refuses the request
    }
  };
  g.on_gone = [gateway](std::shared_ptr<void> left) {
    caf::anon_send(gateway, remote::abandoned_requests_ptr(std::move(left)));
  };
  return g;
}

} // namespace

caf::expected<std::uint16_t> publish(caf::actor_system& sys, const engine_actor& engine,
                                     const publish_options& how) {
  auto* const handle = system::handle_base::of(engine);
  if (handle == nullptr)
    return refuse(errc::invalid_state, "publish: not the handle of an engine");
  if (const auto why = check(how); why.code != errc::none)
    return from_info(why);
  const auto peers = std::make_shared<remote::peer_numbers>();
  const auto large = std::make_shared<remote::large_texts>();
  remote::local_gateway_actor gateway;
  try {
    gateway = spawn_gateway(sys, engine,
                            {.allowed = how.access,
                             .allow_backup = how.allow_backup,
                             .limits = how.limits,
                             .peers = peers,
                             .large = large,
                             .decoder = {}});
  } catch (const error& e) {
    return from_info(e.info());
  }
  auto opened = guard::listen(sys, caf::actor_cast<caf::strong_actor_ptr>(gateway),
                              sys.message_types<remote::gateway_actor>(),
                              guard_options(sys, how, gateway, peers, large));
  if (!opened) {
    caf::anon_send_exit(gateway, caf::exit_reason::user_shutdown);
    const auto& why = opened.error();
    if (why == caf::sec::invalid_argument)
      return refuse(errc::invalid_option, "publish: " + text_of(sys, why));
    return refuse(errc::cannot_open, "publish: cannot listen at " + how.host + ":" +
                                         std::to_string(how.port) + ": " + text_of(sys, why));
  }
  const auto port = opened->port();
  if (!handle->ports().add(std::make_shared<remote::published_port>(std::move(*opened), gateway)))
    return refuse(errc::shut_down, "publish: the engine has ended");
  return port;
}

std::optional<port_statistics> statistics_of(const engine_actor& engine, std::uint16_t port) {
  auto* const handle = system::handle_base::of(engine);
  const auto open =
      handle != nullptr
          ? std::dynamic_pointer_cast<remote::published_port>(handle->ports().find(port))
          : nullptr;
  if (!open)
    return std::nullopt;
  const auto counts = open->counters();
  port_statistics s;
  s.connections = static_cast<std::uint64_t>(std::max<std::int64_t>(counts->connections, 0));
  s.accepted = counts->accepted;
  s.requests = counts->requests;
  s.refused.emplace_back("too_many_connections", counts->refused);
  for (std::size_t i = 0; i < counts->closed.size(); ++i)
    if (const auto why = static_cast<guard::close_reason>(i); guard::is_fault(why))
      s.refused.emplace_back(guard::to_string(why), counts->of(why));
  for (std::size_t i = 0; i < counts->dropped.size(); ++i)
    if (const auto why = static_cast<guard::drop_reason>(i); why != guard::drop_reason::outgoing)
      s.dropped.emplace_back(guard::to_string(why), counts->of(why));
  return s;
}

bool unpublish(caf::actor_system& sys, const engine_actor& engine, std::uint16_t port) {
  auto* const handle = system::handle_base::of(sys, engine);
  return handle != nullptr && handle->ports().close(port);
}

} // namespace dbengine::actors
