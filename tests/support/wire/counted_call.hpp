// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A call that counts its ends. Thread safety: none.

#pragma once

#include "remote/client/remote_call.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace dbengine::test {

class counted_call final : public actors::remote::remote_call {
public:
  using remote_call::remote_call;

  static std::shared_ptr<counted_call> make(std::size_t bytes) {
    return std::make_shared<counted_call>(actors::remote::wire_kind::execute,
                                          std::string(bytes, 'x'));
  }

  void finished() noexcept override { ++times; }

  int times = 0;
};

} // namespace dbengine::test
