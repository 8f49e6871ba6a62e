// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The open ports of one engine.
// Thread rule: any thread. Ownership: belongs to the engine's handle; closed with it.

#pragma once

#include "guard/guard.hpp"
#include "remote/protocol/wire_message.hpp"

#include <caf/send.hpp>

#include <mutex>
#include <vector>

namespace dbengine::actors::remote {

class published_ports {
public:
  published_ports() = default;
  published_ports(const published_ports&) = delete;
  published_ports& operator=(const published_ports&) = delete;

  /// False where the engine has ended: the port is closed again.
  bool add(guard::listener port, gateway_actor serves) {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      end(port, serves);
      return false;
    }
    open_.push_back({std::move(port), std::move(serves)});
    return true;
  }

  /// False where no such port is open.
  bool close(std::uint16_t number) {
    const std::lock_guard lock(mutex_);
    for (auto it = open_.begin(); it != open_.end(); ++it)
      if (it->port.port() == number) {
        end(it->port, it->serves);
        open_.erase(it);
        return true;
      }
    return false;
  }

  /// Null where no such port is open.
  std::shared_ptr<const guard::counters> counters_of(std::uint16_t number) {
    const std::lock_guard lock(mutex_);
    for (const auto& x : open_)
      if (x.port.port() == number)
        return x.port.shared_counters();
    return nullptr;
  }

  /// Closes every port; none is opened any more. Waits for the connections' ends, 5 s each at most.
  void close_all() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (auto& x : open_)
      end(x.port, x.serves);
    open_.clear();
  }

protected:
  ~published_ports() = default;

private:
  struct entry {
    guard::listener port;
    gateway_actor serves;
  };

  static void end(guard::listener& port, gateway_actor& serves) {
    port.close();
    caf::anon_send_exit(serves, caf::exit_reason::user_shutdown);
    serves = nullptr;
  }

  std::mutex mutex_;
  std::vector<entry> open_;
  bool closed_ = false;
};

} // namespace dbengine::actors::remote
