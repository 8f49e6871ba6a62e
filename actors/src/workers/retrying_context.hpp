// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Schedules the receivers of an actor's messages although memory is missing at that moment.
// Thread safety: the actor's own thread, within a handler.

#pragma once

#include "base/retry_on_bad_alloc.hpp"

#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>
#include <caf/local_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace dbengine::actors::workers {

/// While it exists, it is the context of `self`. It waits for memory to schedule a receiver, for
/// about a second.
///
/// Why not CAF's context alone? CAF puts a message into the mailbox before it schedules the
/// receiver. Without memory for that, the receiver has a message and never runs again, and the
/// sender takes the exception for a message that was not sent.
class retrying_context final : private caf::execution_unit {
public:
  explicit retrying_context(caf::local_actor* self)
      : caf::execution_unit(&self->home_system()), self_(self), inner_(self->context()) {
    self_->context(this);
  }
  ~retrying_context() override { self_->context(inner_); }
  retrying_context(const retrying_context&) = delete;
  retrying_context& operator=(const retrying_context&) = delete;

private:
  void exec_later(caf::resumable* receiver) override {
    base::retry_on_bad_alloc([&] {
      if (inner_ != nullptr)
        inner_->exec_later(receiver);
      else
        system().scheduler().enqueue(receiver);
    });
  }

  caf::local_actor* self_;
  caf::execution_unit* inner_;
};

} // namespace dbengine::actors::workers
