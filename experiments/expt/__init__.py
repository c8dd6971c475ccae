# SPDX-License-Identifier: GPL-2.0-only
"""Experiments: many runs, side by side, and what came out of them.

  parse.py    an experiment's text, sweeps and grids    to cells
  plan.py     cells, scale and repeats                  to runs
  run.py      what is planned is run, and what is left of it
  cluster.py  by ssh or Slurm, on other machines
  bundle.py   in an archive, on machines that have nothing of this
  metrics.py  what a run is measured by: names, units, what is better
  records.py  a run's records                           to its figures
  stats.py    which cells differ, and by how much one could tell
  report.py   what a report says, as tables; report_*.py write it in each form
  picture.py  SVG
  expression.py  how an expectation is written, and all names of figures
  expect.py   whether it is met; ktap.py says so for CI
  compare.py  runs or experiments against each other
  listing.py  what is in OUT
  __main__.py the verbs of build.sh

Python's standard library alone, as Debian 12 has it.
"""
