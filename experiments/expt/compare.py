# SPDX-License-Identifier: GPL-2.0-only
"""Runs, or experiments, against the first of them: what differed, each figure
side by side, and whether the difference can be told from noise.

Runs that differ in nothing but their seed are repeats of one.
"""
import collections
import itertools
import json
import os
import pathlib
import re

from . import metrics, pictures, records, report, run, stats
from .common import Refused, out, read_plan
from .report import Page, Results, Table, shown

# all_of: {cell: [figures]}, of a run one cell, ""
Subject = collections.namedtuple("Subject", "name all_of facts kind")

NO_FACTS = re.compile("^(date|arguments|sha256.initramfs|name|title|notes|"
                      "theirs|cells)")


# --- what is compared ---------------------------------------------------------

def locate(word):
    """A directory, or a name in OUT."""
    for path in (pathlib.Path(word), out() / word):
        if (path / "plan.json").is_file() or (path / "verdict").is_file():
            return path.resolve()
    raise Refused(1, f"{word}: neither a run nor an experiment, nor a name of "
                  f"one in {out()}")


def is_experiment(path):
    return (path / "plan.json").is_file()


def flat(value, path=""):
    """{"guest.mem": "8192M", ...}"""
    if isinstance(value, dict):
        found = {}
        for key, inner in value.items():
            found.update(flat(inner, f"{path}.{key}" if path else key))
        return found
    return {path: value if isinstance(value, str) else json.dumps(value)}


def packages(said):
    """Those that were asked for, and, where all is there, each's version."""
    if not said:
        return {"packages": "none"}
    facts = {"packages": " ".join(sorted(said.get("asked") or []))}
    for name, version in (said.get("versions") or {}).items():
        facts[f"package {name}"] = version
    return facts


def added(said):
    """{"file /usr/bin/mine": checksum}"""
    return {f"file {path}": total for path, total
            in (said.get("added") or {}).items()}


def without_seed(words):
    text = " ".join(words)
    return re.sub(r" --seed[ =]\S+", "", text)


def facts_of_run(path, figures):
    said = records.manifest(path)
    facts = {"tier": without_seed(said.get("arguments")
                                  or figures["argv"] or [])}
    facts.update(flat({k: v for k, v in said.items()
                       if k not in ("added", "packages")}))
    facts.update(added(said))
    facts.update(packages(said.get("packages")))
    facts.update(flat(figures["tunables"] or {}, "tunable"))
    return {k: v for k, v in facts.items() if not NO_FACTS.match(k)
            and k not in ("tunable.record", "tunable.seq")}


def facts_of_experiment(path, plan):
    facts = {k: v for k, v in flat(plan).items() if not NO_FACTS.match(k)}
    for cell in plan["cells"]:
        if cell["repeat"] == 1:
            facts[f"cell {cell['cell']}"] = " ".join(cell["words"])
    cells = list(filter(None, (records.manifest(path / "cells" / c["id"])
                               for c in plan["cells"])))
    said = cells[0] if cells else {}
    facts.update(flat({k: said.get(k) for k in ("versions", "sha256", "host")
                       if k in said}))
    for cell in cells:
        facts.update(added(cell))
        facts.update(packages(cell.get("packages")))
    return {k: v for k, v in facts.items() if not NO_FACTS.match(k)}


def figures_of_run(path):
    figures = records.of(records.read(path / "records.jsonl"))
    return {"id": path.name, "cell": path.name, "repeat": 1,
            "verdict": run.verdict_of(path),
            **figures}


def load(path):
    if is_experiment(path):
        plan = read_plan(path)
        return Subject(path.name, report.collect(path, plan).runs,
                       facts_of_experiment(path, plan), "experiment")
    figures = figures_of_run(path)
    return Subject(path.name, {"": [figures]}, facts_of_run(path, figures),
                   "run")


def grouped(subjects):
    """Repeats of one run become one; unless all are, which is then said."""
    groups = {}
    for s in subjects:
        groups.setdefault(json.dumps(s.facts, sort_keys=True), []).append(s)
    if len(groups) == 1 or subjects[0].kind != "run":
        return subjects
    return [Subject(of[0].name, {"": [f for s in of for f in s.all_of[""]]},
                    of[0].facts, "run") for of in groups.values()]


