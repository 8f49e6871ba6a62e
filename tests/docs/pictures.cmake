# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# The pictures of the documents, which scripts/pictures draws:
#   docs.pictures     each is as new as its sources
#   docs.rooms_drawn  the picture of the architecture shows the rooms of scripts/rooms.table
#   docs.benchmarks   the table of figures equals the benchmark's results
#   docs.recording    a session typed into the shell prints what docs/pictures/shell.cast shows
foreach(check IN ITEMS pictures rooms_drawn benchmarks)
  add_test(NAME "docs.${check}" COMMAND ${python} "${here}/${check}" "${PROJECT_SOURCE_DIR}")
  set_tests_properties("docs.${check}" PROPERTIES LABELS docs TIMEOUT 120)
endforeach()
add_test(NAME docs.recording COMMAND ${python} "${here}/recording" "$<TARGET_FILE:dbengine_app>"
                                     "${PROJECT_SOURCE_DIR}/docs/pictures/shell.cast")
set_tests_properties(docs.recording PROPERTIES LABELS docs TIMEOUT 300 SKIP_RETURN_CODE 77)
