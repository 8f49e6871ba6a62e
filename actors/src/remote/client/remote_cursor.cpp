// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/remote_cursor.hpp"

#include "base/retry_on_bad_alloc.hpp"
#include "remote/client/call_rules.hpp"
#include "system/message_codec.hpp"

namespace dbengine::actors::remote {

remote_cursor::remote_cursor(remote_link_ptr link, cursor_id id, std::size_t batch,
                             const request_options& o)
    : link_(std::move(link)), id_(id), batch_(batch), options_(o) {
  ask_ahead();
}

remote_cursor::~remote_cursor() {
  if (ended_)
    return;
  // If there is no connection, the server closes the cursor with it.
  base::try_with_retries([this] {
    link_->submit(
        std::make_shared<facade_call>(wire_kind::cursor_close, request_body(cursor_close{id_})));
  });
}

void remote_cursor::ask() {
  const cursor_next next{.id = id_, .batch = batch_};
  auto c = std::make_shared<facade_call>(wire_kind::cursor_next, request_body(next));
  apply_rules(*c, next);
  c->deadline = sqlite::deadline_after(options_.timeout.value_or(link_->opts().request_timeout));
  link_->submit(c);
  coming_ = std::move(c);
}

void remote_cursor::ask_ahead() noexcept {
  try {
    ask();
  } catch (...) {
    // Nothing was sent and no row is lost: the next call tries again, and throws if that fails too.
  }
}

rows remote_cursor::next() {
  if (failed_) // an empty page would mean that all rows were returned
    throw error(errc::invalid_state, "the cursor has failed and returns no more rows");
  if (done_)
    return last_; // empty, with the names of the columns
  if (!coming_)
    ask();
  const auto c = std::exchange(coming_, nullptr);
  if (!c->wait(options_.cancel)) {
    link_->cancel(c);
    c->wait({});
  }
  if (c->failure) {
    failed_ = true;
    throw error(std::move(*c->failure));
  }
  rows r;
  try {
    base::decode(c->answer, r);
  } catch (...) { // these rows are lost: none may follow
    failed_ = true;
    throw;
  }
  if (r.empty()) {
    done_ = true;
    ended_ = true;
    last_ = r;
  } else {
    ask_ahead();
  }
  return r;
}

} // namespace dbengine::actors::remote
