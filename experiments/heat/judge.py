# SPDX-License-Identifier: GPL-2.0-only
"""A judge: how right what a source of hotness says of pages is, against the counts."""
import bisect
import collections
import math


def ranks(values):
    """Of each its rank; those that are alike have the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found, i = [0.0] * len(values), 0
    while i < len(order):
        k = i
        while k < len(order) and values[order[k]] == values[order[i]]:
            k += 1
        for at in order[i:k]:
            found[at] = (i + k - 1) / 2
        i = k
    return found


def correlation(x, y):
    """Spearman's, of the ranks; NaN where one of them ranks nothing."""
    x, y = ranks(x), ranks(y)
    middle = (len(x) - 1) / 2
    xx = sum((a - middle) ** 2 for a in x)
    yy = sum((b - middle) ** 2 for b in y)
    xy = sum((a - middle) * (b - middle) for a, b in zip(x, y))
    return xy / math.sqrt(xx * yy) if xx and yy else math.nan


class Judge:
    """What a source of hotness says of pages, against the counts: score has a
    number for each page that was touched in the run, the hotter the larger."""

    def __init__(self, name, score, counts, room, ranked=True):
        self.name, self.delay, self.fresh = name, None, None
        pages = sorted(score)
        truth = sorted((p for p in pages if counts.get(p)),
                       key=lambda p: -counts[p])[:room]
        true, most = set(truth), sum(counts[p] for p in truth)
        hits = caught = 0.0
        left = self.called = min(room, len(pages))
        groups = collections.defaultdict(list)
        for p in pages:
            groups[score[p]].append(p)
        for value in sorted(groups, reverse=True):
            group = groups[value]
            # Of pages that are alike to it as many as there is room for
            part = min(1, left / len(group))
            hits += part * sum(p in true for p in group)
            caught += part * sum(counts.get(p, 0) for p in group)
            left -= part * len(group)
            if left <= 0:
                break
        self.precision = hits / self.called if self.called else math.nan
        self.recall = hits / len(true) if true else math.nan
        self.caught = caught / most if most else math.nan
        self.correlation = correlation(
            [score[p] for p in pages],
            [counts.get(p, 0) for p in pages]) if ranked else math.nan


def damon_scores(regions, pages, grain):
    """The rate of DAMON's region that has the page, of the kdamond that looks
    at it; pages in none are left out."""
    bounds = sorted((r["start"], r["start"] + r["size_bytes"],
                     r["access_rate"]) for r in regions
                    if r.get("scheme") is None)
    starts = [b[0] for b in bounds]
    scores = {}
    for p in pages:
        i = bisect.bisect_right(starts, p * grain) - 1
        if i >= 0 and p * grain < bounds[i][1]:
            scores[p] = bounds[i][2]
    return scores


def near_judge(heat, counts, ranked=True):
    return Judge("placement", {p: int(heat.is_near(p)) for p in counts}, counts,
                 max(1, sum(map(heat.is_near, counts))), ranked)
