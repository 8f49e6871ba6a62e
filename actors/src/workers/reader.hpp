// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A reader: a worker behind the queue of reads. Detached; owns one read-only connection.

#pragma once

#include "engine/engine.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>

namespace dbengine::actors::workers {

struct reader_state {
  static constexpr const char* name = "dbengine.reader";
  std::unique_ptr<sqlite::connection> conn; // null in a spare reader
};

/// Ends with the error where its connection cannot be opened or fails in a way that is no statement's error.
reader_actor::behavior_type reader(reader_actor::stateful_pointer<reader_state> self,
                                   std::shared_ptr<engine::engine> core, std::size_t index,
                                   std::function<void()> ready);

} // namespace dbengine::actors::workers
