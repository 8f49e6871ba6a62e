// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One open port of an engine: its listener and its gateway.
// Thread safety: any thread. Ownership: belongs to the engine's handle and is closed with it.

#pragma once

#include "guard/listener.hpp"
#include "remote/protocol/wire_message.hpp"
#include "system/open_ports.hpp"

#include <caf/send.hpp>

#include <memory>
#include <utility>

namespace dbengine::actors::remote {

class published_port final : public system::open_port {
public:
  published_port(guard::listener port, gateway_actor gateway)
      : listener_(std::move(port)), number_(listener_.port()),
        counters_(listener_.shared_counters()), gateway_(std::move(gateway)) {}

  std::uint16_t number() const noexcept override { return number_; }
  const std::shared_ptr<const guard::counters>& counters() const noexcept { return counters_; }

  void close() override {
    listener_.close();
    caf::anon_send_exit(gateway_, caf::exit_reason::user_shutdown);
    gateway_ = nullptr;
  }

private:
  guard::listener listener_;
  const std::uint16_t number_;
  const std::shared_ptr<const guard::counters> counters_;
  gateway_actor gateway_;
};

} // namespace dbengine::actors::remote
