// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "base/fault.hpp"

#ifdef DBENGINE_FAULTS

#include "base/thread_annotations.hpp"

#include <atomic>
#include <memory>

namespace dbengine::base::fault {

namespace {

using hook_function = std::function<void(std::string_view)>;

mutex state_mutex;
std::shared_ptr<const hook_function> current_hook DBENGINE_GUARDED_BY(state_mutex);
std::string active_mutant DBENGINE_GUARDED_BY(state_mutex);
std::atomic<bool> has_hook{false};
std::atomic<bool> has_mutant{false};

} // namespace

void set_hook(hook_function hook) {
  const scoped_lock lock(state_mutex);
  has_hook = static_cast<bool>(hook);
  current_hook = hook ? std::make_shared<const hook_function>(std::move(hook)) : nullptr;
}

void hit(std::string_view name) {
  if (!has_hook.load(std::memory_order_relaxed))
    return;
  std::shared_ptr<const hook_function> hook;
  {
    const scoped_lock lock(state_mutex);
    hook = current_hook;
  }
  if (hook)
    (*hook)(name);
}

void set_mutant(std::string name) {
  const scoped_lock lock(state_mutex);
  has_mutant = !name.empty();
  active_mutant = std::move(name);
}

bool is_mutant(std::string_view name) {
  if (!has_mutant.load(std::memory_order_relaxed))
    return false;
  const scoped_lock lock(state_mutex);
  return active_mutant == name;
}

} // namespace dbengine::base::fault

#endif
