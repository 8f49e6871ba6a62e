// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The blocking facade actor: the sender of one call's messages, and the mailbox that the calling
// thread waits on.
// Thread safety: `enqueue` from any thread, everything else by the calling thread. Ownership: the
// call owns it; an answer that is on its way keeps it alive. Errors: no memory leaves as
// `std::bad_alloc`; to receive an answer needs none.
//
// Why not caf::scoped_actor? It ties the calling thread to its system's logger, even a thread of
// another actor system of the host, and such a thread's end would touch a logger that may be gone.
// Its `receive` allocates: an answer could be lost there.

#pragma once

#include "base/thread_annotations.hpp"

#include <dbengine/actors/handles.hpp>
#include <dbengine/backup.hpp>

#include <caf/actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/monitorable_actor.hpp>

#include <condition_variable>
#include <exception>

namespace dbengine::actors::facade {

class facade_actor final : public caf::monitorable_actor {
public:
  static caf::actor make(caf::actor_system& sys);
  static facade_actor& of(const caf::actor& handle);

  explicit facade_actor(caf::actor_config& cfg) : caf::monitorable_actor(cfg) {}

  using caf::abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override;
  void on_destroy() override;

  /// Sends the actor's one request.
  void send_request(const engine_actor& to, caf::message m);
  /// Sends a message that has no answer; from any thread.
  void send(const engine_actor& to, caf::message m);
  /// Waits for the answer, without a deadline: the receiver answers every request, at its deadline
  /// at the latest. Meanwhile `progress` runs on this thread for each `backup_step`; what it throws
  /// stops the backup, and leaves here once that is answered.
  caf::mailbox_element_ptr wait_for_answer(const progress_callback& progress);

private:
  void decide_step(const caf::mailbox_element& step, const progress_callback& progress);

  base::mutex mutex_;
  std::condition_variable_any received_;
  // Two places are enough: there is one request, and a worker sends a step only after the verdict
  // on the one before.
  caf::mailbox_element_ptr answer_ DBENGINE_GUARDED_BY(mutex_);
  caf::mailbox_element_ptr step_ DBENGINE_GUARDED_BY(mutex_);
  std::exception_ptr thrown_; // by `progress`
};

} // namespace dbengine::actors::facade
