// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A cursor of an actor loses no row if the reader fails during one of its requests.
//
//   sender                 reader 1                    reader 1, restarted
//   cursor_next ---------> steps 10 rows, then fails
//                                                      answers with those 10 rows
//   cursor_next -------------------------------------> the next 10

#include "base/fault.hpp"
#include "support/engine/backends.hpp"
#include "support/engine/handle_backend.hpp"

#include <atomic>
#include <stdexcept>

#include "support/test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::test;

CAF_TEST(rows stepped by a reader that fails afterwards are not left out) {
  const engine_folder folder;
  handle_backend backend(folder.url(), {});
  const request_view db(backend, {});
  for (const int at : {0, 1, 2, 3}) { // the opening, or one of the batches
    std::atomic<int> left{at};
    base::fault::set_hook([&left](std::string_view point) {
      if (point == "reader.after_statement" && left-- == 0)
        throw std::runtime_error("killed");
    });
    int last = 0;
    for (const auto& row :
         db.cursor("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 35) "
                   "SELECT x FROM c",
                   {}, 10))
      CAF_CHECK_EQUAL(row[0].as<int>(), ++last);
    base::fault::set_hook({});
    CAF_CHECK_EQUAL(last, 35);
    CAF_CHECK(left < 0);
  }
}

#else

CAF_TEST(readers can be made to fail in this build) {
  DBENGINE_SKIP("this build has no fault points");
}

#endif
