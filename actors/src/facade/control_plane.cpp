// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/control_plane.hpp"

#include "base/error_map.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "engine/maintenance.hpp"
#include "facade/facade_actor.hpp"

#include <caf/make_message.hpp>

#include <new>
#include <stop_token>
#include <utility>

namespace dbengine::actors::facade {

namespace {

// Any number but 0: each call has its own actor.
constexpr std::uint64_t cancel_number = 1;

call_options message_options(const request_options& o) {
  if (o.timeout && o.timeout->count() <= 0)
    throw error(errc::timeout, "the deadline passed before the request started");
  if (o.cancel.stop_requested())
    throw error(errc::cancelled, "cancelled before the request started");
  return {.timeout = o.timeout.value_or(std::chrono::milliseconds(0)),
          .priority = o.priority,
          .id = o.id,
          .cancel_token = o.cancel.stop_possible() ? cancel_number : 0};
}

} // namespace

void control_plane::connect(caf::actor_system& sys, engine_actor engine) {
  system_ = &sys;
  engine_ = std::move(engine);
}

void control_plane::follow_backup(const caf::actor&) {}

void control_plane::unfollow_backup(const caf::actor&) noexcept {}

template <class Result, class Request>
Result control_plane::ask(access a, Request r, const request_options& o,
                          const progress_callback& progress) {
  check_call(a);
  if constexpr (requires { r.options; })
    r.options = message_options(o);
  const auto sender = facade_actor::make(*system_);
  auto& self = facade_actor::of(sender);
  // Runs on every path: a finished call must not leave its actor among the listeners.
  const struct following {
    control_plane* plane;
    const caf::actor& sender;
    ~following() { plane->unfollow_backup(sender); }
  } ends_following{this, sender};
  if (progress)
    follow_backup(sender);
  const auto cancel = [this, &self] {
    base::try_with_retries(
        [&] { self.send(engine_, caf::make_message(cancel_request{cancel_number})); });
  };
  const std::stop_callback cancels(o.cancel, cancel);
  self.send_request(engine_, caf::make_message(std::move(r)));
  if (o.cancel.stop_requested()) // before it was sent: the receiver had no request to cancel
    cancel();
  const auto answer = self.wait_for_answer(progress);
  try {
    auto& content = answer->content();
    if (content.match_elements<Result>())
      return std::move(content.get_mutable_as<Result>(0));
    if (content.match_elements<caf::error>())
      throw to_error(content.get_as<caf::error>(0));
    throw error(errc::internal, "the answer's type does not match the request");
  } catch (const std::bad_alloc&) { // answered, but no memory to return the answer
    auto why = base::current_exception_info();
    if (a == access::write)
      why.outcome = outcome::unknown;
    throw error(std::move(why));
  }
}

// -- backups --------------------------------------------------------------------------------------

// Without a timeout: the duration of a backup depends on the size of the file.
bool control_plane::request_backup(const request_options& o) {
  return ask<bool>(access::read, backup_request{}, o);
}

void control_plane::backup_to(const std::filesystem::path& target,
                              const progress_callback& progress, const request_options& o) {
  ask<bool>(access::read, backup_to_request{.target = target}, o, progress);
}

dbengine::backup_info control_plane::backup_info() {
  return ask<dbengine::backup_info>(access::read, backup_info_request{}, {});
}

// -- reports --------------------------------------------------------------------------------------

dbengine::statistics control_plane::statistics() {
  return ask<dbengine::statistics>(access::report, statistics_request{}, {});
}

health_report control_plane::health() {
  return ask<health_report>(access::report, health_request{}, {});
}

dbengine::database_info control_plane::database_info() {
  return ask<dbengine::database_info>(access::read, database_info_request{}, {});
}

// -- maintenance ----------------------------------------------------------------------------------

maintenance_result control_plane::maintain(maintenance_request m, const request_options& o) {
  const auto a = engine::maintenance::writes(m.what) ? access::write : access::read;
  return ask<maintenance_result>(a, std::move(m), o);
}

void control_plane::vacuum(const request_options& o) {
  maintain({.what = maintenance_kind::vacuum}, o);
}

void control_plane::analyze(std::string_view table, const request_options& o) {
  maintain({.what = maintenance_kind::analyze, .argument = std::string(table)}, o);
}

void control_plane::optimize(const request_options& o) {
  maintain({.what = maintenance_kind::optimize}, o);
}

std::vector<std::string> control_plane::integrity_check(bool quick, const request_options& o) {
  return maintain(
             {.what = quick ? maintenance_kind::quick_check : maintenance_kind::integrity_check}, o)
      .problems;
}

checkpoint_result control_plane::checkpoint(checkpoint_mode mode, const request_options& o) {
  return maintain({.what = maintenance_kind::checkpoint,
                   .argument = std::string(engine::maintenance::name_of(mode))},
                  o)
      .checkpoint;
}

void control_plane::set_pragma(std::string_view name, const value& v, const request_options& o) {
  maintain({.what = maintenance_kind::set_pragma, .argument = std::string(name), .setting = v}, o);
}

} // namespace dbengine::actors::facade
