// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The ports at which an engine is published, as its handle sees them: by number, and closed with
// the handle. Only `publish` knows the parts of a port.
// Thread safety: any thread.

#pragma once

#include "base/thread_annotations.hpp"

#include <algorithm>
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
  bool add(std::shared_ptr<open_port> port) DBENGINE_EXCLUDES(mutex_) {
    if (insert(port))
      return true;
    port->close();
    return false;
  }

  /// Null if no such port is open.
  std::shared_ptr<open_port> find(std::uint16_t number) DBENGINE_EXCLUDES(mutex_) {
    const base::scoped_lock lock(mutex_);
    const auto it = position(number);
    return it == ports_.end() ? nullptr : *it;
  }

  /// False if no such port is open.
  bool close(std::uint16_t number) DBENGINE_EXCLUDES(mutex_) {
    const auto port = remove(number);
    if (port == nullptr)
      return false;
    port->close();
    return true;
  }

  /// Closes every port and refuses new ones. Does not wait for a port that another thread closes.
  void close_all() DBENGINE_EXCLUDES(mutex_) {
    for (const auto& p : remove_all())
      p->close();
  }

private:
  using ports = std::vector<std::shared_ptr<open_port>>;

  // A port is closed without the lock: that takes up to 5 s.

  bool insert(const std::shared_ptr<open_port>& port) {
    const base::scoped_lock lock(mutex_);
    if (!closed_)
      ports_.push_back(port);
    return !closed_;
  }
  std::shared_ptr<open_port> remove(std::uint16_t number) {
    const base::scoped_lock lock(mutex_);
    const auto it = position(number);
    if (it == ports_.end())
      return nullptr;
    auto port = std::move(*it);
    ports_.erase(it);
    return port;
  }
  ports remove_all() {
    const base::scoped_lock lock(mutex_);
    closed_ = true;
    return std::exchange(ports_, {});
  }
  ports::iterator position(std::uint16_t number) DBENGINE_REQUIRES(mutex_) {
    return std::find_if(ports_.begin(), ports_.end(),
                        [&](const auto& p) { return p->number() == number; });
  }

  base::mutex mutex_;
  ports ports_ DBENGINE_GUARDED_BY(mutex_);
  bool closed_ DBENGINE_GUARDED_BY(mutex_) = false;
};

} // namespace dbengine::actors::system
