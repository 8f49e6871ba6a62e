# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# cmake -DPROGRAM=... -DFOLDER=... -P run_in_empty_folder.cmake: runs a program in a new folder.
# Fails if the program fails.
file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")
execute_process(COMMAND "${PROGRAM}" WORKING_DIRECTORY "${FOLDER}" RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM}: ${result}")
endif()
file(REMOVE_RECURSE "${FOLDER}")
