# SPDX-License-Identifier: GPL-2.0-only
"""What is in OUT, the newest first: what it was, what came of it, and its main
figure."""
import shutil
import time

from . import compare, records, report
from .common import Refused, out, read_plan
from .report_text import cut


def of_run(path):
    figures = compare.figures_of_run(path)
    said = records.manifest(path).get("arguments") or figures["argv"] or []
    r = report.Results(plan_of_run(path, figures), [figures])
    main = report.value(r, path.name) if r.metric and r.values[path.name] \
        else ""
    return " ".join(w for w in said if w != "--once"), figures["verdict"], main


def of_experiment(path):
    plan = read_plan(path)
    r = report.collect(path, plan)
    passed = sum(x["verdict"] == "passed" for x in r.results)
    return (f"experiment: {plan['title']}",
            f"{passed} of {len(r.results)} passed", first_of(r))


def first_of(r):
    """The best cell, if there is one."""
    best = r.ranking[0] if r.ranking else None
    if not best:
        return ""
    if not best.rank and len(r.ranking) > 1:
        return "n = 1: not ranked"
    same = [row.cell for row in r.ranking if row.same]
    return f"{best.cell} {report.value(r, best.cell)}" + \
        (f", = {report.listed(same)}" if same else "")


def plan_of_run(path, figures):
    """A run as an experiment of one cell."""
    said = records.manifest(path)
    guest = said.get("guest", {})
    versions = said.get("versions", {})
    words = said.get("arguments") or figures["argv"] or []
    return {"name": path.name, "title": "tier " + " ".join(words),
            "scale": "1", "repeats": 1, "rank": "",
            "kernel": versions.get("kernel", "-"),
            "qemu": versions.get("qemu", "-"),
            "cells": [{"id": path.name, "cell": path.name, "repeat": 1,
                       "topology": guest.get("topology", "-"),
                       "mem": guest.get("mem", "-"),
                       "cxl_mem": guest.get("cxl_mem", "-"),
                       "smp": guest.get("smp", "-"), "words": words}]}


def entries():
    """(time, directory), the newest first; links name what is there anyway."""
    found = []
    for path in out().iterdir() if out().is_dir() else ():
        if path.is_symlink() or not path.is_dir():
            continue
        for mark in ("plan.json", "verdict"):
            if (path / mark).is_file():
                found.append(((path / mark).stat().st_mtime, path))
                break
    return sorted(found, reverse=True)


def lines():
    """One a run, no wider than the terminal."""
    width = shutil.get_terminal_size().columns
    for when, path in entries():
        try:
            what, verdict, main = (of_experiment if compare.is_experiment(path)
                                   else of_run)(path)
        except (Refused, OSError, ValueError, KeyError, TypeError,
                AttributeError) as error:
            what, verdict, main = "", f"unreadable: {error}", ""
        date = time.strftime("%Y-%m-%d %H:%M", time.localtime(when))
        yield cut(f"{date}  {path.name:<22}  "
                  + "  ".join(filter(None, [verdict, main])), width)
        if what:
            yield " " * 18 + cut(what, width - 18)
