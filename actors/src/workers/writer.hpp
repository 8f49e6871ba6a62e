// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The writer: the worker behind the queue of writes. Detached; owns no state but the right to drain the queue.

#pragma once

#include "engine/engine.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>

namespace dbengine::actors::workers {

struct writer_state {
  static constexpr const char* name = "dbengine.writer";
};

/// `ready` is called when the write connection is open. The actor ends with the error where it cannot be opened, or when
/// a group failed in a way that is no statement's error.
writer_actor::behavior_type writer(writer_actor::stateful_pointer<writer_state> self,
                                   std::shared_ptr<engine::engine> core,
                                   std::function<void()> ready);

} // namespace dbengine::actors::workers
