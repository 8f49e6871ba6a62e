# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# The chart of the figures, for bench/README.md. Reads what figures.jq prints from standard input:
# subtitle, count, and $data with row, median, min, max, title, rates, label.
load "/dev/stdin"

set terminal svg size 860, 110 + 46 * count enhanced font "Helvetica,Arial,sans-serif,13" \
  background "#ffffff"
set encoding utf8
unset key
set border 0
set tics scale 0 textcolor rgb "#424a53"
set lmargin 39
set rmargin 9
set tmargin 4.5
set bmargin 4
set label 1 "{/:Bold=16 How many times the throughput of raw SQLite}" \
  at screen 0.5, screen 0.955 center textcolor rgb "#1f2328"
set label 2 subtitle at screen 0.5, screen 0.905 center font ",12" textcolor rgb "#1f2328"
set logscale x 2
set xrange [1:32]
set yrange [count - 0.4 : -0.6]
set xtics ("raw SQLite" 1, "2 ×" 2, "4 ×" 4, "8 ×" 8, "16 ×" 16, "32 ×" 32)
set label 3 "engine / raw SQLite, logarithmic; thin line: smallest and largest round; *: another process ran for a moment" \
  at screen 0.5, screen 0.03 center font ",12" noenhanced \
  textcolor rgb "#424a53"
unset ytics
set grid xtics linetype 1 linecolor rgb "#d0d7de"
set style fill solid noborder

set arrow from first 1, graph 0 to first 1, graph 1 nohead linewidth 2 linecolor rgb "#1f2328" front
plot $data using (1):1:(1):2:($1 - 0.3):($1 + 0.3) with boxxyerror linecolor rgb "#54aeff", \
     $data using 2:1:3:4 with xerrorbars pointtype -1 linecolor rgb "#0a3069", \
     $data using 4:1:7 with labels left offset 0.8, 0 textcolor rgb "#1f2328", \
     $data using (1):1:5 with labels right offset -1.2, 0.4 textcolor rgb "#1f2328", \
     $data using (1):1:6 with labels right offset -1.2, -0.45 font ",11" textcolor rgb "#57606a"
