// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "system/handle_base.hpp"

#include "base/error_map.hpp"
#include "base/retry_on_bad_alloc.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

namespace dbengine::actors::system {

handle_base* handle_base::of(const engine_actor& handle) {
  return handle ? dynamic_cast<handle_base*>(caf::actor_cast<caf::abstract_actor*>(handle))
                : nullptr;
}

handle_base* handle_base::of(caf::actor_system& sys, const engine_actor& handle) {
  auto* h = of(handle);
  if (h != nullptr && &h->home_system() != &sys)
    throw error(errc::invalid_option, "the engine belongs to an actor system other than the "
                                      "given one; nothing was changed");
  return h;
}

std::set<std::string> handle_base::message_types() const {
  return home_system().message_types<engine_actor>();
}

const char* handle_base::name() const {
  return "dbengine.engine";
}

// As every actor of CAF answers it. Why not by `monitorable_actor`? Its own clause takes the key by
// a mutable reference, which CAF 0.17.6 never matches: it answers `unsupported_sys_message`.
bool handle_base::answer_info(caf::mailbox_element& what) {
  const auto& m = what.content();
  if (!m.match_elements<caf::sys_atom, caf::get_atom, std::string>())
    return false;
  auto key = m.get_as<std::string>(2);
  if (key != "info")
    return false;
  actor_response(*this, what)
      .deliver(caf::make_message(caf::ok_atom::value, std::move(key), caf::strong_actor_ptr(ctrl()),
                                 std::string(name())));
  return true;
}

bool handle_base::handle_system_message(caf::mailbox_element& what, caf::execution_unit* host) {
  if (answer_info(what))
    return true;
  // Exits are trapped: CAF's own way would end this actor and leave the engine open behind it.
  if (caf::monitorable_actor::handle_system_message(what, host, true))
    return true;
  const auto& m = what.content();
  if (m.match_elements<caf::exit_msg>()) {
    if (const auto& exit = m.get_as<caf::exit_msg>(0); exit.reason)
      handle_exit(exit);
    return true;
  }
  if (m.match_elements<caf::down_msg>()) {
    handle_down(m.get_as<caf::down_msg>(0));
    return true;
  }
  return false;
}

void handle_base::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) {
  actor_response to;
  caf::error why = caf::sec::unexpected_message;
  try {
    if (handle_system_message(*what, host))
      return;
    to = actor_response(*this, *what);
    if (to.is_request()) // its sender waits; a message without an answer may be sent anywhere
      check_sender();
    auto m = what->move_content_to_message();
    if (dispatch(m, to))
      return;
  } catch (...) {
    const auto info = base::current_exception_info();
    why = base::retry_on_bad_alloc([&] { return from_info(info); });
  }
  to.fail(why);
}

} // namespace dbengine::actors::system
