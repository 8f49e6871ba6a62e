# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# Uses ccache if it is installed and no other launcher is set. With the base directory set, several
# working trees of the project share cached objects; paths in them are relative to the build folder.
find_program(DBENGINE_CCACHE ccache)
mark_as_advanced(DBENGINE_CCACHE)
if(DBENGINE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      "${DBENGINE_CCACHE}")
endif()
