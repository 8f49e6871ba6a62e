// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "system/actor_response.hpp"

#include "base/retry_on_bad_alloc.hpp"

#include <dbengine/actors/messages.hpp>

#include <caf/actor_cast.hpp>

namespace dbengine::actors::system {

void actor_response::deliver(const caf::message& result) const {
  if (stages_.empty())
    return answer_sender(result);
  base::retry_on_bad_alloc([&] {
    auto left = stages_;
    const auto next = std::move(left.back());
    left.pop_back();
    next->enqueue(caf::make_mailbox_element(sender_, id_, std::move(left), result), nullptr);
  });
}

void actor_response::fail(const error_info& why) const {
  answer_sender(base::retry_on_bad_alloc([&] { return caf::make_message(from_info(why)); }));
}

void actor_response::fail(const caf::error& why) const {
  answer_sender(base::retry_on_bad_alloc([&] { return caf::make_message(why); }));
}

void actor_response::delegate(const caf::strong_actor_ptr& next, const caf::message& m) const {
  next->enqueue(caf::make_mailbox_element(sender_, id_, stages_, m), nullptr);
}

void actor_response::answer_sender(const caf::message& m) const {
  if (!sender_ || !id_.is_request())
    return;
  base::retry_on_bad_alloc([&] {
    sender_->enqueue(caf::actor_cast<caf::strong_actor_ptr>(handle_), id_.response_id(),
                     caf::message(m), nullptr);
  });
}

} // namespace dbengine::actors::system
