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
import json
import math
import os
import re
import sys
import zlib

PARTS = (50, 80, 90, 99)
BY = ("clock", "reading", "end")
# An interval so short, of what they are to be or in seconds, is the one's before
SHORT, SHORT_S = 0.1, 0.01


def fail(message, status=1):
    print("heat: " + message, file=sys.stderr)
    sys.exit(status)


# --- the stream ---------------------------------------------------------------

Interval = collections.namedtuple("Interval", "by guest host outside pages stores")


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

    def number(self):
        n = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            n |= (byte & 127) << shift
            if byte < 128:
                return n
            shift += 7

    def interval(self):
        if self.data[self.at] != ord("I"):
            fail("no interval begins at byte %d" % self.at)
        self.at += 1
        number = self.number
        by, guest, host, outside, n = (number() for _ in range(5))
        pages, stores, page = {}, {}, 0
        for _ in range(n):
            page += number()
            pages[page] = number()
            if self.apart:
                stores[page] = number()
                pages[page] += stores[page]
            page += 1
        return Interval(BY[by], guest, host, outside, pages, stores)


# --- time ---------------------------------------------------------------------


class Span:
    """Intervals as one, with their begin and end in the guest's seconds."""

    def __init__(self, begin, end, pages, stores):
        self.begin, self.end = begin, end
        self.pages, self.stores = pages, stores

    def add(self, other):
        self.end = other.end
        for mine, more in ((self.pages, other.pages),
                           (self.stores, other.stores)):
            for page, n in more.items():
                mine[page] = mine.get(page, 0) + n


def spans_of(stream):
    """One a row: the guest's clock is the host's, ahead of it by a constant."""
    offsets = [i.guest - i.host for i in stream.intervals
               if i.by == "reading"]
    offset = offsets[0] if offsets else 0
    begin, all_spans = max(offset, 0) / 1e9, []
    for i in stream.intervals:
        end = (i.guest or i.host + offset) / 1e9
        all_spans.append(Span(begin, max(begin, end), dict(i.pages),
                              dict(i.stores)))
        begin = max(begin, end)
    short = SHORT * stream.head["interval_ns"] / 1e9 or SHORT_S
    merged = []
    for s in all_spans:
        if merged and s.end - s.begin < short:
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


def timed_part(records, stream):
    """(begin, end) in the guest's seconds of the updates of gups, or of tier
    run's program, before and after which it reads the counters; None: neither
    ran, or several did."""
    begins = [r["uptime_s"] for r in records["stage"]
              if r.get("stage") == "update"]
    if len(begins) == len(records["gups"]) == 1 and not records["run"]:
        return begins[0], begins[0] + records["gups"][0]["elapsed_s"]
    first = [i.guest / 1e9 for i in stream.intervals if i.by == "reading"][:1]
    if len(records["run"]) == 1 and first and records["pmu"]:
        return first[0], first[0] + records["run"][0]["elapsed_s"]
    return None


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


def moved_pages(records):
    """Migrations of 4 KiB pages in the updates; None: not known."""
    for r in records["moves"]:
        return (r.get("timed") or {}).get("migrated")
    return None


def miss_ns(records, near):
    """What a miss far takes longer than a near one, of modelled time, ns."""
    for r in records["modelled"]:
        costs = r["miss_ns"]
        far = [v for k, v in costs.items() if k not in (near, "other")]
        if near in costs and len(far) == 1:
            return far[0] - costs[near]
    return None


# --- the oracle -----------------------------------------------------------------


class Oracle:
    """Of a set of pages with counts: served, best, efficiency, regret."""

    def __init__(self, pages, is_near, room):
        counts = sorted(pages.values(), reverse=True)
        self.pages = len(counts)
        self.all = sum(counts)
        near = [n for p, n in pages.items() if is_near(p)]
        self.near, self.near_pages = sum(near), len(near)
        self.most = sum(counts[:room])
        self.served = self.near / self.all if self.all else math.nan
        self.best = self.most / self.all if self.all else math.nan
        self.efficiency = self.near / self.most if self.most else math.nan
        self.regret = self.most - self.near
        self.hold = [self.holding(counts, part) for part in PARTS]

    def holding(self, counts, part):
        """The fewest pages with so many percent of the misses."""
        want, have = self.all * part, 0
        for i, n in enumerate(counts):
            have += n
            if have * 100 >= want:
                return i + 1
        return 0


