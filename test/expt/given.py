# SPDX-License-Identifier: GPL-2.0-only
"""Given runs: directories with the records that a guest would have sent."""
import contextlib
import io
import json
import os
import pathlib
import shutil
import tempfile
import unittest

from expt import __main__ as expt, common

VARIABLES = """QEMU||emulator
QEMU_MIN|11.1|
KERNEL|6.12|kernel
TOPOLOGY|cxl|machine
MEM|3G|memory
CXL_MEM|2G|of a device
SMP|2|CPUs
ICOUNT||
TIMEOUT|3900|seconds
OUT||where"""
SETTINGS = {"topology": "cxl", "mem": "3G", "cxl_mem": "2G", "smp": "2",
            "timeout": "3900"}


class Case(unittest.TestCase):
    """With a directory of its own, which is OUT, too."""
    maxDiff = None

    def setUp(self):
        self.tmp = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.tmp)
        kept = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(),
                                 os.environ.update(kept)))
        for name in ("KERNEL", "ICOUNT", "MEM", "CXL_MEM", "SMP", "TOPOLOGY"):
            os.environ.pop(name, None)
        os.environ.update(OUT=str(self.tmp / "out"),
                          VARIABLES_TABLE=VARIABLES, COLUMNS="80")
        (self.tmp / "out").mkdir()

    def refused(self, status, regex, function, *arguments):
        with self.assertRaisesRegex(common.Refused, regex) as caught:
            function(*arguments)
        self.assertEqual(caught.exception.status, status)

    def verb(self, *arguments):
        """(status, standard output, standard error) of a verb."""
        said, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8",
                                         write_through=True)
                        for _ in range(2))
        with contextlib.redirect_stdout(said), \
                contextlib.redirect_stderr(errors):
            try:
                status = expt.main(*arguments)
            except SystemExit as end:
                status = end.code
        return status, *(f.buffer.getvalue().decode() for f in (said, errors))


def records(rate=1e6, near=0.5, **more):
    """Of a run of gups; more: members of its records, by record."""
    rows = [{"record": "timeline", "t_s": t, "near_share": t and near,
             "near_share_error": 0.01, "near_share_low": t and near - 0.02,
             "near_share_high": t and near + 0.02, "updates": t * rate,
             "updates_per_s": rate if t else None,
             "free_bytes": {"node0": 2 ** 29},
             "hot": {"near": t and near}, "hot_set_moved": t == 2,
             "pages": {"promoted_numab": 256 * t, "moved_damon": 0}}
            for t in range(5)]
    all_of = [
        {"record": "environment", "emulated": True, "argv": ["--once"]},
        {"record": "node", "node": 0, "total_bytes": 2 ** 30, "tier": 4},
        {"record": "node", "node": 1, "total_bytes": 2 ** 30, "tier": 22},
        *rows,
        {"record": "gups", "updates_per_s": rate, "elapsed_s": 4, "pages": "4k",
         "errors": 0, "loop": "plain"},
        {"record": "placement", "near_share_mean": near,
         "near_share_at_end": near, "hot_near_at_end": near,
         "hot_near_90_s": None, "arrivals_after_move": 0,
         "arrival_mean_s": None},
        {"record": "counters", "whole": {"total": {"numa_hit": 7}}},
        {"record": "moves", "timed": {"numa_promoted": 512, "damon_hot": None,
                                      "migrated": 512, "adds_up": True},
         "nodes": [], "zeros": [{"who": "DAMON", "why": "no <scheme>"}]},
    ]
    for record in all_of:
        record.update(more.get(record["record"], {}))
    return all_of + [dict(m, record=k) for k, m in more.items()
                     if k not in {r["record"] for r in all_of}]


def never(found, value=None):
    """The same run, with a hot set that was near after so long, or never."""
    for record in found:
        if record["record"] == "timeline":
            record["hot_set_moved"] = False
        if record["record"] == "placement":
            record["hot_near_90_s"] = value
    return found, "passed"


def write_run(directory, found, verdict="passed", **manifest):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "verdict").write_text(verdict + "\n")
    (directory / "records.jsonl").write_text(
        "".join(json.dumps(r) + "\n" for r in found))
    said = {"date": "2026-01-01T00:00:00Z", "arguments": ["--once", "gups"],
            "versions": {"kernel": "6.12.1", "qemu": "11.1.0"},
            "sha256": {"tier": "0" * 64}, "guest": {"mem": "1G"}}
    said.update(manifest)
    (directory / "manifest.json").write_text(json.dumps(said))


def write_experiment(out, name, cells, rank="updates_per_s", **more):
    """cells: {cell: [rate, or (records, verdict), ...]}."""
    directory = out / f"{name}-1"
    repeats = max(map(len, cells.values()))
    plan = {"name": name, "title": "A & B", "scale": "1", "rank": rank,
            "repeats": repeats, "icount": "", "kernel": "6.12.1",
            "qemu": "11.1.0", "notes": "Of a test.", "theirs": {},
            "reference": "", "cells": []}
    plan.update(more)
    for repeat in range(repeats):
        for cell, runs in cells.items():
            if repeat >= len(runs):
                continue
            identity = f"{cell}.{repeat + 1}"
            plan["cells"].append({
                "id": identity, "cell": cell, "repeat": repeat + 1,
                "topology": "cxl", "mem": "1024M", "cxl_mem": "512M",
                "smp": "2", "dram_free": "", "latency": "", "timeout": "60",
                "words": ["--once", "gups", "1M"]})
            found, verdict = runs[repeat] if isinstance(
                runs[repeat], tuple) else (records(runs[repeat]), "passed")
            write_run(directory / "cells" / identity, found, verdict)
    (directory / "plan.json").write_text(json.dumps(plan))
    (out / name).symlink_to(directory.name)
    return directory, plan
