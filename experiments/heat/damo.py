# SPDX-License-Identifier: GPL-2.0-only
"""A stream as DAMON's tool records one."""
import collections
import json
import zlib

from .common import fail

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
