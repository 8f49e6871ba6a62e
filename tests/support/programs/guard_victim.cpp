// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// The process that the guard's tests attack: a small gateway behind the guard, behind a guard that
// is switched off (--unguarded), or published by CAF itself (--bare). --memory=MB bounds its
// memory.
//
// Prints "port N", then answers each line "stats" on standard input with its counters. Shuts down
// cleanly at the end of the input.
#include "guard/listener.hpp"
#include "support/wire/guard_wire.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/openssl/publish.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace {

namespace guard = dbengine::actors::guard;
using namespace dbengine::test;

using arguments = std::map<std::string, std::string>;

struct config : caf::actor_system_config {
  explicit config(arguments& args) {
    load<caf::io::middleman>();
    add_message_types<caf::id_block::guard_test>();
    set("scheduler.policy", caf::atom("sharing"));
    set("middleman.workers", size_t{0});
    if (args.count("heartbeat")) {
      set("middleman.heartbeat-interval", caf::timespan{std::stoll(args["heartbeat"]) * 1'000'000});
      set("middleman.connection-timeout", caf::timespan{std::stoll(args["heartbeat"]) * 4'000'000});
    }
    if (args.count("bare") && args.count("tls")) {
      load<caf::openssl::manager>();
      openssl_certificate = args["tls"] + "/server.crt";
      openssl_key = args["tls"] + "/server.key";
      openssl_cafile = args["tls"] + "/ca.crt";
    }
  }
};

/// With --keep-gone: the objects passed to on_gone, until the gateway is asked to release all.
struct left_behind {
  std::mutex mutex;
  std::vector<std::shared_ptr<void>> all;
} left;

struct gateway_state {
  bool tame = false;
  std::vector<std::pair<caf::typed_response_promise<wire_answer>, wire_request>> held;
};

// `tame`: only echoes, so that a random frame that is a valid request costs nothing.
wire_actor::behavior_type gateway(wire_actor::stateful_pointer<gateway_state> self, bool tame) {
  self->state.tame = tame;
  return {[self](wire_request& what) -> caf::result<wire_answer> {
    wire_answer answer{what.kind, what.id, {}};
    switch (self->state.tame ? ask::echo : static_cast<ask>(what.kind)) {
    case ask::echo: answer.body = std::move(what.body); break;
    case ask::hold: {
      auto promise = self->make_response_promise<wire_answer>();
      self->state.held.emplace_back(promise, std::move(what));
      return promise;
    }
    case ask::release:
      for (auto& [promise, held] : self->state.held)
        promise.deliver(wire_answer{held.kind, held.id, std::move(held.body)});
      self->state.held.clear();
      {
        const std::lock_guard lock(left.mutex);
        left.all.clear();
      }
      break;
    case ask::blow_up: answer.body.assign(what.id, 'x'); break;
    case ask::quit: self->quit(); break;
    }
    return answer;
  }};
}

