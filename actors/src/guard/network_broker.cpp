// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "guard/network_broker.hpp"

#include <caf/actor_cast.hpp>
#include <caf/attachable.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>

#include <memory>

namespace dbengine::actors::guard {

namespace {

caf::io::basp_broker& get(const caf::actor& broker) {
  return *static_cast<caf::io::basp_broker*>(caf::actor_cast<caf::abstract_actor*>(broker));
}

/// Runs in the broker's thread, that of its system's network.
class mailbox_closer final : public caf::attachable {
public:
  /// CAF's own kinds have the numbers 0 to 3.
  static constexpr std::size_t token_type = 4'001;

  explicit mailbox_closer(caf::io::basp_broker& owner) : owner_(owner) {}

  /// Brokers skip this part of their base class; what both have is idempotent.
  void actor_exited(const caf::error& why, caf::execution_unit* host) override {
    owner_.caf::scheduled_actor::cleanup(caf::error(why), host);
  }

  using caf::attachable::matches;
  bool matches(const token& what) override { return what.subtype == token_type; }

private:
  caf::io::basp_broker& owner_;
};

} // namespace

caf::actor network_broker(caf::actor_system& sys) {
  return sys.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"));
}

void close_mailbox_with_broker(caf::actor_system& sys) {
  auto broker = network_broker(sys);
  auto closer = std::make_unique<mailbox_closer>(get(broker));
  // Runs in the broker's thread, the only one that may close its mailbox: a broker that has ended
  // already runs an attachable at once.
  sys.middleman().backend().dispatch(
      [broker = std::move(broker), closer = std::move(closer)]() mutable {
        get(broker).detach(caf::attachable::token(mailbox_closer::token_type, nullptr));
        get(broker).attach(std::move(closer));
      });
}

void count_silence_from_now(caf::io::scribe& connection) {
  auto& broker = *static_cast<caf::io::basp_broker*>(connection.parent());
  if (const auto it = broker.ctx.find(connection.hdl()); it != broker.ctx.end())
    it->second.last_seen = broker.clock().now();
}

} // namespace dbengine::actors::guard
