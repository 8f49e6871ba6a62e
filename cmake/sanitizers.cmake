# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# DBENGINE_SANITIZE applies to everything in the build. UBSan findings are fatal through its
# run-time option and not through -fno-sanitize-recover, because only recoverable checks can be
# suppressed (ubsan.supp: two findings in CAF).
if(DBENGINE_SANITIZE)
  list(JOIN DBENGINE_SANITIZE "," dbengine_sanitizers)
  add_compile_options("-fsanitize=${dbengine_sanitizers}" -fno-omit-frame-pointer)
  add_link_options("-fsanitize=${dbengine_sanitizers}")
  if("thread" IN_LIST DBENGINE_SANITIZE)
    # TSan does not support fences; GCC warns about each one in the standard library.
    add_compile_options(-Wno-tsan)
  endif()
  set(dbengine_ubsan_supp "${PROJECT_SOURCE_DIR}/cmake/ubsan.supp")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/sanitizer_options.cpp.in"
                 "${PROJECT_BINARY_DIR}/sanitizer_options.cpp" @ONLY)
  add_library(dbengine_sanitizer_options OBJECT "${PROJECT_BINARY_DIR}/sanitizer_options.cpp")
endif()

# dbengine_sanitizer_defaults(<program>): builds the run-time options into the program, so that a
# run by hand is as strict as the tests.
function(dbengine_sanitizer_defaults target)
  if(TARGET dbengine_sanitizer_options)
    target_sources(${target} PRIVATE "$<TARGET_OBJECTS:dbengine_sanitizer_options>")
  endif()
endfunction()