long resident_kilobytes() {
  // Memory that the allocator retains does not count as the guard's. Half a gigabyte of answers,
  // made and discarded within a quarter of a second, leaves some 70 MB. Repetition does not
  // increase that.
  ::malloc_trim(0);
  std::ifstream file{"/proc/self/statm"};
  long total = 0;
  long resident = 0;
  file >> total >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

void print_stats(const guard::counters* counts) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  std::printf("rss_kb=%ld cpu_ms=%ld", resident_kilobytes(),
              (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
                  (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000);
  auto put = [](std::string_view prefix, std::string_view name, auto value) {
    std::printf(" %.*s%.*s=%lld", static_cast<int>(prefix.size()), prefix.data(),
                static_cast<int>(name.size()), name.data(), static_cast<long long>(value));
  };
  if (counts != nullptr) {
    put("", "accepted", counts->accepted.load());
    put("", "refused", counts->refused.load());
    put("", "handshakes", counts->handshakes.load());
    put("", "frames", counts->frames.load());
    put("", "requests", counts->requests.load());
    put("", "answers", counts->answers.load());
    put("", "connections", counts->connections.load());
    put("", "half_open", counts->half_open.load());
    put("", "in_flight", counts->in_flight.load());
    put("", "in_flight_bytes", counts->in_flight_bytes.load());
    put("", "buffered", counts->buffered.load());
    for (std::size_t i = 0; i < counts->closed.size(); ++i)
      put("closed.", guard::to_string(static_cast<guard::close_reason>(i)),
          counts->closed[i].load());
    for (std::size_t i = 0; i < counts->dropped.size(); ++i)
      put("dropped.", guard::to_string(static_cast<guard::drop_reason>(i)),
          counts->dropped[i].load());
  }
  std::printf("\n");
  std::fflush(stdout);
}

guard::options options_of(caf::actor_system& system, arguments& args) {
  guard::options how;
  how.requests = {guard::wire_type_of<wire_request>(
      system, {guard::field::u8, guard::field::u64, guard::field::text})};
  auto take = [&](const char* name, auto& target) {
    if (auto i = args.find(name); i != args.end())
      target = std::decay_t<decltype(target)>(std::stoll(i->second));
  };
  take("port", how.port);
  take("max-frame", how.limits.max_frame_bytes);
  take("max-connections", how.limits.max_connections);
  take("max-half-open", how.limits.max_half_open);
  take("max-requests", how.limits.max_in_flight_requests);
  take("max-bytes", how.limits.max_in_flight_bytes);
  take("max-unread", how.limits.max_unread_output_bytes);
  take("max-buffered", how.limits.max_buffered_bytes);
  take("handshake-timeout", how.limits.handshake_timeout);
  take("frame-timeout", how.limits.frame_timeout);
  take("stall-timeout", how.limits.stall_timeout);
  if (args.count("tls"))
    how.tls = guard::tls{args["tls"] + "/server.crt", args["tls"] + "/server.key",
                         args["tls"] + "/ca.crt"};
  if (args.count("keep-gone"))
    how.on_gone = [](std::shared_ptr<void> x) {
      const std::lock_guard lock(left.mutex);
      left.all.push_back(std::move(x));
    };
  how.unsafe_without_checks = args.count("unguarded") != 0;
  return how;
}

int serve(caf::actor_system& system, arguments& args) {
  auto served = system.spawn(gateway, args.count("tame") != 0);
  guard::listener listener;
  std::uint16_t port = 0;
  caf::error failed;
  if (args.count("bare")) {
    auto opened = args.count("tls") ? caf::openssl::publish(served, 0, "127.0.0.1")
                                    : system.middleman().publish(served, 0, "127.0.0.1");
    if (opened)
      port = *opened;
    else
      failed = opened.error();
  } else {
    auto opened = guard::listen(system, served, options_of(system, args));
    if (opened)
      listener = std::move(*opened);
    else
      failed = opened.error();
    port = listener.port();
  }
  if (failed) {
    std::fprintf(stderr, "guard_victim: %s\n", system.render(failed).c_str());
    caf::anon_send_exit(served, caf::exit_reason::user_shutdown);
    return 1;
  }
  std::printf("port %u\n", unsigned{port});
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);)
    if (line == "stats")
      print_stats(args.count("bare") ? nullptr : &listener.counters());
  auto closed = listener.close();
  caf::anon_send_exit(served, caf::exit_reason::user_shutdown);
  return closed ? 0 : 2;
}

} // namespace

int main(int argc, char** argv) {
  arguments args;
  for (int i = 1; i < argc; ++i) {
    std::string arg = argv[i];
    auto equals = arg.find('=');
    args[arg.substr(2, equals - 2)] = equals == std::string::npos ? "" : arg.substr(equals + 1);
  }
  if (args.count("memory")) {
    auto most = static_cast<rlim_t>(std::stoull(args["memory"])) << 20;
    rlimit bound{most, most};
    ::setrlimit(RLIMIT_AS, &bound);
  }
  config cfg{args};
  caf::actor_system system{cfg};
  return serve(system, args);
}
