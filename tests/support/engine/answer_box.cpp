// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/answer_box.hpp"

#include <dbengine/actors/messages.hpp>

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/message_id.hpp>

namespace dbengine::test {

answer_box& answer_box_ptr::operator*() const {
  return *static_cast<answer_box*>(kept_->get());
}

answer_box_ptr answer_box::make(caf::actor_system& sys) {
  caf::actor_config cfg;
  return answer_box_ptr(caf::actor_cast<caf::strong_actor_ptr>(
      caf::make_actor<answer_box, caf::actor>(sys.next_actor_id(), sys.node(), &sys, cfg)));
}

std::uint64_t answer_box::send_message(const engine_actor& to, caf::message m) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = next_++;
    expected_[number] = true;
  }
  caf::actor_cast<caf::abstract_actor*>(to)->enqueue(caf::strong_actor_ptr(ctrl()),
                                                     caf::message_id(number).with_normal_priority(),
                                                     std::move(m), nullptr);
  return number;
}

void answer_box::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (!what->mid.is_response())
    return;
  const std::lock_guard lock(mutex_);
  const auto number = what->mid.request_id().integer_value();
  const auto it = expected_.find(number);
  if (it == expected_.end()) {
    ++surplus_;
    return;
  }
  expected_.erase(it);
  first_[number] = what->move_content_to_message();
  came_.notify_all();
}

bool answer_box::wait(std::uint64_t number, std::chrono::milliseconds patience,
                      caf::message& answer) {
  std::unique_lock lock(mutex_);
  if (!came_.wait_for(lock, patience, [&] { return first_.count(number) != 0; }))
    return false;
  answer = std::move(first_[number]);
  first_.erase(number);
  return true;
}

std::uint64_t answer_box::surplus() const {
  const std::lock_guard lock(mutex_);
  return surplus_;
}

void answer_box::on_destroy() {
  if (!getf(is_cleaned_up_flag))
    cleanup(caf::exit_reason::unreachable, nullptr);
  caf::monitorable_actor::on_destroy();
}

error_info failure_in(const caf::message& answer) {
  if (answer.match_elements<caf::error>())
    return actors::to_info(answer.get_as<caf::error>(0));
  return {};
}

} // namespace dbengine::test
