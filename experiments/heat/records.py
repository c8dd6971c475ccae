# SPDX-License-Identifier: GPL-2.0-only
"""What the run's records say that the stream does not: when its program ran, and
what near memory it could have had."""
import collections
import json
import math
import os

from .stream import CLOCK_S


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
