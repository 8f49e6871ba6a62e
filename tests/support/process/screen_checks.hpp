// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Checks that wait for a text on a terminal; if it does not appear, the error contains the screen.
// Macros, so that the reported line is the test's.

#pragma once

#include "support/process/tmux.hpp"

#define SEES(t, text)                                                                              \
  if (!(t).shows(text))                                                                            \
    CAF_ERROR("not on the screen: " << (text) << "\n" << (t).screen());                            \
  else                                                                                             \
    CAF_CHECK(true)
#define ENDS(t, text)                                                                              \
  if (!(t).ends_with(text))                                                                        \
    CAF_ERROR("not the last line: " << (text) << "\n" << (t).screen());                            \
  else                                                                                             \
    CAF_CHECK(true)
#define AT_LINE_BEGIN(t)                                                                           \
  if (!(t).at_line_begin())                                                                        \
    CAF_ERROR("the cursor is not at the beginning of a line:\n" << (t).screen());                  \
  else                                                                                             \
    CAF_CHECK(true)
