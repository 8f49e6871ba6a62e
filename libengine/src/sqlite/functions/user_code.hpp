// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Which functions and collations of its host a thread is in: what such a function asks of its own engine would wait for the
// statement that called it.
// Thread rule: each thread has its own. Ownership: lives on the stack of the call.

#pragma once

#include <dbengine/options.hpp>

#include <functional>
#include <vector>

namespace dbengine::sqlite {

/// One call of a host's function or collation, for as long as it lasts.
class user_code {
public:
  /// `callee`: the entry of `options::functions` or `options::collations`, which tells the engine.
  explicit user_code(const void* callee) noexcept : callee_(callee), outer_(innermost_) {
    innermost_ = this;
  }
  ~user_code() { innermost_ = outer_; }
  user_code(const user_code&) = delete;
  user_code& operator=(const user_code&) = delete;

  /// This thread is in some function: the cheap look.
  static bool runs() noexcept { return innermost_ != nullptr; }
  /// This thread is in a function of the engine that has these options, however deep.
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
