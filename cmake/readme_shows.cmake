# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# cmake -DREADME=... -DEXAMPLE=... -P readme_shows.cmake
# Fails unless README shows, word for word, what stands in EXAMPLE between the two lines `// [tour]`.
file(READ "${README}" readme)
file(READ "${EXAMPLE}" example)

set(mark "  // [tour]\n")
string(LENGTH "${mark}" mark_length)
string(FIND "${example}" "${mark}" from)
string(FIND "${example}" "${mark}" to REVERSE)
math(EXPR begin "${from} + ${mark_length}")
math(EXPR length "${to} - ${begin}")
if(from LESS 0 OR length LESS 1)
  message(FATAL_ERROR "${EXAMPLE}: two lines `// [tour]` with code between them are missing")
endif()
string(SUBSTRING "${example}" ${begin} ${length} shown)
string(REPLACE "\n  " "\n" shown "\n${shown}") # it stands in a function

string(FIND "${readme}" "```cpp${shown}```" place)
if(place LESS 0)
  message(FATAL_ERROR "${README} does not show the excerpt of ${EXAMPLE}:\n${shown}")
endif()
