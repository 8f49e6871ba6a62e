// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A cursor of an engine in another process. One page is in flight while the last one is read: no
// other back-pressure is needed.
// Thread safety: the thread that opened it. Ownership: closes the server's cursor at its end.

#pragma once

#include "remote/client/facade_call.hpp"
#include "remote/client/remote_link.hpp"

#include <dbengine/backend.hpp>

namespace dbengine::actors::remote {

class remote_cursor final : public detail::cursor_source {
public:
  remote_cursor(remote_link_ptr link, cursor_id id, std::size_t batch, const request_options& o);
  ~remote_cursor() override;
  rows next() override;

private:
  void ask();
  void ask_ahead() noexcept;

  remote_link_ptr link_;
  cursor_id id_;
  std::size_t batch_;
  request_options options_;
  std::shared_ptr<facade_call> coming_;
  bool done_ = false;
  bool failed_ = false; ///< no rows follow
  bool ended_ = false;  ///< the server has closed it
  rows last_;
};

} // namespace dbengine::actors::remote
