// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/remote_backend.hpp"

#include "os/descriptors.hpp"
#include "os/threads.hpp"
#include "remote/client/call_rules.hpp"
#include "remote/client/remote_cursor.hpp"
#include "remote/client/remote_engine.hpp"
#include "system/message_codec.hpp"
#include "workers/detached_spawn.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/io/middleman.hpp>
#include <caf/logger.hpp>

namespace dbengine::actors::remote {

struct remote_backend::config : caf::actor_system_config {
  config() {
    load<caf::io::middleman>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 1);
    set("scheduler.max-throughput", dbengine::defaults::scheduler_throughput);
    setup(*this);
  }
};

remote_backend::remote_backend(const endpoint& to, const remote_options& how, opener open)
    : config_(std::make_unique<config>()) {
  // CAF ends the process if these are missing. Threads: the scheduler's, its clock and its printer,
  // the middleman's, one that dials, one spare. Descriptors: the middleman's three, the
  // connection's two, two while it is dialled, one spare.
  os::require_threads(6);
  os::require_descriptors(8, "to connect");
  system_ = std::make_unique<caf::actor_system>(*config_);
  // Otherwise the thread that constructed the system stays tied to its logger, and that thread's
  // end could access a logger that no longer exists.
  caf::logger::set_current_actor_system(nullptr);
  link_ = open(*system_, to, how);
  // Spawning an actor ties the thread again: the system's end on another thread would wait for this
  // one.
  caf::logger::set_current_actor_system(nullptr);
  try {
    connect(*system_, remote_engine::make(*system_, link_));
  } catch (...) { // no memory; the system's end waits for the end of the link
    link_->close(remote_call::clock::now());
    throw;
  }
}

remote_backend::~remote_backend() {
  shutdown();
  disconnect(); // closes the link, which is closed already
}

void remote_backend::shutdown() {
  link_->close(remote_call::clock::now() + defaults::shutdown_timeout);
}

template <class Request>
std::shared_ptr<facade_call> remote_backend::start(Request r, const request_options& o) {
  if (link_->ended())
    throw error(errc::shut_down, "the engine is shut down");
  if (o.timeout && o.timeout->count() <= 0)
    throw error(errc::timeout, "the deadline passed before the request started");
  if (o.cancel.stop_requested())
    throw error(errc::cancelled, "cancelled before the request started");
  if constexpr (requires { r.options; }) {
    r.options.priority = o.priority;
    r.options.id = o.id;
    r.options.read_only = link_->opts().read_only;
  }
  auto c = std::make_shared<facade_call>(system::row_of<Request>::kind, request_body(r));
  apply_rules(*c, r);
  set_deadline<Request>(*c, o.timeout.value_or(std::chrono::milliseconds(0)),
                        link_->opts().request_timeout);
  link_->submit(c);
  return c;
}

void remote_backend::wait(const std::shared_ptr<facade_call>& c, const request_options& o) {
  if (!c->wait(o.cancel)) {
    link_->cancel(c);
    c->wait({});
  }
  if (c->failure)
    throw error(std::move(*c->failure));
}

template <class Request>
typename system::row_of<Request>::result remote_backend::run(Request r, const request_options& o) {
  const auto c = start(std::move(r), o);
  wait(c, o);
  typename system::row_of<Request>::result x{};
  base::decode(c->answer, x);
  return x;
}

rows remote_backend::fetch(std::string_view sql, const params_view& p, const request_options& o) {
  return run(fetch_request{std::string(sql), p.owned()}, o);
}

write_result remote_backend::execute(std::string_view sql, const params_view& p,
                                     const request_options& o) {
  return run(execute_request{std::string(sql), p.owned()}, o);
}

batch_result remote_backend::execute_many(std::string_view sql, std::span<const params> sets,
                                          const request_options& o) {
  if (sets.empty())
    return {};
  return run(batch_request{std::string(sql), {sets.begin(), sets.end()}}, o);
}

std::vector<operation_result> remote_backend::transact(std::span<const operation> ops,
                                                       const request_options& o) {
  if (ops.empty())
    return {};
  return run(transaction_request{{ops.begin(), ops.end()}}, o).results;
}

script_result remote_backend::script(std::string_view sql, script_mode mode,
                                     const request_options& o) {
  return run(script_request{std::string(sql), mode}, o);
}

std::unique_ptr<detail::cursor_source> remote_backend::open_cursor(std::string_view sql,
                                                                   const params_view& p,
                                                                   std::size_t batch,
                                                                   const request_options& o) {
  if (batch == 0)
    throw error(errc::invalid_option, "a cursor's batch must be at least one row");
  const auto id = run(cursor_open{std::string(sql), p.owned()}, o);
  return std::make_unique<remote_cursor>(link_, id, batch, o);
}

// -- what does not cross the wire -----------------------------------------------------------------

namespace {

[[noreturn]] void local_only(const char* what, const char* instead) {
  throw error(errc::not_allowed, std::string(what) +
                                     " needs the engine in this process; over the wire use " +
                                     instead);
}

} // namespace

std::unique_ptr<detail::scope> remote_backend::begin_write(const request_options&) {
  local_only("write()", "execute_transaction");
}

std::unique_ptr<detail::scope> remote_backend::begin_read(const request_options&) {
  local_only("read()", "execute_transaction with fetch operations, or one statement");
}

std::unique_ptr<detail::scope> remote_backend::begin_raw(bool, const request_options&) {
  local_only("raw_connection()", "execute, fetch and execute_script");
}

void remote_backend::backup_to(const std::filesystem::path&, const progress_callback&,
                               const request_options&) {
  local_only("backup_to()", "request_backup, which writes into the server's backup folder");
}

// -- control plane --------------------------------------------------------------------------------

void remote_backend::check_call(access) const {
  if (link_->ended())
    throw error(errc::shut_down, "the engine is shut down");
}

} // namespace dbengine::actors::remote
