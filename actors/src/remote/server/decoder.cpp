// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/server/decoder.hpp"

#include "base/error_map.hpp"
#include "workers/worker_failure.hpp"

#include <utility>

namespace dbengine::actors::remote {

decoder_actor::behavior_type decoder(decoder_actor::pointer self) {
  workers::end_by_exceptions(self);
  return {
      [](const decode_job_ptr& job) {
        try {
          if (job->body.empty())
            job->body = joined(std::exchange(job->pieces, {}));
          job->result = decode_request(job->kind, job->body, true);
          job->body = {};
        } catch (...) {
          job->failure = base::current_exception_info();
        }
        return !job->failure;
      },
  };
}

} // namespace dbengine::actors::remote
