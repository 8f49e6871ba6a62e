// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The host's functions and collations that are running on a thread. If such a function called its
// own engine, the call would wait for the statement that called the function.
// Thread safety: each thread has its own list. Ownership: on the stack of the call.

#pragma once

#include <dbengine/options.hpp>

#include <functional>
#include <vector>

namespace dbengine::sqlite {

/// One call of a host's function or collation.
class user_code {
public:
  /// `callee`: the entry of `options::functions` or `options::collations`, which identifies the
  /// engine.
  explicit user_code(const void* callee) noexcept : callee_(callee), outer_(innermost_) {
    innermost_ = this;
  }
  ~user_code() { innermost_ = outer_; }
  user_code(const user_code&) = delete;
  user_code& operator=(const user_code&) = delete;

  /// True if this thread is inside any function. Cost: one thread-local load.
  static bool runs() noexcept { return innermost_ != nullptr; }
  /// True if this thread is inside a function of the engine with these options, at any depth.
  static bool runs_for(const options& o) noexcept {
    for (const auto* u = innermost_; u != nullptr; u = u->outer_)
      if (is_in(u->callee_, o.functions) || is_in(u->callee_, o.collations))
        return true;
    return false;
  }

private:
  template <class T>
  static bool is_in(const void* p, const std::vector<T>& v) noexcept {
    const std::less<const void*> before;
    return !before(p, v.data()) && before(p, v.data() + v.size());
  }

  static constinit inline thread_local const user_code* innermost_ = nullptr;
  const void* callee_;
  const user_code* outer_;
};

} // namespace dbengine::sqlite
