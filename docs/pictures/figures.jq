# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the dbengine authors

# Prints gnuplot commands for figures.gp: the machine, and one line of data for each workload.
#   jq -r --rawfile workloads workloads.tsv -f figures.jq targets.json
def digits($n): # a fixed number of decimals, without exponents
  (. * pow(10; $n) | round | tostring) as $all
  | (if ($all | length) <= $n then "0" * ($n + 1 - ($all | length)) + $all else $all end) as $all
  | if $n == 0 then $all else $all[:-$n] + "." + $all[-$n:] end;
def rate($unit):
  (if . >= 1e6 then (. / 1e6 | digits(2)) + " M" else (. / 1e3 | digits(1)) + " k" end)
  + (if $unit == "/s" then "" else " " end) + $unit;

($workloads | rtrimstr("\n") | split("\n") | map(split("\t"))) as $names
| "subtitle = \"\(.machine.cores) cores (\(.machine.processor)), \(.machine.file_system), SQLite \(.machine.sqlite); medians of \(.settings.rounds) paired rounds; \(.date)\"",
  "count = \($names | length)",
  "$data << END",
  (.rows as $rows | $names | to_entries[] | .key as $row | .value as [$name, $unit, $title]
    | ($rows[] | select(.name == $name)) | (if .noisy then " *" else "" end) as $mark | .subjects
    | [$row, .engine.ratio.median, .engine.ratio.min, .engine.ratio.max,
       "\"" + ($title | gsub("`"; "")) + $mark + "\"",
       "\"raw \(.raw.rate | rate($unit)), engine \(.engine.rate | rate($unit))\"",
       "\"" + (.engine.ratio.median | digits(2)) + " ×\""]
    | map(tostring) | join(" ")),
  "END"
