// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/remote_engine.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "remote/protocol/call_rules.hpp"
#include "system/message_codec.hpp"
#include "workers/detached_spawn.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>

namespace dbengine::actors::remote {

/// Answers its sender. Destroyed without an answer it cannot be: the link finishes every call.
class actor_call : public remote_call {
public:
  using reader = caf::message (*)(const std::string&);

  actor_call(wire_kind k, std::string b, caf::strong_actor_ptr sender, caf::message_id mid,
             reader r)
      : remote_call(k, std::move(b)), sender_(std::move(sender)), mid_(mid), read_(r) {}

  void finished() noexcept override {
    if (!sender_ || !mid_.is_request())
      return;
    if (!base::try_with_retries(
            [this] { sender_->enqueue(nullptr, mid_.response_id(), told(), nullptr); }))
      base::log(base::log_level::error, "no memory to answer an actor's request");
  }
  const caf::strong_actor_ptr& sender() const noexcept { return sender_; }

private:
  caf::message told() const {
    try {
      return failure ? caf::make_message(from_info(*failure)) : read_(answer);
    } catch (...) {
      auto why = base::current_exception_info();
      if (writes)
        why.outcome = outcome::unknown;
      return caf::make_message(from_info(why));
    }
  }

  caf::strong_actor_ptr sender_;
  caf::message_id mid_;
  reader read_;
};

namespace {

template <class T>
caf::message read_as(const std::string& bytes) {
  T x{};
  base::decode(bytes, x);
  return caf::make_message(std::move(x));
}

caf::message read_nothing(const std::string&) {
  return caf::make_message(caf::unit);
}

} // namespace

engine_actor remote_engine::make(caf::actor_system& sys, remote_link_ptr link) {
  caf::actor_config cfg;
  return caf::make_actor<remote_engine, engine_actor>(sys.next_actor_id(), sys.node(), &sys, cfg,
                                                      std::move(link));
}

remote_engine* remote_engine::of(const engine_actor& handle) {
  return handle ? dynamic_cast<remote_engine*>(caf::actor_cast<caf::abstract_actor*>(handle))
                : nullptr;
}

remote_engine::remote_engine(caf::actor_config& cfg, remote_link_ptr link)
    : caf::monitorable_actor(cfg), link_(std::move(link)) {}

std::set<std::string> remote_engine::message_types() const {
  return home_system().message_types<engine_actor>();
}

void remote_engine::on_destroy() {
  shutdown(std::chrono::milliseconds(0));
  caf::monitorable_actor::on_destroy();
}

void remote_engine::shutdown(std::chrono::milliseconds timeout) {
  link_->close(sqlite::deadline_after(timeout));
  close_all();
  if (!getf(is_cleaned_up_flag))
    cleanup(caf::exit_reason::user_shutdown, nullptr);
}

void remote_engine::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) {
  caf::message refusal;
  try {
    if (dispatch(*what))
      return;
    refusal = caf::make_message(caf::make_error(caf::sec::unexpected_message));
  } catch (...) {
    refusal = caf::make_message(from_info(base::current_exception_info()));
  }
  if (what->sender && what->mid.is_request())
    what->sender->enqueue(nullptr, what->mid.response_id(), std::move(refusal), host);
}

void remote_engine::submit(const std::shared_ptr<actor_call>& c, const call_options* o) {
  const auto t =
      o != nullptr && o->timeout.count() != 0 ? o->timeout : link_->opts().request_timeout;
  if (t.count() < 0)
    throw error(errc::timeout, "the deadline has passed before the request came");
  if (!without_deadline(c->kind, o != nullptr && o->timeout.count() != 0))
    c->deadline = sqlite::deadline_after(t);
  if (o != nullptr && o->cancel_token != 0) {
    constexpr std::size_t sweep_at = 1024;
    const std::lock_guard lock(cancel_mutex_);
    if (cancellable_.size() >= sweep_at)
      std::erase_if(cancellable_, [](const auto& e) { return e.second.expired(); });
    cancellable_[{c->sender() ? c->sender()->id() : 0, o->cancel_token}] = c;
  }
  link_->submit(c);
}

