// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A sender of typed requests that counts every answer: none, one, or the second that must not come.
// Thread safety: `send` and `wait` by one thread; answers arrive from any.
// Ownership: reference counted, as actors are.
//
// Why not a scoped actor? It drops an answer that is not awaited any more, and so hides a second
// one.

#pragma once

#include <dbengine/actors/handles.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/message.hpp>
#include <caf/monitorable_actor.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace dbengine::test {

class answer_box;

/// Keeps a box. To be released before its actor system ends.
class answer_box_ptr {
public:
  answer_box_ptr() = default;
  explicit answer_box_ptr(caf::strong_actor_ptr p) : kept_(std::move(p)) {}
  answer_box& operator*() const;
  answer_box* operator->() const { return &**this; }
  explicit operator bool() const noexcept { return kept_ != nullptr; }

private:
  caf::strong_actor_ptr kept_;
};

class answer_box final : public caf::monitorable_actor {
public:
  explicit answer_box(caf::actor_config& cfg) : caf::monitorable_actor(cfg) {}

  static answer_box_ptr make(caf::actor_system& sys);

  /// Sends a request; its number is what `wait` takes.
  template <class T>
  std::uint64_t send(const engine_actor& to, T request) {
    return send_message(to, caf::make_message(std::move(request)));
  }
  /// The first answer to a request; nothing if none came in `patience`.
  bool wait(std::uint64_t number, std::chrono::milliseconds patience, caf::message& answer);

  /// Answers beyond the first one, and answers to what was not asked. To be read when nothing is on
  /// its way any more.
  std::uint64_t surplus() const;

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override;
  using caf::abstract_actor::enqueue;
  void on_destroy() override;

private:
  std::uint64_t send_message(const engine_actor& to, caf::message m);

  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::uint64_t next_ = 1;
  std::unordered_map<std::uint64_t, caf::message> first_;
  std::unordered_map<std::uint64_t, bool> expected_;
  std::uint64_t surplus_ = 0;
};

/// The failure in an answer; `errc::none` where it is a result.
error_info failure_in(const caf::message& answer);

} // namespace dbengine::test
