#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""heat.py - where every miss, or access, of a run went, and the best that
could be.

Reads the stream of plugin/heat.h (run --heat) and the run's records, and says
for each interval how much the near memory served, how much it could have
served at best, and how few pages hold how much.  With plain Python.
"""

import argparse
import bisect
import collections
import heapq
import itertools
import json
import math
import operator
import os
import re
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "experiments")]
from expt.common import out
from heat_pictures import Course, Curve, Map, curve_of, size_text

PARTS = (50, 80, 90, 99)
BY = ("clock", "reading", "end")
# An interval so short, of what they are to be or in seconds, is the one's before
SHORT, SHORT_S = 0.1, 0.01
# Two times of the guest that are the same
CLOCK_S = 1e-6


def fail(message, status=1):
    print("heat: " + message, file=sys.stderr)
    sys.exit(status)


# --- the stream ---------------------------------------------------------------

Interval = collections.namedtuple("Interval", "by guest host outside pages stores")


def is_head(head):
    """All that is read of it is there."""
    numbers = [head.get("grain"), head.get("interval_ns")]
    ranges = head.get("ranges")
    if not isinstance(ranges, list) or not ranges or \
            not isinstance(head.get("counts"), list) or \
            head.get("of") not in ("misses", "accesses"):
        return False
    for r in ranges:
        if not isinstance(r, dict) or not isinstance(r.get("name"), str):
            return False
        numbers += [r.get("start"), r.get("end")]
    return all(isinstance(n, int) for n in numbers) and numbers[0] > 0


class Stream:
    """A stream in memory: head, and intervals with {page: count}, and with the
    stores among them where they are counted apart."""

    def __init__(self, path):
        try:
            with open(path, "rb") as f:
                data = f.read()
        except OSError as e:
            fail("%s: %s: was it run with --heat?" % (path, e.strerror))
        line, _, self.data = data.partition(b"\n")
        try:
            self.head = json.loads(line)
            version = self.head["heat"]
        except (ValueError, KeyError, TypeError):
            fail("%s: no stream of heat" % path)
        if version != 2:
            fail("%s: version %s of the stream, and this reads 2" %
                 (path, version))
        if not is_head(self.head):
            fail("%s: its first line is not all of what a stream has" % path)
        self.apart = self.head["counts"] == ["loads", "stores"]
        self.at = 0
        self.intervals = []
        try:
            while self.at < len(self.data):
                self.intervals.append(self.interval())
        except IndexError:
            print("heat: %s is cut short: its last interval is left out" % path,
                  file=sys.stderr)
        self.whole = bool(self.intervals) and self.intervals[-1].by == "end"

    def numbers(self, n):
        """The next n of them; most of the time that reading takes is here."""
        data, at, found = self.data, self.at, []
        for _ in range(n):
            number = data[at]
            at += 1
            if number >= 128:
                number &= 127
                shift = 7
                while data[at] >= 128:
                    number |= (data[at] & 127) << shift
                    shift += 7
                    at += 1
                number |= data[at] << shift
                at += 1
            found.append(number)
        self.at = at
        return found

    def interval(self):
        if self.data[self.at] != ord("I"):
            fail("no interval begins at byte %d" % self.at)
        self.at += 1
        by, guest, host, outside, n = self.numbers(5)
        each = 3 if self.apart else 2
        found = self.numbers(n * each)
        numbers = [p - 1 for p in itertools.accumulate(
            d + 1 for d in found[::each])]
        stores = dict(zip(numbers, found[2::3])) if self.apart else {}
        counts = map(operator.add, found[1::3], found[2::3]) if self.apart \
            else found[1::2]
        return Interval(BY[by], guest, host, outside,
                        dict(zip(numbers, counts)), stores)


# --- time ---------------------------------------------------------------------


class Span:
    """Intervals as one, with their begin and end in the guest's seconds."""

    def __init__(self, begin, end, pages, stores, outside=0):
        self.begin, self.end = begin, end
        self.pages, self.stores, self.outside = pages, stores, outside

    def add(self, other):
        self.end = other.end
        self.outside += other.outside
        for mine, more in ((self.pages, other.pages),
                           (self.stores, other.stores)):
            for page, n in more.items():
                mine[page] = mine.get(page, 0) + n


