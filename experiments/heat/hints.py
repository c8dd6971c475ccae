# SPDX-License-Identifier: GPL-2.0-only
"""What NUMA balancing's hint faults say of pages."""
import math

from .judge import Judge
from .oracle import span_at


class Hints:
    """What NUMA balancing knows: of each page the latency of its last hint
    fault, in ms, which goes with the page where it moves."""

    def __init__(self, records, grain):
        self.views, self.grain = records["hint_view"], grain
        self.lost = sum(v["lost"] for v in self.views)
        self.known = {}
        self.faulted, self.moves = set(), []

    def __bool__(self):
        return any(self.views) and not self.lost

    def add(self, view):
        """A row's, and what faulted and moved in it alone."""
        self.faulted, self.moves = set(), []
        for at, ms, to in zip(view["start"], view["latency_ms"], view["to"]):
            page = at // self.grain
            if to is None:
                self.known[page] = ms
                self.faulted.add(page)
                continue
            new, was = to // self.grain, self.known.pop(page, None)
            self.known.pop(new, None)
            if was is not None:
                self.known[new] = was
            if page in self.faulted:
                self.faulted.remove(page)
                self.faulted.add(new)
            self.moves.append((page, new))

    def counts(self, counts):
        """Those of the interval by where each page was at its end: of a frame
        that had two pages in it they are the later one's."""
        counts, last = dict(counts), {}
        for i, (_, new) in enumerate(self.moves):
            last[new] = i
        for i, (old, new) in enumerate(self.moves):
            if last.get(old, -1) < i and last[new] == i:
                counts[new] = counts.get(new, 0) + counts.pop(old, 0)
        return counts

    def judge(self, heat, span, touched, ranked):
        counts = self.counts(span.pages)
        scores = {p: -ms for p, ms in self.known.items()
                  if p in touched or p in counts}
        judge = Judge("hint faults", scores, counts, heat.room, ranked)
        judge.fresh = len(self.faulted) / len(self.known) \
            if self.known else math.nan
        return judge

    def course(self, heat, origin, ranked):
        """A judge for each interval at whose end there is a row, by number;
        ranked: those with a correlation, too."""
        touched, found = heat.total(), {}
        for view in self.views:
            self.add(view)
            i = span_at(heat, origin + view["t_s"])
            if i is not None and self.known:
                found[i] = self.judge(heat, heat.spans[i], touched,
                                      i in ranked)
        return found
