# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# Documents that are made from the sources.
#   docs.reference         doxygen gives no warning, each public name has a comment
#   docs.reference_control a name without a comment fails
#   docs.errors_made       docs/errors.md is what scripts/errors makes; its controls
add_test(NAME docs.reference COMMAND "${Python3_EXECUTABLE}" -B "${CMAKE_CURRENT_LIST_DIR}/reference")
add_test(NAME docs.reference_control
         COMMAND "${Python3_EXECUTABLE}" -B "${CMAKE_CURRENT_LIST_DIR}/reference" --control)
add_test(NAME docs.errors_made COMMAND "${Python3_EXECUTABLE}" -B "${PROJECT_SOURCE_DIR}/scripts/errors" --check)
set_tests_properties(docs.reference docs.reference_control docs.errors_made
                     PROPERTIES LABELS docs TIMEOUT 300 SKIP_RETURN_CODE 77)