class Heat:
    def __init__(self, stream, spans, near, room):
        self.grain, self.of = stream.head["grain"], stream.head["of"]
        self.apart = stream.apart
        parts = [r for r in stream.head["ranges"] if r["name"] == near]
        self.bounds = [(r["start"] // self.grain,
                        (r["end"] - 1) // self.grain + 1) for r in parts]
        self.spans = spans
        self.room = room
        self.rows = []

    def is_near(self, page):
        return any(a <= page < b for a, b in self.bounds)

    def total(self):
        pages = {}
        for s in self.spans:
            for page, n in s.pages.items():
                pages[page] = pages.get(page, 0) + n
        return pages

    def compute(self):
        self.rows = [Oracle(s.pages, self.is_near, self.room)
                     for s in self.spans]
        self.whole = Oracle(self.total(), self.is_near, self.room)
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
    there, of which one may be among the best."""
    hottest = heapq.nlargest(moved, (n for s in heat.spans
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
        regions = [{"start": a, "size_bytes": n, "access_rate": rate}
                   for a, n, rate in zip(view["start"], view["size_bytes"],
                                         view["access_rate"])]
        seen[i] = Judge("", damon_scores(regions, touched, heat.grain),
                        heat.spans[i].pages, heat.room, False).precision
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


def judges_of(heat, records, origin):
    """Of the last interval, in which DAMON had its last round; where that was
    cut short, of the one before it. And the course of hint faults, by interval."""
    last, before = heat.spans[-1], heat.spans[-2:][0]
    if last.end - last.begin < (before.end - before.begin) / 2:
        last = before
    hints, at = Hints(records, heat.grain), heat.spans.index(last)
    course = hints.course(heat, origin, (at,)) if hints else {}
    counts, touched = last.pages, heat.total()
    found = []
    if records["damon_region"]:
        scores = damon_scores(records["damon_region"], touched, heat.grain)
        found.append(Judge("DAMON", scores, counts, heat.room))
    if at in course:
        found.append(course[at])
    found.append(near_judge(heat, counts))
    return found, course


# --- what is said ---------------------------------------------------------------


def percent(x):
    return "-" if math.isnan(x) else "%.2f" % (100 * x)


def size_text(n):
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if n < 1024 or unit == "GiB":
            return "%.4g %s" % (n, unit)
        n /= 1024
    return ""


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


def print_judges(judges, lost):
    if lost:
        print("judged     no hint faults: of them %d found no room, and were "
              "lost" % lost)
    for j in judges:
        print("judged     %s: of its hottest pages %s %% are (recall %s), with "
              "%s %% of the misses" % (j.name, percent(j.precision),
                                       percent(j.recall), percent(j.caught)))
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
                ",".join("pages_%d" % p for p in PARTS) + "\n")
        for s, r in zip(heat.spans, heat.rows):
            f.write("%.6f,%.6f,%d,%d,%d,%d,%s,%s,%s,%d,%s\n" %
                    (s.end - origin, s.begin - origin, r.all, r.pages, r.near,
                     r.most, fraction(r.served), fraction(r.best),
                     fraction(r.efficiency), r.regret,
                     ",".join("%d" % n for n in r.hold)))


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
            extents.append((mine[0], mine[-1] + 1, end))
    size = 1
    while sum(-(-(b - a) // size) for a, b, _ in extents) > REGIONS:
        size *= 2
    return [(a // size * size, min(-(-b // size) * size, end))
            for a, b, end in extents], size


def damo_regions(heat, span, extents, size, interval_s):
    """[start, end, count a page and interval] in bytes; those that are alike
    and side by side are one."""
    sums = collections.Counter()
    for page, n in span.pages.items():
        sums[page // size] += n
    length = span.end - span.begin or interval_s
    regions = []
    for a, b in extents:
        begins = True
        for page in range(a, b, size):
            end = min(page + size, b)
            n = sums[page // size] / (end - page) * interval_s / length
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


# --- the picture ----------------------------------------------------------------

WIDTH, LEFT, RIGHT = 800, 70, 20
BANDS = 96
HIGH, LOW = 384, 160


def bands_of(heat, ranges):
    """The touched memory in bands of one size: [(first page, name)], size."""
    touched = sorted(heat.total())
    all_bands, size = [], 1
    while True:
        all_bands = []
        for r in ranges:
            first = r["start"] // heat.grain
            end = (r["end"] - 1) // heat.grain + 1
            used = sorted({(p - first) // size for p in touched
                           if first <= p < end})
            all_bands += [(first + u * size, r["name"]) for u in used]
        if len(all_bands) <= BANDS:
            return all_bands, size
        size *= 2


def escape(text):
    return re.sub("[<&]", lambda m: {"<": "&lt;", "&": "&amp;"}[m.group()],
                  text)


class Picture:
    def __init__(self, heat, origin, views):
        self.heat, self.origin = heat, origin
        self.begin = heat.spans[0].begin
        self.views = [(i, v) for v in views if v["start"]
                      for i in [span_at(heat, origin + v["t_s"])]
                      if i is not None]
        self.length = max(heat.spans[-1].end - self.begin, 1e-9)
        self.out = []

    def x(self, t):
        return LEFT + (t - self.begin) / self.length * (WIDTH - LEFT - RIGHT)

    def text(self, x, y, text, more=""):
        self.out.append('<text x="%.1f" y="%.1f"%s>%s</text>' %
                        (x, y, more, escape(text)))

    def cell(self, span, top, i, high, dark):
        grey = int(250 - 250 * max(0.04, dark))
        self.out.append(
            '<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" '
            'fill="#%02x%02x%02x"/>' %
            (self.x(span.begin), top + HIGH - (i + 1) * high,
             self.x(span.end) - self.x(span.begin) + .1, high + .1, grey, grey,
             grey))

    def cells(self, top, bands, size):
        index = {}
        for i, (first, _) in enumerate(bands):
            index[first] = i
        firsts = sorted(index)
        high = HIGH / max(len(bands), 1)
        rows = [self.band_counts(s, firsts, size, index)
                for s in self.heat.spans]
        top_count = max((n / (s.end - s.begin or 1)
                         for s, row in zip(self.heat.spans, rows)
                         for n in row.values()), default=1)
        for s, row in zip(self.heat.spans, rows):
            for i, n in sorted(row.items()):
                rate = n / (s.end - s.begin or 1)
                # A decade is a third of the way from black to white
                self.cell(s, top, i, high,
                          1 + math.log10(rate / top_count) / 3)
        self.marks(bands, top, high)
        self.text(LEFT, top - 6,
                  "%s a second by physical address, %s a line, where any "
                  "were; black: %d, a tenth of it is a third lighter"
                  % (self.heat.of, size_text(size * self.heat.grain),
                     top_count))

    def seen(self, top, bands, size):
        """DAMON's rounds, by the same lines: the mean rate of what it saw."""
        high = HIGH / max(len(bands), 1)
        for at, view in self.views:
            regions = sorted(zip(view["start"], view["size_bytes"],
                                 view["access_rate"]))
            for i, (first, _) in enumerate(bands):
                begin = first * self.heat.grain
                end = begin + size * self.heat.grain
                parts = [(min(a + n, end) - max(a, begin), rate)
                         for a, n, rate in regions if a < end and a + n > begin]
                length = sum(n for n, _ in parts)
                if length and any(rate for _, rate in parts):
                    self.cell(self.heat.spans[at], top, i, high,
                              sum(n * rate for n, rate in parts) / length)
        self.marks(bands, top, high)
        self.text(LEFT, top - 6, "what DAMON saw in its last round of each, by "
                  "the same lines; black: accessed in all samples")

    @staticmethod
    def band_counts(span, firsts, size, index):
        row, i = collections.Counter(), 0
        for page in sorted(span.pages):
            while i + 1 < len(firsts) and page >= firsts[i + 1]:
                i += 1
            if firsts and firsts[i] <= page < firsts[i] + size:
                row[index[firsts[i]]] += span.pages[page]
        return row

    def marks(self, bands, top, high):
        begin = 0
        for i in range(len(bands) + 1):
            if i < len(bands) and bands[i][1] == bands[begin][1]:
                continue
            if i > begin:
                y = top + HIGH - i * high
                self.out.append('<path d="M%d %.1fH%d" stroke="black"/>' %
                                (LEFT - 8, y, WIDTH - RIGHT))
                self.text(LEFT - 10, y + (i - begin) * high / 2 + 4,
                          bands[begin][1], ' text-anchor="end"')
            begin = i

    def shares(self, top):
        curves = (("", [r.served for r in self.heat.rows]),
                  ("6 4", [r.best for r in self.heat.rows]))
        self.text(LEFT, top - 6, "solid: near, of the %s; dashed: the best "
                  "with %s near" %
                  (self.heat.of, size_text(self.heat.room * self.heat.grain)))
        for value in (0, 50, 100):
            y = top + LOW - LOW * value / 100
            self.out.append('<path d="M%d %.1fH%d" stroke="#bbbbbb"/>' %
                            (LEFT, y, WIDTH - RIGHT))
            self.text(LEFT - 10, y + 4, "%d %%" % value, ' text-anchor="end"')
        for dash, values in curves:
            path = ""
            for s, v in zip(self.heat.spans, values):
                if not math.isnan(v):
                    y = top + LOW - LOW * v
                    path += "%s%.1f %.1fH%.1f" % ("L" if path else "M",
                                                  self.x(s.begin), y,
                                                  self.x(s.end))
            self.out.append('<path d="%s" fill="none" stroke="black" '
                            'stroke-width="1.5" stroke-dasharray="%s"/>' %
                            (path or "M0 0", dash or "none"))
        self.text(LEFT, top + LOW + 16, "%.1f s" %
                  (round(self.begin - self.origin, 1) + 0.0))
        self.text(WIDTH - RIGHT, top + LOW + 16, "%.1f s" %
                  (self.begin + self.length - self.origin),
                  ' text-anchor="end"')

    def write(self, path, title, ranges):
        bands, size = bands_of(self.heat, ranges)
        top = 54
        self.text(LEFT, 22, title, ' font-weight="bold"')
        self.cells(top, bands, size)
        if self.views:
            top += HIGH + 40
            self.seen(top, bands, size)
        self.shares(top + HIGH + 40)
        with open_out(path) as f:
            f.write('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d '
                    '%d" font-family="sans-serif" font-size="12" '
                    'shape-rendering="crispEdges">\n' %
                    (WIDTH, top + HIGH + 40 + LOW + 30))
            f.write('<rect width="100%" height="100%" fill="white"/>\n')
            f.write("\n".join(self.out) + "\n</svg>\n")


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
                   help="as damo record has it: damo report heatmap -i FILE")
    p.add_argument("--svg", metavar="FILE",
                   help="the picture (heat.svg beside the stream)")
    return p.parse_args(argv)


def room_of(args, stream, spans, records, is_near):
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
    if held is not None and beside is not None:
        return min(size, (held + beside) // grain), \
            "that is %s that the program had near by its first row, and %s " \
            "that were free" % (size_text(held), size_text(beside))
    if free is None:
        return size, "all of the near memory: what was free is not in the " \
            "records (--dram SIZE)"
    room = min(size, touched + free // grain)
    return room, "that is %s of near pages that were touched in the first " \
        "interval and %s that were free then, above the watermark" % (size_text(touched * grain),
                                                 size_text(free))


def main(argv):
    args = parse(argv)
    path, directory = args.run, os.path.dirname(args.run) or "."
    if os.path.isdir(path):
        path, directory = os.path.join(path, "heat"), path
    stream = Stream(path)
    names = [r["name"] for r in stream.head["ranges"]]
    if args.near not in names:
        fail("--near %s: there are %s" % (args.near, ", ".join(names)), 2)
    records = records_of(directory)
    spans, timed = spans_of(stream), timed_part(records, stream)
    origin = timed[0] if timed else 0
    if timed and not args.all:
        # A row ends a little after its updates
        spans = [s for s in spans
                 if s.begin >= timed[0] - 0.2 and s.begin < timed[1]]
    if not spans:
        fail("%s: no interval" % path)
    group = None
    if args.cgroup:
        group = Group(records, args.cgroup, stream.head["grain"], origin)
        for s in spans:
            group.keep(s)
    heat = Heat(stream, spans, args.near, 0)
    heat.room, text = room_of(args, stream, spans, records, heat.is_near)
    heat.compute()
    here = "-" in (args.csv, args.pages, args.svg, args.json)
    more_ns = miss_ns(records, args.near)
    judges, hints = judges_of(heat, records, origin)
    judge_delays(judges, hints, heat, records, origin)
    if not here:
        print_table(heat, origin)
        print_sums(heat, text, more_ns)
        print_group(args.cgroup, group, heat)
        print_moved(heat, moved_pages(records))
        print_judges(judges, sum(v["lost"] for v in records["hint_view"]))
    if not stream.whole:
        print("heat: the stream was cut short: QEMU did not end by itself",
              file=sys.stderr)
    if args.json:
        write_json(heat, judges, more_ns, moved_pages(records), args.json)
    if args.csv:
        write_csv(heat, origin, args.csv)
    if args.pages:
        write_pages(heat, origin, args.pages)
    if args.damo:
        write_damo(heat, stream.head["ranges"], stream.head["interval_ns"],
                   args.damo)
    svg = args.svg or os.path.join(directory, "heat.svg")
    title = "%s: %s %% near, %s %% at best" % (
        os.path.basename(os.path.abspath(args.run)) +
        (", " + args.cgroup if group else ""), percent(heat.whole.served),
        percent(heat.clairvoyant))
    Picture(heat, origin, records["damon_view"]).write(
        svg, title, stream.head["ranges"])
    if not here:
        print("picture    " + svg)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BrokenPipeError:
        sys.exit(1)
