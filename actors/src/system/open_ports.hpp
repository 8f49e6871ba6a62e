// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The ports that an engine is published at, as its handle knows them: by number, and to be closed
// with it. What a port is made of is known to `publish` alone.
// Thread safety: any thread.

#pragma once

#include "base/thread_annotations.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace dbengine::actors::system {

class open_port {
public:
  open_port() = default;
  virtual ~open_port() = default;
  open_port(const open_port&) = delete;
  open_port& operator=(const open_port&) = delete;

  virtual std::uint16_t number() const noexcept = 0;
  /// Called once, as the last. Waits up to 5 s for the end of the connections.
  virtual void close() = 0;
};

class open_ports {
public:
  open_ports() = default;
  open_ports(const open_ports&) = delete;
  open_ports& operator=(const open_ports&) = delete;

  /// False if the engine has ended: the port is closed again.
  bool add(std::shared_ptr<open_port> port) {
    const base::scoped_lock lock(mutex_);
    if (closed_) {
      port->close();
      return false;
    }
    ports_.push_back(std::move(port));
    return true;
  }

  /// Null if no such port is open.
  std::shared_ptr<open_port> find(std::uint16_t number) {
    const base::scoped_lock lock(mutex_);
    for (const auto& p : ports_)
      if (p->number() == number)
        return p;
    return nullptr;
  }

  /// False if no such port is open.
  bool close(std::uint16_t number) {
    const base::scoped_lock lock(mutex_);
    for (auto it = ports_.begin(); it != ports_.end(); ++it)
      if ((*it)->number() == number) {
        (*it)->close();
        ports_.erase(it);
        return true;
      }
    return false;
  }

  /// Closes every port and refuses new ones.
  void close_all() {
    const base::scoped_lock lock(mutex_);
    closed_ = true;
    for (const auto& p : ports_)
      p->close();
    ports_.clear();
  }

private:
  base::mutex mutex_;
  std::vector<std::shared_ptr<open_port>> ports_ DBENGINE_GUARDED_BY(mutex_);
  bool closed_ DBENGINE_GUARDED_BY(mutex_) = false;
};

} // namespace dbengine::actors::system
