// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/remote_engine.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "remote/client/call_rules.hpp"
#include "workers/detached_spawn.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/make_actor.hpp>
#include <caf/send.hpp>

namespace dbengine::actors::remote {

/// A call of an actor. The link finishes every call, so each is answered.
class actor_call : public remote_call {
public:
  /// Decodes the result from the answer's bytes.
  using result_reader = caf::message (*)(const std::string&);

  actor_call(wire_kind k, std::string b, system::actor_response to, result_reader r)
      : remote_call(k, std::move(b)), to_(std::move(to)), read_(r) {}

  void finished() noexcept override {
    try {
      if (failure)
        to_.fail(*failure);
      else
        deliver();
    } catch (...) {
      base::log(base::log_level::error, "no memory to answer an actor's request");
    }
  }
  caf::actor_id owner() const noexcept { return to_.owner(); }

private:
  void deliver() {
    caf::message result;
    try {
      result = read_(answer);
    } catch (...) {
      auto why = base::current_exception_info();
      if (writes)
        why.outcome = outcome::unknown;
      return to_.fail(why);
    }
    to_.deliver(result);
  }

  const system::actor_response to_;
  result_reader read_;
};

namespace {

template <class Result>
caf::message read_result(const std::string& bytes) {
  if constexpr (std::is_void_v<Result>) {
    return {};
  } else {
    Result x{};
    base::decode(bytes, x);
    return caf::make_message(std::move(x));
  }
}

} // namespace

engine_actor remote_engine::make(caf::actor_system& sys, remote_link_ptr link) {
  caf::actor_config cfg;
  return caf::make_actor<remote_engine, engine_actor>(sys.next_actor_id(), sys.node(), &sys, cfg,
                                                      std::move(link));
}

remote_engine::remote_engine(caf::actor_config& cfg, remote_link_ptr link)
    : handle_base(cfg), link_(std::move(link)) {}

void remote_engine::on_destroy() {
  shutdown(std::chrono::milliseconds(0));
  caf::monitorable_actor::on_destroy();
}

std::vector<std::string> remote_engine::shutdown(std::chrono::milliseconds timeout) {
  link_->close(sqlite::deadline_after(timeout));
  ports().close_all();
  if (!getf(is_cleaned_up_flag))
    cleanup(caf::exit_reason::user_shutdown, nullptr);
  return {};
}

void remote_engine::handle_exit(const caf::exit_msg& m) {
  // Ends this handle and leaves the server's engine open. The end may block, so it runs on a
  // separate thread. The system waits for its detached actors, so this thread never outlives it.
  try {
    workers::spawn_detached(home_system(),
                            [keep = caf::strong_actor_ptr(ctrl()), this](caf::event_based_actor*) {
                              shutdown(defaults::shutdown_timeout);
                            });
  } catch (const error& e) {
    base::log(base::log_level::warning, "a remote handle ends later: " + to_string(e.info()));
    caf::delayed_anon_send(caf::actor_cast<caf::actor>(ctrl()), std::chrono::seconds(1), m);
  }
}

bool remote_engine::dispatch(caf::message& m, system::actor_response& to) {
  return system::visit_request(m, [&]<class Row>(Row) {
    using request = typename Row::request;
    if constexpr (Row::rule.to == system::route::cancel)
      cancel(m.get_as<request>(0), to);
    else if constexpr (Row::kind == system::local_only)
      throw error(errc::not_allowed, "backups by path are for the engine's own process: a peer "
                                     "names no files of the server");
    else
      submit<Row>(m.get_mutable_as<request>(0), to);
  });
}

template <class Row>
void remote_engine::submit(typename Row::request& x, system::actor_response& to) {
  std::chrono::milliseconds timeout{0};
  if constexpr (requires { x.options; }) {
    timeout = x.options.timeout;
    x.options.read_only = x.options.read_only || link_->opts().read_only;
  } else if constexpr (requires { x.timeout; }) {
    timeout = x.timeout;
  }
  if (timeout.count() < 0)
    throw error(errc::timeout, "the deadline had passed before the request arrived");
  // If the link throws, it has not taken the call; `to` is still needed then.
  const auto c = std::make_shared<actor_call>(Row::kind, request_body(x), to,
                                              &read_result<typename Row::result>);
  apply_rules(*c, x);
  set_deadline<typename Row::request>(*c, timeout, link_->opts().request_timeout);
  if constexpr (requires { x.options; })
    if (x.options.cancel_token != 0)
      cancellable_.add(c->owner(), x.options.cancel_token, c);
  link_->submit(c);
}

void remote_engine::cancel(const cancel_request& x, const system::actor_response& to) {
  if (const auto c = cancellable_.remove(to.owner(), x.cancel_token))
    if (const auto call = c->lock())
      link_->cancel(call);
  to.deliver(caf::message());
}

} // namespace dbengine::actors::remote
