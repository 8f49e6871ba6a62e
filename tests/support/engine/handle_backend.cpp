// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/engine/handle_backend.hpp"

#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <functional>
#include <optional>
#include <stop_token>

namespace dbengine::test {

namespace {

// Waits for the answer without a timeout: every request has a deadline and is answered.
template <class R, class M>
R request_and_wait(caf::scoped_actor& self, const engine_actor& engine, M message,
                   std::uint64_t token, const std::stop_token& cancel) {
  std::optional<R> result;
  std::optional<error_info> failure;
  auto pending = self->request(engine, caf::infinite, std::move(message));
  std::optional<std::stop_callback<std::function<void()>>> on_stop;
  if (token != 0)
    on_stop.emplace(cancel, [&engine, token, sender = caf::actor_cast<caf::actor>(self)] {
      caf::send_as(sender, engine, cancel_request{token});
    });
  pending.receive([&](R& r) { result = std::move(r); },
                  [&](caf::error& e) { failure = actors::to_info(e); });
  on_stop.reset();
  if (failure)
    throw error(*std::move(failure));
  return *std::move(result);
}

class handle_cursor final : public detail::cursor_source {
public:
  handle_cursor(caf::actor_system& sys, const engine_actor& engine, cursor_open open,
                std::size_t batch, const request_options& o)
      : self_(sys), engine_(engine), batch_(batch), timeout_(open.options.timeout) {
    caf::logger::set_current_actor_system(nullptr);
    if (o.cancel.stop_requested())
      throw error(errc::cancelled, "cancelled before the request started");
    id_ = request_and_wait<cursor_id>(self_, engine_, std::move(open), 0, {});
  }
  ~handle_cursor() override { self_->send(engine_, cursor_close{id_}); }