void remote_engine::cancel(const caf::strong_actor_ptr& sender, std::uint64_t token) {
  std::shared_ptr<actor_call> found;
  {
    const std::lock_guard lock(cancel_mutex_);
    const auto it = cancellable_.find({sender ? sender->id() : 0, token});
    if (it == cancellable_.end())
      return;
    found = it->second.lock();
    cancellable_.erase(it);
  }
  if (found)
    link_->cancel(found);
}

template <class Request, class Result>
bool remote_engine::forward(caf::mailbox_element& what, caf::message& m, wire_kind k) {
  auto& x = m.get_mutable_as<Request>(0);
  if constexpr (requires { x.options; })
    x.options.read_only = x.options.read_only || link_->opts().read_only;
  auto c =
      std::make_shared<actor_call>(k, request_body(k, x), what.sender, what.mid, &read_as<Result>);
  apply_rules(*c, x);
  if constexpr (requires { x.options; }) {
    submit(c, &x.options);
  } else {
    const call_options o{.timeout = x.timeout};
    submit(c, &o);
  }
  return true;
}

template <class Result>
void remote_engine::forward_plain(caf::mailbox_element& what, wire_kind k) {
  submit(std::make_shared<actor_call>(k, empty_body(), what.sender, what.mid, &read_as<Result>),
         nullptr);
}

bool remote_engine::dispatch(caf::mailbox_element& what) {
  auto m = what.move_content_to_message();
  if (m.match_elements<execute_request>())
    return forward<execute_request, write_result>(what, m, wire_kind::execute);
  if (m.match_elements<fetch_request>())
    return forward<fetch_request, rows>(what, m, wire_kind::fetch);
  if (m.match_elements<batch_request>())
    return forward<batch_request, batch_result>(what, m, wire_kind::batch);
  if (m.match_elements<transaction_request>())
    return forward<transaction_request, transaction_result>(what, m, wire_kind::transaction);
  if (m.match_elements<script_request>())
    return forward<script_request, script_result>(what, m, wire_kind::script);
  if (m.match_elements<cursor_open>())
    return forward<cursor_open, cursor_id>(what, m, wire_kind::cursor_open);
  if (m.match_elements<cursor_next>())
    return forward<cursor_next, rows>(what, m, wire_kind::cursor_next);
  if (m.match_elements<maintenance_request>())
    return forward<maintenance_request, maintenance_result>(what, m, wire_kind::maintenance);
  if (m.match_elements<backup_request>())
    return forward<backup_request, bool>(what, m, wire_kind::backup);
  if (m.match_elements<cursor_close>()) {
    submit(std::make_shared<actor_call>(
               wire_kind::cursor_close,
               request_body(wire_kind::cursor_close, m.get_as<cursor_close>(0)), nullptr, what.mid,
               &read_nothing),
           nullptr);
  } else if (m.match_elements<cancel_request>()) {
    cancel(what.sender, m.get_as<cancel_request>(0).cancel_token);
  } else if (m.match_elements<backup_to_request>() || m.match_elements<verify_request>() ||
             m.match_elements<prune_request>()) {
    throw error(errc::not_allowed, "backups by path are for the engine's own process: a peer names "
                                   "no files of the server");
  } else if (m.match_elements<backup_info_request>()) {
    forward_plain<backup_info>(what, wire_kind::backup_info);
  } else if (m.match_elements<statistics_request>()) {
    forward_plain<statistics>(what, wire_kind::statistics);
  } else if (m.match_elements<health_request>()) {
    forward_plain<health_report>(what, wire_kind::health);
  } else if (m.match_elements<database_info_request>()) {
    forward_plain<database_info>(what, wire_kind::database_info);
  } else if (m.match_elements<caf::exit_msg>()) {
    if (!m.get_as<caf::exit_msg>(0).reason)
      return true; // a linked actor that ended as it should
    // Ends this handle; the server's engine is not its own to end. It may block, so not on this thread; the system waits for its
    // detached actors, so that nothing of this outlives it.
    try {
      workers::spawn_detached(
          home_system(), [keep = caf::strong_actor_ptr(ctrl()), this](caf::event_based_actor*) {
            shutdown(defaults::shutdown_timeout);
          });
    } catch (const error& e) {
      base::log(base::log_level::warning, "a remote handle ends later: " + to_string(e.info()));
      caf::delayed_anon_send(caf::actor_cast<caf::actor>(ctrl()), std::chrono::seconds(1), m);
    }
  } else {
    return false;
  }
  return true;
}

} // namespace dbengine::actors::remote
