# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

#[=======================================================================[.rst:
FindCAF
-------

Finds the C++ Actor Framework where it was installed without its own CMake
package, as Debian's ``libcaf-dev`` is.

Components: ``core`` (always), ``io``, ``openssl``, ``test`` (headers only).
Targets: ``CAF::core``, ``CAF::io``, ``CAF::openssl``, ``CAF::test``.
Variables: ``CAF_FOUND``, ``CAF_VERSION``, ``CAF_INCLUDE_DIR``,
``CAF_<component>_LIBRARY``. Hint: ``CAF_ROOT``.
#]=======================================================================]

include(FindPackageHandleStandardArgs)
include(CMakeFindDependencyMacro)

find_path(CAF_INCLUDE_DIR NAMES caf/config.hpp)
mark_as_advanced(CAF_INCLUDE_DIR)

unset(CAF_VERSION)
if(CAF_INCLUDE_DIR AND EXISTS "${CAF_INCLUDE_DIR}/caf/config.hpp")
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" _caf_line REGEX "#define CAF_VERSION [0-9]+")
  if(_caf_line MATCHES "CAF_VERSION ([0-9]+)")
    math(EXPR _caf_major "${CMAKE_MATCH_1} / 10000")
    math(EXPR _caf_minor "${CMAKE_MATCH_1} / 100 % 100")
    math(EXPR _caf_patch "${CMAKE_MATCH_1} % 100")
    set(CAF_VERSION "${_caf_major}.${_caf_minor}.${_caf_patch}")
  endif()
endif()

find_library(CAF_core_LIBRARY NAMES caf_core)
mark_as_advanced(CAF_core_LIBRARY)

foreach(_caf_component IN LISTS CAF_FIND_COMPONENTS)
  if(_caf_component STREQUAL "core")
    if(CAF_core_LIBRARY AND CAF_INCLUDE_DIR)
      set(CAF_core_FOUND TRUE)
    endif()
  elseif(_caf_component STREQUAL "test")
    if(CAF_INCLUDE_DIR AND EXISTS "${CAF_INCLUDE_DIR}/caf/test/dsl.hpp")
      set(CAF_test_FOUND TRUE)
    endif()
  elseif(_caf_component MATCHES "^(io|openssl)$")
    find_library(CAF_${_caf_component}_LIBRARY NAMES caf_${_caf_component})
    mark_as_advanced(CAF_${_caf_component}_LIBRARY)
    if(CAF_${_caf_component}_LIBRARY AND EXISTS "${CAF_INCLUDE_DIR}/caf/${_caf_component}/all.hpp")
      set(CAF_${_caf_component}_FOUND TRUE)
    endif()
  endif()
endforeach()

find_package_handle_standard_args(
  CAF
  REQUIRED_VARS CAF_core_LIBRARY CAF_INCLUDE_DIR
  VERSION_VAR CAF_VERSION
  HANDLE_VERSION_RANGE
  HANDLE_COMPONENTS
  REASON_FAILURE_MESSAGE
    "Debian 12 has 0.17.6 as libcaf-dev. Another place is given by -DCAF_ROOT=PREFIX")

if(CAF_FOUND)
  find_dependency(Threads)
  if(NOT TARGET CAF::core)
    add_library(CAF::core UNKNOWN IMPORTED)
    set_target_properties(
      CAF::core PROPERTIES IMPORTED_LOCATION "${CAF_core_LIBRARY}"
                           INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
                           INTERFACE_LINK_LIBRARIES Threads::Threads)
  endif()
  if(CAF_io_FOUND AND NOT TARGET CAF::io)
    add_library(CAF::io UNKNOWN IMPORTED)
    set_target_properties(CAF::io PROPERTIES IMPORTED_LOCATION "${CAF_io_LIBRARY}"
                                             INTERFACE_LINK_LIBRARIES CAF::core)
  endif()
  if(CAF_openssl_FOUND AND NOT TARGET CAF::openssl)
    # Its headers include OpenSSL's.
    find_dependency(OpenSSL)
    if(NOT TARGET CAF::io)
      message(FATAL_ERROR "FindCAF: component openssl needs component io")
    endif()
    add_library(CAF::openssl UNKNOWN IMPORTED)
    set_target_properties(
      CAF::openssl PROPERTIES IMPORTED_LOCATION "${CAF_openssl_LIBRARY}"
                              INTERFACE_LINK_LIBRARIES "CAF::io;OpenSSL::SSL;OpenSSL::Crypto")
  endif()
  if(CAF_test_FOUND AND NOT TARGET CAF::test)
    add_library(CAF::test INTERFACE IMPORTED)
    set_target_properties(CAF::test PROPERTIES INTERFACE_LINK_LIBRARIES CAF::core)
  endif()
endif()
