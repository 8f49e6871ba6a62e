// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An actor without a thread of its own, in the place of an engine: it keeps each message, and
// answers when the test says so. A program that uses it has the operator new of
// faults/failing_allocations.hpp.
// Thread safety: any thread.
// Ownership: its actor system outlives it; a kept message keeps its sender alive.

#pragma once

#include "support/faults/failing_allocations.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/logger.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace dbengine::test {

struct received_message {
  caf::strong_actor_ptr sender;
  caf::message_id mid;
  caf::message content;

  template <class T>
  bool is() const {
    return content.match_elements<T>();
  }
  template <class T>
  const T& as() const {
    return content.get_as<T>(0);
  }
  void answer(caf::message m) const {
    sender->enqueue(nullptr, mid.response_id(), std::move(m), nullptr);
  }
};

class stub_actor {
public:
  using handler = std::function<void(const received_message&)>;

  explicit stub_actor(caf::actor_system& sys) {
    caf::actor_config cfg;
    handle_ = caf::make_actor<mailbox, caf::actor>(sys.next_actor_id(), sys.node(), &sys, cfg);
    self_ = dynamic_cast<mailbox*>(caf::actor_cast<caf::abstract_actor*>(handle_));
  }

  const caf::actor& handle() const noexcept { return handle_; }
  engine_actor as_engine() const { return caf::actor_cast<engine_actor>(handle_); }

  /// From now on `f` gets each message, too, in the sender's thread, which has memory meanwhile.
  void on_message(handler f) {
    const std::lock_guard lock(self_->mutex);
    self_->call = std::move(f);
  }
  std::size_t count() const {
    const std::lock_guard lock(self_->mutex);
    return self_->kept.size();
  }
  received_message at(std::size_t i) const {
    const std::lock_guard lock(self_->mutex);
    return self_->kept.at(i);
  }
  /// Waits until there were so many; false after a minute.
  bool wait_for(std::size_t n) const {
    std::unique_lock lock(self_->mutex);
    return self_->changed.wait_for(lock, std::chrono::minutes(1),
                                   [&] { return self_->kept.size() >= n; });
  }
  void clear() {
    std::vector<received_message> gone; // first: a sender that ends with them takes no lock
    const std::lock_guard lock(self_->mutex);
    gone.swap(self_->kept);
  }

private:
  struct mailbox final : caf::monitorable_actor {
    explicit mailbox(caf::actor_config& c) : caf::monitorable_actor(c) {}
    using caf::abstract_actor::enqueue;
    void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
      const never_failing has_memory;
      const received_message m{what->sender, what->mid, what->move_content_to_message()};
      handler f;
      {
        const std::lock_guard lock(mutex);
        kept.push_back(m);
        f = call;
        changed.notify_all();
      }
      if (f)
        f(m);
    }
    void on_destroy() override {
      if (!getf(is_cleaned_up_flag))
        cleanup(caf::exit_reason::normal, nullptr);
      caf::monitorable_actor::on_destroy();
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<received_message> kept;
    handler call;
  };

  caf::actor handle_;
  mailbox* self_ = nullptr;
};

} // namespace dbengine::test
