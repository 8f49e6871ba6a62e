# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

cmake_minimum_required(VERSION 3.25)

# cmake -DREADME=... -DEXAMPLE=... -P readme_shows.cmake
# Fails unless README contains, word for word, each part of EXAMPLE between two lines `// [tour]`.
# If EXAMPLE is not C++, README must contain the whole file.
file(READ "${README}" readme)
file(READ "${EXAMPLE}" example)
cmake_path(GET EXAMPLE EXTENSION LAST_ONLY extension)

if(NOT extension STREQUAL ".cpp")
  string(SUBSTRING "${extension}" 1 -1 language)
  string(FIND "${readme}" "```${language}\n${example}```" place)
  if(place LESS 0)
    message(FATAL_ERROR "${README} does not show ${EXAMPLE}")
  endif()
  return()
endif()

set(mark "  // [tour]\n")
string(LENGTH "${mark}" mark_length)
set(parts 0)
while(TRUE)
  string(FIND "${example}" "${mark}" from)
  if(from LESS 0)
    break()
  endif()
  math(EXPR begin "${from} + ${mark_length}")
  string(SUBSTRING "${example}" ${begin} -1 example)
  string(FIND "${example}" "${mark}" length)
  if(length LESS 1)
    message(FATAL_ERROR "${EXAMPLE}: a line `// [tour]` without code and another one behind it")
  endif()
  string(SUBSTRING "${example}" 0 ${length} shown)
  math(EXPR behind "${length} + ${mark_length}")
  string(SUBSTRING "${example}" ${behind} -1 example)
  string(REPLACE "\n  " "\n" shown "\n${shown}") # it is in a function
  string(FIND "${readme}" "```cpp${shown}```" place)
  if(place LESS 0)
    message(FATAL_ERROR "${README} does not show this excerpt of ${EXAMPLE}:\n${shown}")
  endif()
  math(EXPR parts "${parts} + 1")
endwhile()
if(parts EQUAL 0)
  message(FATAL_ERROR "${EXAMPLE}: two lines `// [tour]` with code between them are missing")
endif()
