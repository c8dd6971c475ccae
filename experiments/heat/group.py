# SPDX-License-Identifier: GPL-2.0-only
"""One program of several: the pages of a cgroup."""
import math

from .common import fail


class Group:
    """The pages of a cgroup, as tier run --frames told them with each row."""

    def __init__(self, records, name, grain, origin):
        views = [r for r in records["frames"] if r["cgroup"] == name]
        if not views:
            names = sorted({r["cgroup"] for r in records["frames"]})
            fail("--cgroup %s: %s" % (name, "there are " + ", ".join(names)
                 if names else "no frames in the records: "
                 "run --heat ... run --frames PROGRAM"), 2)
        self.views = [(origin + v["t_s"], {
            page for start, n in zip(v["start"], v["pages"])
            for page in range(start // grain, (start + n * 4096 - 1) // grain
                              + 1)}) for v in views]
        self.first = list(zip(views[0]["start"], views[0]["pages"]))
        # Before its first row and behind its last nobody knows what it had
        self.views = [(-math.inf, set())] + self.views + [(math.inf, set())]
        self.all = self.kept = self.doubtful = 0

    def keep(self, span):
        """Of the span what is in frames that the group had at the last row
        before it, at its end, or between; what it had at some of these alone,
        may be another's in part."""
        # A row is told a little after its interval
        late = (span.end - span.begin) / 4
        sets = [pages for i, (_, pages) in enumerate(self.views)
                if (i + 1 == len(self.views) or
                    self.views[i + 1][0] > span.begin + late) and
                (i == 0 or self.views[i - 1][0] < span.end - late)]
        some = set().union(*sets)
        always = sets[0].intersection(*sets[1:]) if sets else set()
        self.all += sum(span.pages.values())
        span.pages = {p: n for p, n in span.pages.items() if p in some}
        span.stores = {p: n for p, n in span.stores.items() if p in some}
        self.kept += sum(span.pages.values())
        self.doubtful += sum(n for p, n in span.pages.items()
                             if p not in always)