def guest_of(readings, host):
    """The guest's clock, ns, at a time of the host's: in proportion between two
    readings: with --icount it is no constant ahead."""
    k = bisect.bisect_right(readings, (host, math.inf))
    if not readings:
        return host
    (h, g), (later, after) = readings[max(k - 1, 0)], \
        readings[min(k, len(readings) - 1)]
    if later == h or k in (0, len(readings)):
        return g + host - h
    return g + (after - g) * (host - h) // (later - h)


def spans_of(stream, cuts=()):
    """One a row, by the guest's clock, which it tells with each reading.
    cuts: seconds at which one ends, however short the next is."""
    readings = [(i.host, i.guest) for i in stream.intervals
                if i.by == "reading"]
    begin, all_spans = max(guest_of(readings, 0), 0) / 1e9, []
    for i in stream.intervals:
        end = (i.guest or guest_of(readings, i.host)) / 1e9
        all_spans.append(Span(begin, max(begin, end), dict(i.pages),
                              dict(i.stores), i.outside))
        begin = max(begin, end)
    short = SHORT * stream.head["interval_ns"] / 1e9 or SHORT_S
    merged = []
    for s in all_spans:
        if merged and s.end - s.begin < short and \
                all(abs(s.begin - cut) > CLOCK_S for cut in cuts):
            merged[-1].add(s)
        else:
            merged.append(s)
    return merged


# --- the run's records ----------------------------------------------------------


def records_of(directory):
    records = collections.defaultdict(list)
    try:
        with open(os.path.join(directory, "records.jsonl"),
                  encoding="utf-8", errors="replace") as f:
            for line in f:
                try:
                    record = json.loads(line)
                except ValueError:
                    continue
                records[record.get("record")].append(record)
    except OSError:
        pass
    return records


Timed = collections.namedtuple("Timed", "begin end exact")


def timed_part(records, stream):
    """In the guest's seconds the updates of gups, or the time of tier run's
    program, before and after which it reads the counters; None: neither ran, or
    several did.  exact: when it read them is known; else it is about then."""
    if len(records["pmu"]) == 1 and "timed_end_ns" in records["pmu"][0]:
        r = records["pmu"][0]
        return Timed(r["timed_begin_ns"] / 1e9, r["timed_end_ns"] / 1e9, True)
    begins = [r["uptime_s"] for r in records["stage"]
              if r.get("stage") == "update"]
    if len(begins) == len(records["gups"]) == 1 and not records["run"]:
        return Timed(begins[0], begins[0] + records["gups"][0]["elapsed_s"],
                     False)
    if len(begins) == 1 and not records["gups"] and not records["run"]:
        # It was stopped before it said how long they took
        return Timed(begins[0], math.inf, False)
    first = [i.guest / 1e9 for i in stream.intervals if i.by == "reading"][:1]
    if len(records["run"]) == 1 and first and records["pmu"]:
        return Timed(first[0], first[0] + records["run"][0]["elapsed_s"], False)
    return None


def spans_in(spans, timed):
    if timed.exact:
        return [s for s in spans if s.begin > timed.begin - CLOCK_S
                and s.end < timed.end + CLOCK_S]
    # A row ends a little after its updates
    return [s for s in spans
            if s.begin >= timed.begin - 0.2 and s.begin < timed.end]


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
        self.first = self.views[0][1]
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


def node_of(records, name):
    for r in records["pmu"]:
        for each in r["ranges"]:
            if each["name"] == name:
                return each["node"]
    return None


def free_near(records, node):
    """What is free there at the first row, bytes, above the watermarks; None:
    not known."""
    keep = max([r["free_bytes"] - r["available_bytes"] for r in records["node"]
                if r["node"] == node] + [0])
    for r in records["timeline"]:
        free = r.get("free_bytes", {}).get("node%s" % node)
        return None if free is None else max(0, free - keep)
    return None


