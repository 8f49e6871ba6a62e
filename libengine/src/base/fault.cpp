// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "base/fault.hpp"

#ifdef DBENGINE_FAULTS

#include <atomic>
#include <memory>
#include <mutex>

namespace dbengine::base::fault {

namespace {

using hook_function = std::function<void(std::string_view)>;
std::mutex guard;
std::shared_ptr<const hook_function> current;
std::atomic<bool> armed{false};
std::string flaw;
std::atomic<bool> any_flaw{false};

} // namespace

void set_hook(hook_function hook) {
  const std::lock_guard lock(guard);
  armed = static_cast<bool>(hook);
  current = hook ? std::make_shared<const hook_function>(std::move(hook)) : nullptr;
}

void hit(std::string_view name) {
  if (!armed.load(std::memory_order_relaxed))
    return;
  std::shared_ptr<const hook_function> hook;
  {
    const std::lock_guard lock(guard);
    hook = current;
  }
  if (hook)
    (*hook)(name);
}

void set_flaw(std::string name) {
  const std::lock_guard lock(guard);
  any_flaw = !name.empty();
  flaw = std::move(name);
}

bool flawed(std::string_view name) {
  if (!any_flaw.load(std::memory_order_relaxed))
    return false;
  const std::lock_guard lock(guard);
  return flaw == name;
}

} // namespace dbengine::base::fault

#endif
