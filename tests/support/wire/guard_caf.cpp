// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "support/wire/guard_caf.hpp"

#include "guard/network_broker.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/after.hpp>
#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/openssl/remote_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <sstream>
#include <thread>
#include <utility>

namespace dbengine::test {

using namespace std::chrono_literals;

// -- the victim -----------------------------------------------------------------------------------

namespace {

std::vector<std::string> words_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), DBENGINE_BIN_DIR "/guard_victim");
  return arguments;
}

} // namespace

victim::victim(std::vector<std::string> arguments) : process_(words_of(std::move(arguments))) {
  if (const auto first = process_.line(); first.starts_with("port "))
    port_ = static_cast<std::uint16_t>(std::stoi(first.substr(5)));
}

std::map<std::string, long long> victim::stats() {
  std::map<std::string, long long> result;
  if (!alive() || !process_.say("stats"))
    return result;
  std::istringstream words{process_.line()};
  for (std::string word; words >> word;)
    if (auto equals = word.find('='); equals != std::string::npos)
      result[word.substr(0, equals)] = std::stoll(word.substr(equals + 1));
  return result;
}

bool victim::eventually(const std::function<bool(std::map<std::string, long long>&)>& holds) {
  for (auto end = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < end;) {
    auto now = stats();
    if (now.empty())
      return false;
    if (holds(now))
      return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

// -- the client -----------------------------------------------------------------------------------

namespace {

struct client_config : caf::actor_system_config {
  client_config(const std::string& certificates, bool heartbeats) {
    load<caf::io::middleman>();
    add_message_types<caf::id_block::guard_test>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", size_t{2});
    set("middleman.workers", size_t{0});
    if (heartbeats) {
      set("middleman.heartbeat-interval", caf::timespan{100ms});
      set("middleman.connection-timeout", caf::timespan{2s});
    }
    if (!certificates.empty()) {
      load<caf::openssl::manager>();
      openssl_certificate = certificates + "/client.crt";
      openssl_key = certificates + "/client.key";
      openssl_cafile = certificates + "/ca.crt";
    }
  }
};

} // namespace

struct caf_client::state {
  state(const std::string& certificates, bool heartbeats)
      : config(certificates, heartbeats), system(config) {
    actors::guard::close_mailbox_with_broker(system);
  }
  client_config config;
  caf::actor_system system;
  wire_actor gateway;
  std::string trouble;
};

caf_client::caf_client(std::uint16_t port, const std::string& certificates, bool heartbeats)
    : state_(std::make_unique<state>(certificates, heartbeats)) {
  reconnect(port);
}

bool caf_client::reconnect(std::uint16_t port) {
  auto& system = state_->system;
  auto found = state_->config.openssl_cafile.empty()
                   ? system.middleman().remote_actor<wire_actor>("127.0.0.1", port)
                   : caf::openssl::remote_actor<wire_actor>(system, "127.0.0.1", port);
  if (found)
    state_->gateway = *found;
  state_->trouble = found ? std::string{} : system.render(found.error());
  return connected();
}

caf_client::~caf_client() {
  state_->gateway = nullptr;
}

const std::string& caf_client::trouble() const {
  return state_->trouble;
}

bool caf_client::echo(std::string_view body) {
  std::string failure;
  auto answer = ask_for({static_cast<std::uint8_t>(ask::echo), 1, std::string{body}}, failure);
  return failure.empty() && answer.body == body;
}

wire_answer caf_client::ask_for(wire_request what, std::string& failure) {
  wire_answer result;
  if (!connected()) {
    failure = trouble();
    return result;
  }
  caf::scoped_actor self{state_->system};
  self->request(state_->gateway, 5s, std::move(what))
      .receive([&](wire_answer& x) { result = std::move(x); },
               [&](const caf::error& x) { failure = state_->system.render(x); });
  return result;
}

bool caf_client::sees_down(const std::function<void()>& cause) {
  caf::scoped_actor self{state_->system};
  self->monitor(state_->gateway);
  cause();
  bool seen = false;
  self->receive([&](const caf::down_msg&) { seen = true; }, caf::after(10s) >> [] {});
  return seen;
}

} // namespace dbengine::test
