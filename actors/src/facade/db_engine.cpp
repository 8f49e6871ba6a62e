// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The non-template functions of the facade.

#include "facade/local_backend.hpp"

#include <dbengine/db_engine.hpp>

namespace dbengine {

namespace {

const request_options no_properties;

} // namespace

db_engine::db_engine(std::string_view database_url, options o)
    : backend_(std::make_shared<actors::facade::local_backend>(database_url, std::move(o))) {}

db_engine::db_engine(db_engine&&) noexcept = default;

db_engine& db_engine::operator=(db_engine&& other) noexcept {
  if (this != &other) {
    if (backend_)
      backend_->shutdown();
    backend_ = std::move(other.backend_);
  }
  return *this;
}

db_engine::~db_engine() {
  if (backend_)
    backend_->shutdown();
}

detail::backend& db_engine::backend() const {
  if (!backend_)
    throw error(errc::invalid_state, "the engine was moved away");
  return *backend_;
}

const request_options& db_engine::properties() const noexcept {
  return no_properties;
}

void db_engine::shutdown() {
  if (!backend_)
    return;
  backend_->refuse_nested(); // the shutdown would wait for the statement that this thread is in
  backend_->shutdown();
}

} // namespace dbengine