def held_near(records, node):
    """Of tier run's program: what it had there by its first row, and what was
    free then, bytes; None: not known."""
    for r in records["run_timeline"]:
        return [(r.get(key) or {}).get("node%s" % node)
                for key in ("program_bytes", "free_bytes")]
    return None, None


def table_near(records, node):
    """Of gups's table: what it had there when the updates began, bytes; None:
    not known."""
    if len(records["gups"]) != 1:
        return None
    pages = (records["gups"][0].get("pages_at_start") or {}).get("node%s" % node)
    return None if pages is None else pages * 4096


def counted(records, name):
    """(all, near) user misses in the timed part by the plugin's counters, which
    are none by page; None: not known, or of several parts."""
    if len(records["pmu"]) != 1:
        return None
    sums = {}
    for r in records["pmu"][0]["ranges"]:
        misses = (r.get("timed") or {}).get("user_misses")
        if misses is None:
            return None
        sums[r["name"]] = sums.get(r["name"], 0) + sum(misses.values())
    return sum(sums.values()), sums.get(name, 0)


def moved_pages(records, span):
    """Migrations of 4 KiB pages in the span, "timed" or "whole"; None: not
    known."""
    if len(records["moves"]) != 1:
        return None
    return (records["moves"][0].get(span) or {}).get("migrated")


def miss_ns(records, near, of):
    """What a miss far takes longer than a near one, of modelled time, ns. None:
    not known, or of accesses, of which most are no misses."""
    if of != "misses":
        return None
    for r in records["modelled"]:
        costs = r["miss_ns"]
        far = [v for k, v in costs.items() if k not in (near, "other")]
        if near in costs and len(far) == 1:
            return far[0] - costs[near]
    return None


# --- the oracle -----------------------------------------------------------------


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


# --- the judges -----------------------------------------------------------------


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


def near_judge(heat, counts, ranked=True):
    return Judge("placement", {p: int(heat.is_near(p)) for p in counts}, counts,
                 max(1, sum(map(heat.is_near, counts))), ranked)


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


def span_at(heat, t):
    """The number of the interval that ends there, within half of it; None."""
    i = min(range(len(heat.spans)), key=lambda k: abs(heat.spans[k].end - t))
    s = heat.spans[i]
    return i if abs(s.end - t) <= (s.end - s.begin) / 2 else None


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


# --- what is said ---------------------------------------------------------------


def percent(x):
    return "-" if math.isnan(x) else "%.2f" % (100 * x)


def print_table(heat, origin):
    print("   time %9s   pages  near%%  best%%    eff    regret"
          "    p50    p80    p90    p99" % heat.of)
    for s, r in zip(heat.spans, heat.rows):
        print("%7.1f %9d %7d %6s %6s %6s %9d %s" %
              (s.end - origin, r.all, r.pages, percent(r.served),
               percent(r.best), percent(r.efficiency), r.regret,
               " ".join("%6d" % n for n in r.hold)))


def print_moved(heat, moved):
    if not moved or heat.grain != 4096:
        return
    print("moved      %d pages; in the interval of its move one is two frames: "
          "%s %%" % (moved, percent(most_of_moved(heat, moved))))
    print("           of the %s at most are of such" % heat.of)


