#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The heat of heat.c, page by page: which frame was whose it says itself.

    heat.pages.py STREAM < what heat.c said

Prints, a line each: row T (when its last interval ended, as build.sh heat has
it), wrong N (pages whose loads or stores are not those of the pattern), moves N,
rate N (a second), and, in percent of all accesses, the best that an eighth of
the pages serves, by pages and by frames, of which a page that moved is two:
interval A B, second A B; bound N is what the pages that moved in an interval had
in the frame in which they had less.
"""
import collections
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "experiments"))
from heat.stream import Stream  # noqa: E402

stream = Stream(sys.argv[1])
cuts, frames = {}, collections.defaultdict(dict)
for line in sys.stdin:
    words = re.findall(r"^(cut|frame) ([\d ]+)\r?$", line)
    if words:
        n = [int(x) for x in words[0][1].split()]
        if words[0][0] == "cut":
            cuts[n[0]] = n[1]
        else:
            frames[n[0]][n[1]] = n[2]
ends = {i.guest: k for k, i in enumerate(stream.intervals) if i.guest}
origin = next(i.guest for i in stream.intervals if i.by == "reading")
pages = len(frames[0])
# In frames: a huge page begins at a multiple of 512
size = 512 if all(f % 512 == 0 for f in frames[0].values()) else 1

loads, stores = collections.Counter(), collections.Counter()
by_page, by_frame, seconds, doubtful, less = [], [], [], 0, 0
now = dict(frames[0])
for k in range(1, len(cuts)):
    owner = {f: p for p, f in now.items()}
    both = [(now[p], f) for p, f in frames[k].items()]
    for p, f in frames[k].items():
        doubtful += owner.get(f, p) != p
        owner[f] = p
        now[p] = f
    mine, here = collections.Counter(), collections.Counter()
    for i in range(ends[cuts[k - 1]] + 1, ends[cuts[k]] + 1):
        for frame, n in stream.intervals[i].pages.items():
            first = frame - frame % size
            if first in owner:
                loads[owner[first]] += n - stream.intervals[i].stores[frame]
                stores[owner[first]] += stream.intervals[i].stores[frame]
                mine[owner[first]] += n
                here[first] += n
    less += sum(min(here[a], here[b]) for a, b in both)
    by_page.append(mine)
    by_frame.append(here)
    seconds.append((cuts[k] - cuts[0]) // 10 ** 9)

wrong = sum(loads[p] != 2 * (100000 + 1000 * p) or stores[p] != 1
            for p in range(pages))
moves = sum(len(f) for k, f in frames.items() if k)
for p in range(pages):
    if loads[p] != 2 * (100000 + 1000 * p) or stores[p] != 1:
        print("page", p, loads[p], stores[p], file=sys.stderr)


def best(counters):
    return sum(sum(sorted(c.values())[-max(1, pages // 8):])
               for c in counters) / sum(sum(c.values()) for c in counters)


def each_second(counters):
    sums = collections.defaultdict(collections.Counter)
    for second, c in zip(seconds, counters):
        sums[second].update(c)
    return sums.values()


print("row %.6f" % ((cuts[len(cuts) - 1] - origin) / 1e9))
print("pages", pages, size)
print("wrong", wrong + doubtful)
print("moves", moves)
print("rate %.0f" % (moves / ((cuts[len(cuts) - 1] - cuts[0]) / 1e9)))
print("interval %.3f %.3f" % (100 * best(by_page), 100 * best(by_frame)))
print("bound %.3f" % (100 * less / sum(sum(c.values()) for c in by_page)))
print("second %.3f %.3f" % (100 * best(each_second(by_page)),
                            100 * best(each_second(by_frame))))
