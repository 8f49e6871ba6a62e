# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# dbengine_warnings(<target>): the project's warnings; errors if DBENGINE_WERROR is on.
function(dbengine_warnings target)
  target_compile_options(
    ${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                      -Woverloaded-virtual -Wimplicit-fallthrough -Wextra-semi)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # False at -O2 for "literal" + std::string (GCC bug 105651, fixed in 13).
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(DBENGINE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
