# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# The target `reference`: the public headers as HTML, in <build>/reference. Needs doxygen.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
find_program(DBENGINE_DOXYGEN doxygen)
mark_as_advanced(DBENGINE_DOXYGEN)
if(NOT DBENGINE_DOXYGEN)
  message(STATUS "doxygen was not found: there is no target `reference`")
  return()
endif()

set(reference "${PROJECT_BINARY_DIR}/reference")
add_custom_target(
  reference
  COMMAND "${CMAKE_COMMAND}" -E rm -rf "${reference}" # pages of names that no longer exist
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${reference}"
  COMMAND "${CMAKE_COMMAND}" -E env "DBENGINE_REFERENCE=${reference}" "DBENGINE_VERSION=${PROJECT_VERSION}"
          "${DBENGINE_DOXYGEN}" docs/Doxyfile
  COMMAND "${CMAKE_COMMAND}" -E echo "reference: ${reference}/index.html"
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
  VERBATIM)
