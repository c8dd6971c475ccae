# SPDX-License-Identifier: GPL-2.0-only
"""The judges that a run has: of which interval each is asked, and how soon it
knows a hot set that moved."""
import collections
import math

from .hints import Hints
from .judge import Judge, damon_scores, near_judge
from .oracle import span_at

# Of how often a source knew again what had moved, and after how many intervals
Delay = collections.namedtuple("Delay", "mean known moves")


def delay_of(precisions, moved):
    """Of a source's precision in each interval (NaN: not known), and of those
    in which the hot set moved: from the interval after that, the first is 1, how
    many it takes until the precision is half of the most that it was until the
    move.  None: none moved, or nothing is known of before."""
    taken, asked = [], 0
    for k, m in enumerate(moved):
        until = moved[k + 1] if k + 1 < len(moved) else len(precisions)
        most = max((p for p in precisions[:m + 1] if not math.isnan(p)),
                   default=0)
        if not most:
            continue
        asked += 1
        taken += [i - m for i in range(m + 1, until)
                  if precisions[i] >= most / 2][:1]
    if not asked:
        return None
    return Delay(sum(taken) / len(taken) if taken else math.nan, len(taken),
                 asked)


def judge_delays(judges, hints, heat, records, origin):
    """Where the hot set of gups moved: how long each did not know it; hints: the
    course of hint faults."""
    moved = [span_at(heat, origin + r["t_s"]) for r in records["timeline"]
             if r.get("hot_set_moved")]
    moved = sorted({m for m in moved if m is not None})
    if not moved:
        return
    touched = heat.total()
    seen = [math.nan] * len(heat.spans)
    for view in records["damon_view"]:
        i = span_at(heat, origin + view["t_s"])
        if i is None or not view["start"]:
            continue
        scores = damon_scores(viewed(view), touched, heat.grain)
        seen[i] = Judge("", scores, heat.spans[i].pages, heat.room,
                        False).precision
    # What is left of intervals at the begin says nothing
    lengths = [s.end - s.begin for s in heat.spans]
    least = sorted(lengths)[len(lengths) // 2] / 2
    courses = {"DAMON": seen, "hint faults": [
        hints[i].precision if i in hints else math.nan
        for i in range(len(heat.spans))], "placement": [
            near_judge(heat, s.pages, False).precision if n >= least
            else math.nan for s, n in zip(heat.spans, lengths)]}
    for j in judges:
        j.delay = delay_of(courses[j.name], moved)


def last_whole(heat, records, origin):
    """The number of the last interval that a row of the timeline ends: what comes
    behind it is of the work's end, and may be as long. Without rows the last, but
    for one cut short."""
    ends = [span_at(heat, origin + r["t_s"])
            for r in records["timeline"] + records["run_timeline"]]
    ends = [i for i in ends if i is not None]
    if ends:
        return max(ends)
    last, before = heat.spans[-1], heat.spans[-2:][0]
    if last.end - last.begin < (before.end - before.begin) / 2:
        last = before
    return heat.spans.index(last)


def viewed(view):
    return [{"start": a, "size_bytes": n, "access_rate": rate}
            for a, n, rate in zip(view["start"], view["size_bytes"],
                                  view["access_rate"])]


def regions_of(heat, records, origin, at):
    """DAMON's at the end of that interval: those of its last round, unless that
    was later by half an interval and there is a view of the row."""
    span = heat.spans[at]
    if heat.spans[-1].end - span.end >= (span.end - span.begin) / 2:
        for view in records["damon_view"]:
            if view["start"] and span_at(heat, origin + view["t_s"]) == at:
                return viewed(view)
    return records["damon_region"]


def judges_of(heat, records, origin):
    """Of the last whole interval. And the course of hint faults, by interval."""
    hints, at = Hints(records, heat.grain), last_whole(heat, records, origin)
    course = hints.course(heat, origin, (at,)) if hints else {}
    counts, touched = heat.spans[at].pages, heat.total()
    found = []
    regions = regions_of(heat, records, origin, at)
    if regions:
        scores = damon_scores(regions, touched, heat.grain)
        found.append(Judge("DAMON", scores, counts, heat.room))
    if at in course:
        found.append(course[at])
    found.append(near_judge(heat, counts))
    return found, course
