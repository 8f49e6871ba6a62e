# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# cmake -DPROGRAM=... -DFOLDER=... -P: runs a program in a new folder, and fails if it fails.
file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")
execute_process(COMMAND "${PROGRAM}" WORKING_DIRECTORY "${FOLDER}" RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM}: ${result}")
endif()
file(REMOVE_RECURSE "${FOLDER}")
