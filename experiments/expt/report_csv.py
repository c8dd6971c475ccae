# SPDX-License-Identifier: GPL-2.0-only
"""Figures for programs: CSV, JSON, and what is in them (datapackage.json, a
Tabular Data Package as frictionlessdata.io has it)."""
import math

from . import metrics, records, stats

SUMMARY = (
    ("cell", "string", "of the experiment"),
    ("metric", "string", "its key; names and directions: report.json"),
    ("unit", "string", "of median, least and most"),
    ("runs", "integer", "that passed and have a value, never included"),
    ("median", "number", "a lower bound if some runs are of \"never\""),
    ("least", "number", "of the runs"),
    ("most", "number", "of the runs; a lower bound likewise"),
    ("better", "string", "more, less, or nothing: neither"),
    ("never", "integer", "runs in which it did not come; they stand with the "
     "time that was waited"),
)
COUNTERS = (
    ("cell", "string", "of the experiment"),
    ("repeat", "integer", "from 1"),
    ("counter", "string", "of /proc/vmstat"),
    ("value", "integer", "over the whole run; empty: the kernel has none"),
)
TIMELINE = (
    ("cell", "string", "of the experiment"),
    ("repeat", "integer", "from 1"),
    ("t_s", "number", "seconds since the updates, or the program, began"),
    ("near_share", "number", "of the updates, sampled, or of the program's "
     "pages"),
    ("near_share_error", "number", "its standard error"),
    ("near_share_low", "number", "it is between this, by 95 %"),
    ("near_share_high", "number", "and this"),
    ("near_share_counted", "number", "of the accesses"),
    ("updates_per_s", "number", "since the row before"),
    ("modelled_updates_per_s", "number", "the same in modelled time"),
    ("promoted_pages", "integer", "since the row before: by NUMA balancing, or "
     "of a program by anybody"),
    ("damon_pages", "integer", "moved by DAMON"),
    ("demoted_pages", "integer", "by reclaim, or of a program by anybody"),
    ("node0_free_bytes", "integer", "at that time"),
    ("node1_free_bytes", "integer", "at that time"),
)
FILES = {"summary": SUMMARY, "counters": COUNTERS, "timeline": TIMELINE}


def plain(value):
    """Without the noise of binary fractions."""
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    value = float(f"{value:.12g}")
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def field(value):
    """Strings are quoted, so that an absent number is no empty string."""
    if value is None:
        return ""
    return '"' + value.replace('"', '""') + '"' if isinstance(value, str) \
        else str(plain(value))


def text(columns, rows):
    return "".join(",".join(map(field, row)) + "\n" for row in
                   [[name for name, *_ in columns], *rows])


def summary(r):
    for cell in r.cells:
        for m in metrics.METRICS:
            figures = r.figures(cell, m)
            values = [value for value, _ in figures]
            if values:
                yield (cell, m.key, m.unit, len(values),
                       stats.median(values), min(values), max(values),
                       m.better, sum(bound for _, bound in figures))


def counters(r):
    for cell in r.cells:
        for x in r.good[cell]:
            for name in metrics.COUNTERS:
                yield (cell, x["repeat"], name,
                       (x["counters"] or {}).get(name))


def timeline(r):
    for cell in r.cells:
        for x in r.good[cell]:
            for row in x["timeline"]:
                free = row.get("free_bytes") or {}
                yield (cell, x["repeat"],
                       *(row.get(name) for name, *_ in TIMELINE[2:10]),
                       *(records.moved(row, kind) for kind in records.MOVED),
                       free.get("node0"), free.get("node1"))


def files(r):
    """{name: text} of all of them."""
    rows = {"summary": summary, "counters": counters, "timeline": timeline}
    return {f"{name}.csv": text(columns, rows[name](r))
            for name, columns in FILES.items()}


def package(name):
    return {"profile": "tabular-data-package", "name": name.lower(),
            "resources": [{
                "profile": "tabular-data-resource", "name": file,
                "path": f"{file}.csv", "schema": {
                    "fields": [{"name": n, "type": t, "description": d}
                               for n, t, d in columns],
                    "missingValues": [""]}}
                for file, columns in FILES.items()]}


def report(r, page):
    """What the report says, as JSON."""
    return {
        "title": page.title, "conclusion": page.conclusion,
        "alarms": page.alarms, "ranked_by": r.metric and r.metric.key,
        "metrics": [{"key": m.key, "name": m.name, "unit": m.unit,
                     "better": m.better or None} for m in metrics.METRICS],
        "ranking": [{
            "cell": row.cell, "rank": row.rank, "first": row.first,
            "last": row.last, "same_as_best": row.same, "runs": row.n,
            "median": plain(row.median), "low": plain(row.low),
            "high": plain(row.high), "never": sum(
                bound for _, bound in r.figures(row.cell, r.metric)),
            "of_best": r.of_best(row.cell)} for row in r.ranking],
        "cells": {cell: {"runs": len(r.runs[cell]),
                         "passed": len(r.good[cell]),
                         "values": {m.key: [{"value": plain(v), "never": b}
                                            for v, b in figures]
                                    for m in metrics.METRICS
                                    if (figures := r.figures(cell, m))}}
                  for cell in r.cells}}