def print_sums(heat, room_text, more_ns):
    w = heat.whole
    seconds = heat.spans[-1].end - heat.spans[0].begin
    print()
    print("%-10s %d of user code in %d pages of %s, in %.1f s" %
          (heat.of, w.all, w.pages, size_text(heat.grain), seconds))
    beyond = sum(s.outside for s in heat.spans)
    if beyond:
        print("           and %d behind all memory that is known, in no figure "
              "here" % beyond)
    if heat.apart:
        stores = sum(sum(s.stores.values()) for s in heat.spans)
        print("stores     %s %% of them" %
              percent(stores / w.all if w.all else math.nan))
    print("near       %s %% of them" % percent(w.served))
    print("best       %s %% with %s near, the hottest pages of each interval" %
          (percent(heat.clairvoyant), size_text(heat.room * heat.grain)))
    print("           %s %% by one placement for the whole time (frames: what "
          "moved counts twice)" % percent(w.best))
    print("           %s" % room_text)
    if max(r.near_pages for r in heat.rows) > heat.room:
        print("           more were near than that in some interval: served can "
              "be more than the best")
    print("efficiency %s %% of the best; %s %% in the second half of the time" %
          (percent(heat.efficiency), percent(heat.late)))
    print("regret     %d %s that could have been near" %
          (heat.regret, heat.of), end="")
    if more_ns is None or not w.all:
        print()
    else:
        print(": %.3g s, %.3g ns a miss" %
              (heat.regret * more_ns / 1e9, heat.regret * more_ns / w.all))
    print("holding    %s of the %s: %s pages" %
          (", ".join("%d %%" % p for p in PARTS), heat.of,
           ", ".join("%d" % n for n in w.hold)))


def print_counted(sums):
    """What the plugin's counters say of the same time, beside the pages'."""
    if sums and sums[0]:
        print("counters   %d misses of user code in that time, %s %% of them near, "
              "by the plugin's" % (sums[0], percent(sums[1] / sums[0])))
        print("           own sums, which are not by page")


def print_group(name, group, heat):
    if not group:
        return
    print("cgroup     %s: %s %% of all %s; %s %% of its own are of frames that "
          "it had" % (name, percent(group.kept / group.all
                                    if group.all else math.nan), heat.of,
                      percent(group.doubtful / group.kept
                              if group.kept else math.nan)))
    print("           at one row and not at another: so many, at most, are "
          "another's.  What came")
    print("           and went between two rows is not among them")


def print_judges(judges, lost, of):
    if lost:
        print("judged     no hint faults: of them %d found no room, and were "
              "lost" % lost)
    for j in judges:
        print("judged     %s: of its hottest pages %s %% are (recall %s), with "
              "%s %% of the %s" % (j.name, percent(j.precision),
                                   percent(j.recall), percent(j.caught), of))
        print("           that the truly hottest have; rank correlation %s" %
              ("-" if math.isnan(j.correlation) else "%.3f" % j.correlation))
        if j.fresh is not None:
            print("           of the pages that it knows it saw %s %% in that "
                  "interval" % percent(j.fresh))
        if j.delay:
            print("           a hot set that moved it knew again %d times of %d"
                  "%s" % (j.delay.known, j.delay.moves,
                          "" if math.isnan(j.delay.mean) else
                          ", after %.3g intervals" % j.delay.mean))


def known(x):
    return None if x is None or math.isnan(x) else x


def write_json(heat, judges, more_ns, moved, path):
    """The sums, as a record is written."""
    w = heat.whole
    sums = {"record": "heat", "of": heat.of, "grain_bytes": heat.grain,
            "dram_bytes": heat.room * heat.grain, "counts": w.all,
            "pages": w.pages, "near_share": known(w.served),
            "best_share": known(heat.clairvoyant),
            "best_static_share": known(w.best),
            "efficiency": known(heat.efficiency),
            "efficiency_late": known(heat.late), "regret": heat.regret,
            "regret_ns": known(more_ns and heat.regret * more_ns / w.all
                               if w.all else None),
            "moved_pages": moved,
            "moved_share_most": known(most_of_moved(heat, moved)
                                      if moved is not None else None)}
    for part, n in zip(PARTS, w.hold):
        sums["pages_%d" % part] = n
    for j in judges:
        said = sums[j.name.lower().replace(" ", "_")] = {
            "precision": known(j.precision), "recall": known(j.recall),
            "caught": known(j.caught), "correlation": known(j.correlation)}
        if j.fresh is not None:
            said["fresh_share"] = known(j.fresh)
        if j.delay:
            said.update(delay_intervals=known(j.delay.mean),
                        delay_known=j.delay.known, delay_moves=j.delay.moves)
    with open_out(path) as f:
        f.write(json.dumps(sums) + "\n")


