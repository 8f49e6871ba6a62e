// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A sender of typed requests that counts every answer: none, one, or a second one, which is an
// error.
// Thread safety: one thread calls `send` and `wait`; answers arrive from any thread.
// Ownership: reference counted, like every actor.
//
// Why not a scoped actor? It drops an answer that is no longer awaited, which hides a second
// answer.

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

/// Owns a box. Must be released before the box's actor system ends.
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

  /// Sends a request and returns its number for `wait`.
  template <class T>
  std::uint64_t send(const engine_actor& to, T request) {
    return send_message(to, caf::make_message(std::move(request)));
  }
  /// Gets the first answer to a request; false if none arrived within `patience`.
  bool wait(std::uint64_t number, std::chrono::milliseconds patience, caf::message& answer);

  /// Answers beyond the first one, and answers without a request. Read this when no answer is in
  /// transit any more.
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

/// The failure in an answer; `errc::none` if the answer is a result.
error_info failure_in(const caf::message& answer);

} // namespace dbengine::test
