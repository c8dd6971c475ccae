# SPDX-License-Identifier: GPL-2.0-only
"""A stream of heat (plugin/heat.h), and its intervals in the guest's time."""
import bisect
import collections
import itertools
import json
import math
import operator
import sys

from .common import fail

BY = ("clock", "reading", "end")
# An interval so short, of what they are to be or in seconds, is the one's before
SHORT, SHORT_S = 0.1, 0.01
# Two times of the guest that are the same
CLOCK_S = 1e-6

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