def write_csv(heat, origin, path):
    with open_out(path) as f:
        f.write("t_s,begin_s," + heat.of + ",pages,near,best,near_share,best_share,"
                "efficiency,regret," +
                ",".join("pages_%d" % p for p in PARTS) + ",static_share\n")
        for s, r, static in zip(heat.spans, heat.rows, heat.static):
            f.write("%.6f,%.6f,%d,%d,%d,%d,%s,%s,%s,%d,%s,%s\n" %
                    (s.end - origin, s.begin - origin, r.all, r.pages, r.near,
                     r.most, fraction(r.served), fraction(r.best),
                     fraction(r.efficiency), r.regret,
                     ",".join("%d" % n for n in r.hold), fraction(static)))


def write_curve(heat, path):
    """Concentration: what the hottest so many pages have, of the whole time."""
    with open_out(path) as f:
        f.write("pages,bytes,%s,share\n" % heat.of)
        for n, have in heat.curve:
            f.write("%d,%d,%d,%s\n" % (n, n * heat.grain, have, fraction(
                have / heat.whole.all if heat.whole.all else math.nan)))


def fraction(x):
    return "" if math.isnan(x) else "%.9f" % x


def write_pages(heat, origin, path):
    """A trace: time, physical address, misses or accesses, or loads and
    stores."""
    with open_out(path) as f:
        f.write("t_s,address,near," +
                ("loads,stores" if heat.apart else heat.of) + "\n")
        for s in heat.spans:
            for page in sorted(s.pages):
                n, stores = s.pages[page], s.stores.get(page, 0)
                f.write("%.6f,0x%x,%d,%s\n" %
                        (s.end - origin, page * heat.grain, heat.is_near(page),
                         "%d,%d" % (n - stores, stores) if heat.apart else n))


# --- DAMON's tool -----------------------------------------------------------------

# So many regions of one size, at most, have all that was touched
REGIONS = 1000


