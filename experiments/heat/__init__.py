# SPDX-License-Identifier: GPL-2.0-only
"""Where every miss, or access, of a run went, and the best that could be.

Reads the stream of plugin/heat.h (run --heat) and the run's records, and says
for each interval how much the near memory served, how much it could have
served at best, and how few pages hold how much.

  stream.py    the stream                       to spans of the guest's time
  records.py   the run's records: its times, and what near memory it could have
  group.py     one program of several, by its cgroup
  oracle.py    spans and that memory            to served, best, efficiency, regret
  judge.py     how right a source of hotness is, against the counts
  hints.py     what NUMA balancing's hint faults say
  judges.py    those that a run has, and how soon they know what moved
  text.py      what is said in the terminal; files.py: as JSON and CSV
  damo.py      as DAMON's tool records it
  pictures.py  SVG, as experiments/expt/picture.py draws
  __main__.py  the verb of build.sh

Python's standard library alone, as Debian 12 has it.
"""
