// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// `publish`: part of the composition root, as it makes gateways.

#include "remote/gateway.hpp"
#include "remote/publication.hpp"

#include <dbengine/actors/publish.hpp>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

namespace dbengine::actors {

namespace {

caf::error refuse(errc code, std::string text) {
  return from_info({.code = code, .message = std::move(text)});
}

/// Whether every address of the name is this machine's own.
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

publications* ports_of(const engine_actor& engine) {
  return engine ? dynamic_cast<publications*>(caf::actor_cast<caf::abstract_actor*>(engine))
                : nullptr;
}

} // namespace

caf::expected<std::uint16_t> publish(caf::actor_system& sys, const engine_actor& engine,
                                     const publish_options& how) {
  auto* ports = ports_of(engine);
  if (ports == nullptr)
    return refuse(errc::invalid_state, "publish: not the handle of an engine");
  const auto& t = how.tls;
  const bool secure = !t.empty();
  if (secure && (t.certificate.empty() || t.key.empty() || t.ca.empty()))
    return refuse(errc::invalid_option,
                  "publish: TLS needs a certificate, its key and the CA of the peers, all three");
  if (how.host.empty())
    return refuse(errc::invalid_option, "publish: no address to listen at");
  if (!secure && !how.insecure && !is_loopback(how.host))
    return refuse(errc::invalid_option, "publish: \"" + how.host +
                                            "\" is not loopback: it needs TLS (certificate, key "
                                            "and CA), or insecure spelt out");
  auto serves = sys.spawn(gateway, engine, how.access, how.limits);
  guard::options g;
  g.host = how.host;
  g.port = how.port;
  if (secure)
    g.tls = t;
  g.limits = how.limits;
  g.requests = {guard::wire_type_of<wire_request>(
      sys, {guard::field::u8, guard::field::u64, guard::field::text})};
  g.overloaded =
      from_info({.code = errc::overloaded,
                 .message = "the server has as many of this peer's requests as it takes"});
  auto opened = guard::listen(sys, serves, std::move(g));
  if (!opened) {
    caf::anon_send_exit(serves, caf::exit_reason::user_shutdown);
    return refuse(errc::cannot_open, "publish: cannot listen at " + how.host + ":" +
                                         std::to_string(how.port) + ": " +
                                         sys.render(opened.error()));
  }
  const auto port = opened->port();
  if (!ports->add(std::move(*opened), std::move(serves)))
    return refuse(errc::shut_down, "publish: the engine has ended");
  return port;
}

bool unpublish(caf::actor_system&, const engine_actor& engine, std::uint16_t port) {
  auto* ports = ports_of(engine);
  return ports != nullptr && ports->close(port);
}

} // namespace dbengine::actors