def extents_of(heat, ranges):
    """What was touched of each range, from the first to the last page, in
    regions of one size: [(first page, behind the last)], size."""
    touched, extents = sorted(heat.total()), []
    for r in ranges:
        first = r["start"] // heat.grain
        end = (r["end"] - 1) // heat.grain + 1
        mine = [p for p in touched if first <= p < end]
        if mine:
            extents.append((first, mine[0] - first, mine[-1] + 1 - first, end))
    size = 1
    while sum(-(-b // size) - a // size for _, a, b, _ in extents) > REGIONS:
        size *= 2
    return [(first + a // size * size, min(first + -(-b // size) * size, end))
            for first, a, b, end in extents], size


def damo_regions(heat, span, extents, size, interval_s):
    """[start, end, count a page and interval] in bytes; those that are alike
    and side by side are one."""
    sums = collections.Counter()
    for a, b in extents:
        for page, n in span.pages.items():
            if a <= page < b:
                sums[page - (page - a) % size] += n
    length = span.end - span.begin or interval_s
    regions = []
    for a, b in extents:
        begins = True
        for page in range(a, b, size):
            end = min(page + size, b)
            n = sums[page] / (end - page) * interval_s / length
            if not begins and regions[-1][2] == n:
                regions[-1][1] = end * heat.grain
            else:
                regions.append([page * heat.grain, end * heat.grain, n])
            begins = False
    return regions


def write_damo(heat, ranges, interval_ns, path):
    """As "damo record" has it (json_compressed): a snapshot an interval.
    A region's samples are its mean count a page and interval: DAMON's were it
    to look each microsecond, but for those of one microsecond."""
    interval_s = interval_ns / 1e9 or 1
    extents, size = extents_of(heat, ranges)
    snapshots = [{
        "start_time": int(s.begin * 1e9), "end_time": int(s.end * 1e9),
        "regions": [{"start": a, "end": b,
                     "nr_accesses": {"samples": n, "percent": None},
                     "age": {"usec": None, "aggr_intervals": 0}}
                    for a, b, n in damo_regions(heat, s, extents, size,
                                                interval_s)],
        "total_bytes": None, "damos_stats": None,
    } for s in heat.spans]
    record = {"kdamond_idx": 0, "context_idx": 0, "scheme_idx": None,
              "target_id": 0, "scheme_filters": [],
              "intervals": {"sample_us": 1, "aggr_us": int(interval_s * 1e6),
                            "ops_update_us": int(interval_s * 1e6)},
              "snapshots": snapshots}
    try:
        with open(path, "wb") as f:
            f.write(zlib.compress(json.dumps([record]).encode()))
    except OSError as e:
        fail("%s: %s" % (path, e.strerror))


def open_out(path):
    if path == "-":
        return open(1, "w", encoding="utf-8", closefd=False)
    try:
        return open(path, "w", encoding="utf-8")
    except OSError as e:
        return fail("%s: %s" % (path, e.strerror))


# --- pictures -----------------------------------------------------------------

# views: (number of the interval, what DAMON saw at its end)
Scene = collections.namedtuple("Scene", "origin since ranges views more_ns")


def since_what(timed, records):
    if not timed:
        return "the guest began"
    return "the program began" if records["run"] else "the updates began"


def write_pictures(heat, name, path, scene):
    """The three of them; where they are."""
    said = "%s: %s %% near, %s %% at best" % (
        name, percent(heat.whole.served), percent(heat.clairvoyant))
    base = path[:-4] if path.endswith(".svg") else path
    drawn = (
        (path, Map(heat, scene.origin, scene.since, scene.ranges,
                   scene.views).draw(said)),
        (base + "-time.svg", Course(heat, scene.origin, scene.since).draw(
            said, scene.more_ns)),
        (base + "-pages.svg", Curve(heat).draw(
            "%s: %d pages of %s" % (name, heat.whole.pages,
                                    size_text(heat.grain)), PARTS)))
    for file, svg in drawn:
        with open_out(file) as f:
            f.write(svg + "\n")
    return [file for file, _ in drawn]


# --- all ------------------------------------------------------------------------


def parse_size(text):
    m = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kKMG]?)", text)
    if not m:
        raise argparse.ArgumentTypeError("%s: give a size, e.g. 512M" % text)
    return int(float(m[1]) * 1024 ** " KMG".index(m[2].upper() or " "))


def parse(argv):
    p = argparse.ArgumentParser(
        prog="build.sh heat", allow_abbrev=False,
        description="Where every miss, or access, of a run with --heat went, "
        "and the best that could be.")
    p.add_argument("run", help="out/NAME, or a stream")
    p.add_argument("--dram", type=parse_size, metavar="SIZE",
                   help="near memory that the pages could have had; default: "
                   "what they had, and what was free")
    p.add_argument("--near", default="near", metavar="RANGE",
                   help="the range that is near (near)")
    p.add_argument("--all", action="store_true",
                   help="the whole run, not only the updates of gups")
    p.add_argument("--cgroup", metavar="NAME",
                   help="the pages of that cgroup alone, of tier run --frames: "
                   "as its report names it")
    p.add_argument("--csv", metavar="FILE", help="the table; - : here")
    p.add_argument("--json", metavar="FILE", help="the sums; - : here")
    p.add_argument("--pages", metavar="FILE",
                   help="a trace: time, address, near, misses or accesses, or "
                   "loads and stores; - : here")
    p.add_argument("--damo", metavar="FILE",
                   help="as damo record has it: damo report heatmap -i FILE "
                   "--draw_range all")
    p.add_argument("--curve", metavar="FILE",
                   help="concentration: what the hottest so many pages have, of "
                   "the whole time; - : here")
    p.add_argument("--svg", metavar="FILE",
                   help="the pictures: FILE (heat.svg beside the stream) by "
                   "address and time, FILE-time.svg and FILE-pages.svg with its "
                   "name")
    args = p.parse_args(argv)
    if args.svg == "-":
        fail("--svg -: three pictures are three files: give a name", 2)
    return args


def room_of(args, stream, spans, records, is_near, group):
    """Pages that could be near, and why so many."""
    grain = stream.head["grain"]
    if args.dram is not None:
        return args.dram // grain, "--dram"
    touched = sum(map(is_near, spans[0].pages))
    node = node_of(records, args.near)
    free = None if node is None else free_near(records, node)
    size = sum(r["end"] - r["start"] for r in stream.head["ranges"]
               if r["name"] == args.near) // grain
    held, beside = held_near(records, node)
    who = "the program"
    if group:
        # Its own, which is not that of the program that has the rows
        held, who = sum(map(is_near, group.first)) * grain, args.cgroup
    if held is not None and beside is not None:
        return min(size, (held + beside) // grain), \
            "that is %s that %s had near by its first row, and %s that were " \
            "free" % (size_text(held), who, size_text(beside))
    if free is None:
        return size, "all of the near memory: what was free is not in the " \
            "records (--dram SIZE)"
    table = table_near(records, node) or 0
    what = "of near pages that were touched in the first interval"
    if table // grain > touched:
        touched, what = table // grain, "of the table that were near when the " \
            "updates began"
    return min(size, touched + free // grain), \
        "that is %s %s, and %s that were free then, above the watermark" % (
            size_text(touched * grain), what, size_text(free))


def main(argv):
    args = parse(argv)
    path = args.run
    if not os.path.exists(path):
        # Or its name in OUT, as report and compare take it
        named = os.path.join(out(), path)
        path = named if os.path.isdir(named) else path
    directory = os.path.dirname(path) or "."
    if os.path.isdir(path):
        path, directory = os.path.join(path, "heat"), path
        if os.path.exists(path) and not os.path.isfile(path):
            fail("%s: is no file" % path)
    stream = Stream(path)
    names = [r["name"] for r in stream.head["ranges"]]
    if args.near not in names:
        fail("--near %s: there are %s" % (args.near, ", ".join(names)), 2)
    records = records_of(directory)
    timed = timed_part(records, stream)
    spans = spans_of(stream, (timed.begin, timed.end)
                     if timed and timed.exact else ())
    origin = timed.begin if timed else 0
    if timed and not args.all:
        spans = spans_in(spans, timed)
    if not spans:
        fail("%s: no interval" % path)
    group = None
    if args.cgroup:
        group = Group(records, args.cgroup, stream.head["grain"], origin)
        for s in spans:
            group.keep(s)
    heat = Heat(stream, spans, args.near, 0)
    heat.room, text = room_of(args, stream, spans, records, heat.is_near, group)
    heat.compute()
    here = "-" in (args.csv, args.pages, args.curve, args.json)
    more_ns = miss_ns(records, args.near, heat.of)
    moved = moved_pages(records, "whole" if args.all else "timed")
    judges, hints = judges_of(heat, records, origin)
    judge_delays(judges, hints, heat, records, origin)
    if not here:
        print_table(heat, origin)
        print_sums(heat, text, more_ns)
        if timed and timed.exact and not (args.all or group) and \
                heat.of == "misses":
            print_counted(counted(records, args.near))
        print_group(args.cgroup, group, heat)
        print_moved(heat, moved)
        print_judges(judges, sum(v["lost"] for v in records["hint_view"]),
                     heat.of)
    if not stream.whole:
        print("heat: the stream was cut short: QEMU did not end by itself",
              file=sys.stderr)
    if args.json:
        write_json(heat, judges, more_ns, moved, args.json)
    if args.csv:
        write_csv(heat, origin, args.csv)
    if args.pages:
        write_pages(heat, origin, args.pages)
    if args.damo:
        write_damo(heat, stream.head["ranges"], stream.head["interval_ns"],
                   args.damo)
    if args.curve:
        write_curve(heat, args.curve)
    name = os.path.basename(os.path.abspath(args.run)) + \
        (", " + args.cgroup if group else "")
    files = write_pictures(
        heat, name, args.svg or os.path.join(directory, "heat.svg"), Scene(
            origin, since_what(timed, records), stream.head["ranges"],
            [(i, v) for v in records["damon_view"] if v["start"]
             for i in [span_at(heat, origin + v["t_s"])] if i is not None],
            more_ns))
    if not here:
        print("pictures   " + "\n           ".join(files))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BrokenPipeError:
        sys.exit(1)
