# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

cmake_minimum_required(VERSION 3.25)

# cmake -DPAGE=... -DFILE=... -P page_shows.cmake
# Fails unless PAGE contains FILE, word for word, as a block of TOML.
file(READ "${PAGE}" page)
file(READ "${FILE}" text)
string(FIND "${page}" "```toml\n${text}```" place)
if(place LESS 0)
  message(FATAL_ERROR "${PAGE} does not show ${FILE}")
endif()
