# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# docs.figures: the figures in docs/limits.md and docs/tuning.md are those of the headers. docs.limits tests the
# blocks of that page. The control changes each of those headers' lines in a copy.
add_test(NAME docs.figures COMMAND ${python} "${here}/limits" "${PROJECT_SOURCE_DIR}")
add_test(NAME docs.figures_control COMMAND ${python} "${here}/limits" "${PROJECT_SOURCE_DIR}" --control)
set_tests_properties(docs.figures docs.figures_control PROPERTIES LABELS docs TIMEOUT 120)