  rows next() override {
    if (end_) // the engine has closed the cursor and forgotten its number
      return *end_;
    auto r = request_and_wait<rows>(self_, engine_, cursor_next{id_, batch_, timeout_}, 0, {});
    if (r.empty())
      end_ = r;
    return r;
  }

private:
  caf::scoped_actor self_;
  engine_actor engine_;
  std::size_t batch_;
  std::chrono::milliseconds timeout_;
  cursor_id id_;
  std::optional<rows> end_;
};

[[noreturn]] void only_here(const char* what) {
  throw error(errc::not_allowed, std::string(what) + " needs the engine in this process");
}

} // namespace

host_config::host_config() {
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", 2);
  actors::setup(*this);
}

handle_backend::handle_backend(std::string_view url, options o)
    : system_(std::make_unique<caf::actor_system>(config_)) {
  caf::logger::set_current_actor_system(nullptr);
  engine_ = actors::spawn_engine(*system_, url, std::move(o));
}

handle_backend::handle_backend(engine_actor engine)
    : system_(std::make_unique<caf::actor_system>(config_)), engine_(std::move(engine)),
      ends_it_(false) {
  caf::logger::set_current_actor_system(nullptr);
}

handle_backend::~handle_backend() {
  if (ends_it_)
    shutdown();
  engine_ = nullptr;
}

void handle_backend::shutdown() {
  actors::shutdown(*system_, engine_);
}

call_options handle_backend::translate(const request_options& o) {
  call_options c;
  if (o.timeout) // 0 requests the engine's default from a handle
    c.timeout = o.timeout->count() <= 0 ? std::chrono::milliseconds(-1) : *o.timeout;
  c.priority = o.priority;
  c.id = o.id;
  if (o.cancel.stop_possible())
    c.cancel_token = ++last_token_;
  return c;
}

template <class R, class M>
R handle_backend::ask(M message, const request_options& o) {
  if (o.cancel.stop_requested())
    throw error(errc::cancelled, "cancelled before the request started");
  std::uint64_t token = 0;
  if constexpr (requires { message.options; }) {
    message.options = translate(o);
    token = message.options.cancel_token;
  }
  caf::scoped_actor self{*system_};
  caf::logger::set_current_actor_system(nullptr);
  return request_and_wait<R>(self, engine_, std::move(message), token, o.cancel);
}

rows handle_backend::fetch(std::string_view sql, const params_view& p, const request_options& o) {
  return ask<rows>(fetch_request{std::string(sql), p.owned()}, o);
}

write_result handle_backend::execute(std::string_view sql, const params_view& p,
                                     const request_options& o) {
  return ask<write_result>(execute_request{std::string(sql), p.owned()}, o);
}

batch_result handle_backend::execute_many(std::string_view sql, std::span<const params> sets,
                                          const request_options& o) {
  return ask<batch_result>(
      batch_request{std::string(sql), std::vector<params>(sets.begin(), sets.end())}, o);
}

std::vector<operation_result> handle_backend::transact(std::span<const operation> ops,
                                                       const request_options& o) {
  return ask<transaction_result>(
             transaction_request{std::vector<operation>(ops.begin(), ops.end())}, o)
      .results;
}

script_result handle_backend::script(std::string_view sql, script_mode mode,
                                     const request_options& o) {
  return ask<script_result>(script_request{std::string(sql), mode}, o);
}

std::unique_ptr<detail::cursor_source> handle_backend::open_cursor(std::string_view sql,
                                                                   const params_view& p,
                                                                   std::size_t batch,
                                                                   const request_options& o) {
  return std::make_unique<handle_cursor>(
      *system_, engine_, cursor_open{std::string(sql), p.owned(), translate(o)}, batch, o);
}

std::unique_ptr<detail::scope> handle_backend::begin_write(const request_options&) {
  only_here("an interactive transaction");
}

std::unique_ptr<detail::scope> handle_backend::begin_read(const request_options&) {
  only_here("an interactive snapshot");
}

std::unique_ptr<detail::scope> handle_backend::begin_raw(bool, const request_options&) {
  only_here("a raw connection");
}

void handle_backend::backup_to(const std::filesystem::path&, const progress_callback&,
                               const request_options&) {
  only_here("a backup to a path");
}

bool handle_backend::request_backup(const request_options& o) {
  return ask<bool>(backup_request{}, o);
}

dbengine::backup_info handle_backend::backup_info() {
  return ask<dbengine::backup_info>(backup_info_request{}, {});
}

dbengine::statistics handle_backend::statistics() {
  return ask<dbengine::statistics>(statistics_request{}, {});
}

health_report handle_backend::health() {
  return ask<health_report>(health_request{}, {});
}

dbengine::database_info handle_backend::database_info() {
  return ask<dbengine::database_info>(database_info_request{}, {});
}

maintenance_result handle_backend::maintain(maintenance_request m, const request_options& o) {
  return ask<maintenance_result>(std::move(m), o);
}

void handle_backend::vacuum(const request_options& o) {
  maintain({.what = maintenance_kind::vacuum}, o);
}

void handle_backend::analyze(std::string_view table, const request_options& o) {
  maintain({.what = maintenance_kind::analyze, .argument = std::string(table)}, o);
}

void handle_backend::optimize(const request_options& o) {
  maintain({.what = maintenance_kind::optimize}, o);
}

std::vector<std::string> handle_backend::integrity_check(bool quick, const request_options& o) {
  return maintain(
             {.what = quick ? maintenance_kind::quick_check : maintenance_kind::integrity_check}, o)
      .problems;
}

checkpoint_result handle_backend::checkpoint(checkpoint_mode mode, const request_options& o) {
  static constexpr const char* names[] = {"passive", "full", "restart", "truncate"};
  return maintain({.what = maintenance_kind::checkpoint, .argument = names[static_cast<int>(mode)]},
                  o)
      .checkpoint;
}

void handle_backend::set_pragma(std::string_view name, const value& v, const request_options& o) {
  maintain({.what = maintenance_kind::set_pragma, .argument = std::string(name), .setting = v}, o);
}

} // namespace dbengine::test
