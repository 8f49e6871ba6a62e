// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/decoder.hpp"

#include "error_map.hpp"
#include "worker_failure.hpp"

#include <utility>

namespace dbengine::actors {

decoder_actor::behavior_type decoder(decoder_actor::pointer self) {
  end_by_exceptions(self);
  return {
      [](const decode_job_ptr& job) {
        try {
          if (job->body.empty())
            job->body = joined(std::exchange(job->pieces, {}));
          job->result = decode_request(job->kind, job->body, true);
          job->body = {};
        } catch (...) {
          job->failure = detail::current_exception_info();
        }
        return !job->failure;
      },
  };
}

} // namespace dbengine::actors
