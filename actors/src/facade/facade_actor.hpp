// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The blocking facade actor: the sender of one call's messages, and the mailbox that the calling
// thread waits on.
// Thread safety: `enqueue` from any thread, everything else by the calling thread. Ownership: the
// call owns it; an answer that is on its way keeps it alive. Errors: throws `std::bad_alloc`
// without memory; receiving an answer allocates nothing.
//
// Why not caf::scoped_actor? It ties the calling thread to its system's logger, even if the thread
// belongs to another actor system of the host. Such a thread's end could access a logger that no
// longer exists. Its `receive` allocates: an answer could be lost there.

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
  /// at the latest. During the wait `progress` runs on this thread for each `backup_step`. An
  /// exception from `progress` stops the backup, and is rethrown once the request is answered.
  caf::mailbox_element_ptr wait_for_answer(const progress_callback& progress);

private:
  void decide_step(const caf::mailbox_element& step, const progress_callback& progress);

  base::mutex mutex_;
  std::condition_variable_any received_;
  // Two members are enough: there is one request, and a worker sends a step only after the verdict
  // on the previous one.
  caf::mailbox_element_ptr answer_ DBENGINE_GUARDED_BY(mutex_);
  caf::mailbox_element_ptr step_ DBENGINE_GUARDED_BY(mutex_);
  std::exception_ptr thrown_; // by `progress`
};

} // namespace dbengine::actors::facade
