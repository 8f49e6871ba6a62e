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

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <sstream>

extern char** environ;

namespace dbengine::test {

using namespace std::chrono_literals;

// -- the victim -----------------------------------------------------------------------------------

victim::victim(std::vector<std::string> arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  int in[2];
  int out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
    return;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  arguments.insert(arguments.begin(), DBENGINE_BIN_DIR "/guard_victim");
  std::vector<char*> argv;
  for (auto& x : arguments)
    argv.push_back(x.data());
  argv.push_back(nullptr);
  if (::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0)
    pid_ = -1;
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
  if (auto first = line(); first.starts_with("port "))
    port_ = static_cast<std::uint16_t>(std::stoi(first.substr(5)));
}

victim::~victim() {
  end();
}

bytes victim::line() {
  bytes result;
  for (char c = 0;;) {
    pollfd what{from_, POLLIN, 0};
    if (::poll(&what, 1, 10'000) != 1 || ::read(from_, &c, 1) != 1)
      return {};
    if (c == '\n')
      return result;
    result += c;
  }
}

bool victim::alive() {
  if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_)
    pid_ = -1;
  return pid_ > 0;
}

std::map<std::string, long long> victim::stats() {
  std::map<std::string, long long> result;
  if (!alive() || ::write(to_, "stats\n", 6) != 6)
    return result;
  std::istringstream words{line()};
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
    ::poll(nullptr, 0, 5);
  }
  return false;
}

void victim::kill() {
  if (alive()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
    pid_ = -1;
  }
}

int victim::end() {
  if (to_ >= 0)
    ::close(to_);
  to_ = -1;
  // An orderly end takes at most the 5 s of listener::close.
  for (int i = 0; i < 1'000 && alive(); ++i)
    ::poll(nullptr, 0, 10);
  kill();
  if (from_ >= 0)
    ::close(from_);
  from_ = -1;
  return status_;
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
