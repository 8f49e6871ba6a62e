# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

include(CMakePackageConfigHelpers)
set(dbengine_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/dbengine")

install(TARGETS dbengine_core dbengine_actors dbengine_facade EXPORT dbengineTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
foreach(folder libengine/include actors/include)
  if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}")
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
            FILES_MATCHING PATTERN "*.hpp")
  endif()
endforeach()
if(TARGET dbengine_app)
  install(TARGETS dbengine_app RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

install(EXPORT dbengineTargets NAMESPACE dbengine:: DESTINATION "${dbengine_package_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/dbengineConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/dbengineConfig.cmake"
                              INSTALL_DESTINATION "${dbengine_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/dbengineConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/dbengineConfig.cmake"
              "${PROJECT_BINARY_DIR}/dbengineConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/FindCAF.cmake"
        DESTINATION "${dbengine_package_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/docs/example.toml" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# Files that are made at installation: the unit has the path of the program, and the program makes
# the manual and the completions from its command tree. The manifest lists these files, too.
if(TARGET dbengine_app)
  install(CODE "
    cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_PREFIX NORMALIZE OUTPUT_VARIABLE prefix)
    cmake_path(APPEND bin \"\${prefix}\" \"${CMAKE_INSTALL_BINDIR}\") # an absolute folder is unchanged
    cmake_path(APPEND share \"\${prefix}\" \"${CMAKE_INSTALL_DATADIR}\")
    function(prepare target)
      message(STATUS \"Installing: \$ENV{DESTDIR}\${target}\")
      cmake_path(GET target PARENT_PATH folder)
      file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${folder}\")
    endfunction()
    macro(write_with target)
      prepare(\"\${share}/\${target}\")
      execute_process(COMMAND \"$<TARGET_FILE:dbengine_app>\" \${ARGN}
                      OUTPUT_FILE \"\$ENV{DESTDIR}\${share}/\${target}\" COMMAND_ERROR_IS_FATAL ANY)
      list(APPEND CMAKE_INSTALL_MANIFEST_FILES \"\${share}/\${target}\")
    endmacro()
    write_with(man/man1/dbengine.1 man)
    write_with(bash-completion/completions/dbengine completion bash)
    write_with(zsh/site-functions/_dbengine completion zsh)
    write_with(fish/vendor_completions.d/dbengine.fish completion fish)
    set(unit \"\${prefix}/lib/systemd/system/dbengine.service\")
    prepare(\"\${unit}\")
    set(CMAKE_INSTALL_FULL_BINDIR \"\${bin}\")
    configure_file(\"${PROJECT_SOURCE_DIR}/app/dbengine.service.in\" \"\$ENV{DESTDIR}\${unit}\" @ONLY)
    list(APPEND CMAKE_INSTALL_MANIFEST_FILES \"\${unit}\")")
endif()
