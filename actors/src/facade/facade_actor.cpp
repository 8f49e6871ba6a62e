// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/facade_actor.hpp"

#include "workers/progress_channel.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

#include <utility>

namespace dbengine::actors::facade {

caf::actor facade_actor::make(caf::actor_system& sys) {
  caf::actor_config cfg;
  return caf::make_actor<facade_actor, caf::actor>(sys.next_actor_id(), sys.node(), &sys, cfg);
}

facade_actor& facade_actor::of(const caf::actor& handle) {
  return dynamic_cast<facade_actor&>(*caf::actor_cast<caf::abstract_actor*>(handle));
}

void facade_actor::on_destroy() {
  if (!getf(is_cleaned_up_flag))
    cleanup(caf::exit_reason::normal, nullptr);
  caf::monitorable_actor::on_destroy();
}

void facade_actor::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) {
  if (what->mid.is_request()) {
    if (!what->sender)
      return;
    what->sender->enqueue(nullptr, what->mid.response_id(),
                          caf::make_message(caf::make_error(caf::sec::unexpected_message)), host);
    return;
  }
  const bool is_answer = what->mid.is_response();
  if (!is_answer && !what->content().match_elements<workers::backup_step>())
    return;
  const base::scoped_lock lock(mutex_);
  (is_answer ? answer_ : step_) = std::move(what);
  received_.notify_one();
}

void facade_actor::send_request(const engine_actor& to, caf::message m) {
  const auto receiver = caf::actor_cast<caf::strong_actor_ptr>(to);
  receiver->enqueue(caf::strong_actor_ptr(ctrl()), caf::make_message_id(1), std::move(m), nullptr);
}

void facade_actor::send(const engine_actor& to, caf::message m) {
  const auto receiver = caf::actor_cast<caf::strong_actor_ptr>(to);
  receiver->enqueue(caf::strong_actor_ptr(ctrl()), caf::make_message_id(), std::move(m), nullptr);
}

void facade_actor::decide_step(const caf::mailbox_element& step,
                               const progress_callback& progress) {
  const auto& channel = step.content().get_as<workers::backup_step>(0).channel;
  bool go_on = false;
  try {
    go_on = !thrown_ && progress(channel->progress());
  } catch (...) {
    thrown_ = std::current_exception();
  }
  channel->decide(go_on);
}

caf::mailbox_element_ptr facade_actor::wait_for_answer(const progress_callback& progress) {
  base::scoped_lock lock(mutex_);
  for (;;) {
    if (answer_)
      break;
    if (const auto step = std::exchange(step_, nullptr)) {
      lock.unlock();
      decide_step(*step, progress);
      lock.lock();
    } else {
      received_.wait(lock);
    }
  }
  step_.reset(); // given up by its worker; its channel would keep this actor alive
  if (thrown_)
    std::rethrow_exception(thrown_);
  return std::move(answer_);
}

} // namespace dbengine::actors::facade
