# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# dbengine_glob(<var> <folder> [RECURSE]): the .cpp files of a folder, sorted; an empty list if the
# folder does not exist.
function(dbengine_glob var folder)
  if("RECURSE" IN_LIST ARGN)
    set(mode GLOB_RECURSE)
  else()
    set(mode GLOB)
  endif()
  file(${mode} found CONFIGURE_DEPENDS "${folder}/*.cpp")
  list(SORT found)
  set(${var} "${found}" PARENT_SCOPE)
endfunction()

# dbengine_or_empty(<var>): adds an empty source to an empty list, so that its target can exist.
function(dbengine_or_empty var)
  if(NOT ${var})
    set(empty "${PROJECT_BINARY_DIR}/empty.cpp")
    if(NOT EXISTS "${empty}")
      file(WRITE "${empty}" "// No sources yet.\n")
    endif()
    set(${var} "${empty}" PARENT_SCOPE)
  endif()
endfunction()

# dbengine_faults(<target>): switches fault points on in this build. Public headers must not read
# DBENGINE_FAULTS, because the installed package does not define it.
function(dbengine_faults target)
  if(DBENGINE_FAULTS)
    target_compile_definitions(${target} PUBLIC "$<BUILD_INTERFACE:DBENGINE_FAULTS=1>")
  endif()
endfunction()

# dbengine_program(<target> <source>...): an executable of this project.
function(dbengine_program target)
  add_executable(${target} ${ARGN})
  dbengine_warnings(${target})
  dbengine_sanitizer_defaults(${target})
endfunction()

# dbengine_position_independent(<target>): for a library that a shared one may contain. Its
# functions cannot be interposed one by one. Without this option GCC inlines none of them, and a
# read of a thousand rows calls a function for each row.
function(dbengine_position_independent target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fno-semantic-interposition)
  endif()
endfunction()
