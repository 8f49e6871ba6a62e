// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/decoder.hpp"

#include "error_map.hpp"
#include "worker_failure.hpp"

namespace dbengine::actors {

decoder_actor::behavior_type decoder(decoder_actor::pointer self) {
  end_by_exceptions(self);
  return {
      [](const decode_job_ptr& job) {
        try {
          job->result = decode_request(job->kind, job->body);
          job->body = {};
        } catch (...) {
          job->failure = detail::current_exception_info();
        }
        return !job->failure;
      },
  };
}

} // namespace dbengine::actors
