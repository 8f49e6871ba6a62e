// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// CAF's broker of network connections must end without retaining a message. A message from the
// broker itself, such as its heartbeat, would keep the broker alive.

#include "guard/network_broker.hpp"

#include "support/eventually.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <future>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace std::chrono_literals;

namespace {

/// A message that counts its instances.
struct counted {
  counted() { ++alive; }
  counted(const counted&) { ++alive; }
  counted& operator=(const counted&) = default;
  ~counted() { --alive; }

  inline static std::atomic<int> alive{0};
};

struct config : caf::actor_system_config {
  config() {
    load<caf::io::middleman>();
    actors::setup(*this);
  }
};

class scene {
public:
  scene() {
    caf::logger::set_current_actor_system(nullptr);
    broker = dbengine::actors::guard::network_broker(system);
  }

  void tell_itself() const { caf::send_as(broker, broker, counted{}); }

  /// Acts like the middleman at the end of the system, with a message in the broker's mailbox.
  void end_with_a_message() {
    std::promise<void> done;
    auto& backend = system.middleman().backend();
    backend.dispatch([&] {
      tell_itself();
      auto* b = static_cast<caf::io::broker*>(caf::actor_cast<caf::abstract_actor*>(broker));
      b->context(&backend);
      b->quit();
      b->finalize();
      done.set_value();
    });
    done.get_future().wait();
  }

  config cfg;
  caf::actor_system system{cfg};
  caf::actor broker;
};

} // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(counted)

CAF_TEST(a broker that ends drops its messages and takes no more) {
  scene s;
  dbengine::actors::guard::close_mailbox_with_broker(s.system);
  dbengine::actors::guard::close_mailbox_with_broker(s.system);
  s.end_with_a_message();
  CAF_CHECK_EQUAL(counted::alive, 0);
  s.tell_itself();
  CAF_CHECK_EQUAL(counted::alive, 0);
}

CAF_TEST(a request to a broker that has ended is answered) {
  scene s;
  dbengine::actors::guard::close_mailbox_with_broker(s.system);
  s.end_with_a_message();
  caf::scoped_actor self(s.system);
  caf::logger::set_current_actor_system(nullptr);
  caf::error why;
  self->request(s.broker, 30s, counted{})
      .receive([] {}, [&](caf::error& e) { why = std::move(e); });
  CAF_CHECK_EQUAL(why, caf::sec::request_receiver_down);
}

CAF_TEST(an unchanged broker keeps its messages until it is notified) {
  scene s;
  s.end_with_a_message();
  s.tell_itself();
  CAF_CHECK_EQUAL(counted::alive, 2); // otherwise the tests above prove nothing
  dbengine::actors::guard::close_mailbox_with_broker(s.system);
  CAF_CHECK(test::eventually([] { return counted::alive == 0; }));
}
