// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/read/open_cursor.hpp"

#include <vector>

namespace dbengine::engine {

open_cursor::open_cursor(std::unique_ptr<sqlite::connection> c, std::string_view sql,
                         const params& p, sqlite::request_control& ctl)
    : connection_(std::move(c)) {
  std::vector<value_ref> refs(p.values().begin(), p.values().end());
  const params_view view = p.named() ? params_view{&p, {}} : params_view{nullptr, refs};
  connection_->transaction().begin_snapshot();
  cursor_ = std::make_unique<sqlite::connection::cursor>(*connection_, sql, view, ctl);
}

} // namespace dbengine::engine