# --- in figures ---------------------------------------------------------------

class Comparison:
    def __init__(self, subjects):
        if len({s.kind for s in subjects}) > 1:
            raise Refused(2, "compare: runs with runs, experiments with "
                          "experiments")
        self.subjects = grouped(subjects)
        names = [s.name for s in self.subjects]
        self.cells = [c for c in self.subjects[0].all_of if c != "reference"
                      and all(c in s.all_of for s in self.subjects[1:])]
        if not self.cells:
            raise Refused(1, "compare: no cell is in all of them")
        self.only = [f"{s.name}: {c}" for s in self.subjects for c in s.all_of
                     if c not in self.cells and c != "reference"]
        # A plan of one experiment, whose cells are those of all
        self.of = {(s.name, c): f"{c} of {s.name}" if c else s.name
                   for s in self.subjects for c in self.cells}
        runs = [dict(x, cell=self.of[s.name, c], repeat=i + 1, words=[])
                for s in self.subjects for c in self.cells
                for i, x in enumerate(s.all_of[c])]
        self.r = Results({"cells": runs, "title": report.listed(names)
                          + " side by side", "repeats": 1}, runs)
        self.first = self.subjects[0].name
        self.others = names[1:]
        self.told = self.compare()

    def compare(self):
        """{(cell, metric, other)} that differ from the first's: the main
        figure by itself, all the others together."""
        pairs = list(itertools.product(self.cells, self.others))
        keys = [m.key for m in metrics.METRICS]
        main = self.r.metric and self.r.metric.key
        found = set()
        for part in ([main], [k for k in keys if k != main]):
            strata = [tuple(self.runs(c, name, part)
                            for name in (self.first, other))
                      for c, other in pairs]
            found |= {(pairs[i][0], key, pairs[i][1])
                      for i, key in stats.differ(strata)}
        return found

    def runs(self, cell, name, keys):
        """{key: value} of each run."""
        found = [{} for _ in self.r.good[self.of[name, cell]]]
        for key in filter(None, keys):
            for run_, value in zip(found, self.r.ranked(
                    self.of[name, cell], metrics.BY_KEY[key])):
                if value is not None:
                    run_[key] = value
        return found

    def values(self, cell, metric, name):
        return self.r.plain(self.of[name, cell], metric)

    def difference(self, cell, metric, other):
        """+12 %, better; of what cannot be told, that."""
        ours, base = (report.least(self.r.figures(self.of[name, cell], metric))
                      for name in (other, self.first))
        if not ours or not base:
            return "-"
        middle = stats.median(base)
        off = stats.median(ours) - middle
        text = f"{off / abs(middle):+.1%}, ".replace("%", " %") \
            if middle else f"{'+' if off > 0 else ''}{shown(off)}, "
        if any(bound for name in (self.first, other) for _, bound in
               self.r.figures(self.of[name, cell], metric)):
            text = ""   # how far apart is not known
        elif not off and (cell, metric.key, other) not in self.told:
            return "0"
        if min(len(ours), len(base)) < 2:
            return f"{text}n = 1"
        if (cell, metric.key, other) not in self.told:
            return f"{text}cannot be told"
        return text + self.direction(cell, metric, other)

    def direction(self, cell, metric, other):
        """By the ranks that they are told apart by: all that was waited for in
        vain is alike."""
        ours, base = (self.values(cell, metric, name)
                      for name in (other, self.first))
        more = sum((a > b) - (a < b) for a in ours for b in base) > 0
        return {"more": ["worse", "better"], "less": ["better", "worse"]}.get(
            metric.better, ["differs"] * 2)[more]

    # --- as a page ------------------------------------------------------------

    def figures_table(self):
        head = (["cell"] if self.cells != [""] else []) \
            + ["figure", "unit", "better", self.first]
        for other in self.others:
            head += [other, f"against {self.first}"]
        rows = []
        for c, m in itertools.product(self.cells, metrics.METRICS):
            cells = {s.name: self.r.figures(self.of[s.name, c], m)
                     for s in self.subjects}
            if not any(cells.values()):
                continue
            said = {n: report.spread_missed(
                f, report.MISSED.get(m.key, ""),
                len(self.r.good[self.of[n, c]])) for n, f in cells.items()}
            row = ([c] if c else []) + [m.name, m.unit, m.better,
                                        said[self.first]]
            for other in self.others:
                row += [said[other], self.difference(c, m, other)]
            rows.append(row)
        main = self.r.metric.name if self.r.metric else "nothing"
        return Table("figures", "Each figure", head, rows, [
            "Medians, in brackets the range; differences are of medians, in % "
            "of the first's. "
            "cannot be told: from noise, by permutation tests of ranks; at 5 "
            f"% for {main} alone, and for all other figures together. Fewer "
            "than 4 runs of each can tell nothing, one says nothing of noise"])

    def facts_table(self):
        keys = list(dict.fromkeys(k for s in self.subjects for k in s.facts))
        rows = [[k] + short([s.facts.get(k, "-") for s in self.subjects])
                for k in keys
                if len({s.facts.get(k) for s in self.subjects}) > 1
                # Of packages that not all have, "packages" speaks
                and not (k.startswith("package ")
                         and any(k not in s.facts for s in self.subjects))]
        return Table("differed", "What differed", ["what"]
                     + [s.name for s in self.subjects],
                     rows or [["nothing"] + ["-"] * len(self.subjects)])

    def conclusion(self):
        metric = self.r.metric
        if not metric:
            return ["No run has a figure to compare."]
        said = []
        for other in self.others:
            found = [f"{c + ' ' if c else ''}"
                     f"{report.value(self.r, self.of[self.first, c])} to "
                     f"{report.value(self.r, self.of[other, c])} "
                     f"({self.difference(c, metric, other)})"
                     for c in self.cells]
            said.append(f"From {self.first} to {other}, {metric.name} "
                        f"({metric.better or 'neither'} is better): "
                        + "; ".join(found) + ".")
        if not self.told and all(len(self.values(c, metric, s.name)) < 2
                                 for c in self.cells for s in self.subjects):
            said.append("One run each: none of this can be told from noise. "
                        "Runs that differ in nothing but --seed are taken "
                        "together: compare several of each.")
        return said

    def picture(self):
        named = []
        for c in self.cells:
            lines = [(s.name, self.r.good[self.of[s.name, c]])
                     for s in self.subjects]
            lines = [(name, runs) for name, runs in lines
                     if runs and len(runs[0]["timeline"]) > 1]
            if lines:
                named.append((c, lines))
        return pictures.over_time(named[:pictures.SHOWN_MAX]) if named \
            else None

    def page(self):
        p = Page(self.r.plan["title"])
        p.conclusion, p.alarms = self.conclusion(), report.alarms(self.r)
        p.about = [f"{s.name} is {len(s.all_of[''])} runs: " + report.listed(
            x["id"] for x in s.all_of[""]) + "." for s in self.subjects
            if len(s.all_of.get("", ())) > 1]
        if self.only:
            p.about += ["Only in one of them: " + ", ".join(self.only) + "."]
        p.tables = [self.facts_table(), self.figures_table()]
        if self.cells == [""]:
            p.tables += [t for t in (report.moves_table(self.r),
                                     report.counters_table(self.r)) if t.rows]
        p.pictures = list(filter(None, [self.picture()]))
        return p


def short(facts):
    """Of checksums the beginning, of command lines what is not the same."""
    facts = [fact[:12] if re.fullmatch("[0-9a-f]{64}", fact) else fact
             for fact in facts]
    split = [fact.split(" ") for fact in facts]
    if min(map(len, split)) < 2:
        return facts
    head = len(os.path.commonprefix(split))
    tail = len(os.path.commonprefix([words[:head - 1 if head else None:-1]
                                     for words in split]))
    first = max(0, head - 1)    # the option in front of what differs
    return [" ".join(["..."] * (first > 0) + words[first:len(words) - tail]
                     + ["..."] * (tail > 0)) for words in split]


def directory(subjects):
    """Where the comparison is left."""
    name = "-".join(["compare", *(s.name for s in subjects[:3])])
    path = out() / name[:200]
    path.mkdir(parents=True, exist_ok=True)
    return path
