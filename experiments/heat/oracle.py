# SPDX-License-Identifier: GPL-2.0-only
"""The oracle: what near memory served, and the best that it could have."""
import bisect
import collections
import heapq
import itertools
import math

from .common import PARTS

# Curves are told to so many points a doubling of their pages
A_DOUBLING = 16


def sum_of(pages, some):
    return sum(map(pages.__getitem__, some))


class Oracle:
    """Of a set of pages with counts: served, best, efficiency, regret."""

    def __init__(self, pages, near, room):
        """near: the set of pages that are, and maybe others"""
        sums = list(itertools.accumulate(sorted(pages.values(), reverse=True)))
        self.pages = len(sums)
        self.all = sums[-1] if sums else 0
        here = near.intersection(pages)
        self.near, self.near_pages = sum_of(pages, here), len(here)
        self.most = sums[min(room, len(sums)) - 1] if room and sums else 0
        self.served = self.near / self.all if self.all else math.nan
        self.best = self.most / self.all if self.all else math.nan
        self.efficiency = self.near / self.most if self.most else math.nan
        self.regret = self.most - self.near
        # The fewest pages with so many percent of the misses
        self.hold = [bisect.bisect_left(sums, -(-self.all * part // 100)) + 1
                     if sums else 0 for part in PARTS]


def curve_of(counts, marks=()):
    """Of counts, the largest first: [(pages, sum of theirs)], for the first so
    many pages; each of them, where they are few, and those of marks."""
    wanted = {0, len(counts)}
    wanted.update(n for n in marks if 0 <= n <= len(counts))
    step = 0
    while True:
        n = round(2 ** (step / A_DOUBLING))
        if n >= len(counts):
            break
        wanted.add(n)
        step += 1
    points, sums, have = [], 0, 0
    for n in sorted(wanted):
        sums += sum(counts[have:n])
        have = n
        points.append((n, sums))
    return points


class Heat:
    def __init__(self, stream, spans, near, room):
        self.grain, self.of = stream.head["grain"], stream.head["of"]
        self.apart = stream.apart
        parts = [r for r in stream.head["ranges"] if r["name"] == near]
        self.bounds = [(r["start"] // self.grain,
                        (r["end"] - 1) // self.grain + 1) for r in parts]
        self.spans = spans
        self.room = room
        self.rows, self.static, self.curve = [], [], []
        self.all_pages = None

    def is_near(self, page):
        for a, b in self.bounds:
            if a <= page < b:
                return True
        return False

    def total(self):
        """Of each page what it has in all; of everyone: not to be changed."""
        if self.all_pages is None:
            pages = collections.defaultdict(int)
            for s in self.spans:
                for page, n in s.pages.items():
                    pages[page] += n
            self.all_pages = dict(pages)
        return self.all_pages

    def compute(self):
        pages = self.total()
        near = set(filter(self.is_near, pages))
        self.rows = [Oracle(s.pages, near, self.room) for s in self.spans]
        self.whole = Oracle(pages, near, self.room)
        order = sorted(pages, key=lambda p: (-pages[p], p))
        self.curve = curve_of([pages[p] for p in order],
                              (*self.whole.hold, self.room))
        # What the best one placement for the whole time serves of each
        placed = set(order[:self.room])
        self.static = [sum_of(s.pages, placed.intersection(s.pages)) / r.all
                       if r.all else math.nan
                       for s, r in zip(self.spans, self.rows)]
        most = sum(r.most for r in self.rows)
        self.clairvoyant = most / self.whole.all if self.whole.all else math.nan
        self.efficiency = self.whole.near / most if most else math.nan
        self.regret = most - self.whole.near
        # What a policy comes to, when it has had time
        late = [r for s, r in zip(self.spans, self.rows)
                if s.begin >= (self.spans[0].begin + self.spans[-1].end) / 2]
        most = sum(r.most for r in late)
        self.late = sum(r.near for r in late) / most if most else math.nan


def most_of_moved(heat, moved):
    """The share of all counts that pages can have had, at most, in the interval
    in which they moved: as if the hottest had.  Each such page is two frames
    there, and both may be among these."""
    hottest = heapq.nlargest(2 * moved, (n for s in heat.spans
                                         for n in s.pages.values()))
    return sum(hottest) / heat.whole.all if heat.whole.all else math.nan


def span_at(heat, t):
    """The number of the interval that ends there, within half of it; None."""
    i = min(range(len(heat.spans)), key=lambda k: abs(heat.spans[k].end - t))
    s = heat.spans[i]
    return i if abs(s.end - t) <= (s.end - s.begin) / 2 else None
