# SPDX-License-Identifier: GPL-2.0-only
"""Whether runs are as expected, and by how much.

Of repeats the median counts.  Of a record that comes more than once, or a
list, each has to meet it; record[0], record[-1] is one of them.  What did not
come in a run's time is at least as much as that.  An expectation is met if it
is so whatever the figure may be: by none that is absent.
"""
import collections
import functools
import math
import operator
import re

from . import compare, ktap, records, report, stats
from .common import Refused, nearest, read_plan, write
from .expression import RUN, resolve
from .metrics import BY_KEY

TOLD = {">=": operator.ge, "<=": operator.le, ">": operator.gt,
        "<": operator.lt, "==": operator.eq}

NOT_MET = 4
MET = {True: "met", False: "NOT MET", None: "not run"}

# What came out; met is None: nothing was judged, as the run failed
# short: for a column
Judgement = collections.namedtuple("Judgement", "text cell met said short",
                                   defaults=("-",))


# --- figures ------------------------------------------------------------------

class Source:
    """Figures by cell, {cell: [run, ...]} as a report has them; a run by
    itself is of the cell None."""

    def __init__(self, path, runs, word=""):
        self.path, self.word = path, word or path.name
        self.runs = [x for of in runs.values() for x in of]
        self.good = {c: [x for x in of if x["verdict"] == "passed"]
                     for c, of in runs.items()}
        self.failed = {c: next((x["verdict"] for x in of
                                if x["verdict"] != "passed"), "")
                       for c, of in runs.items()}

    @functools.lru_cache(None)
    def read(self, run):
        return records.read((self.path if None in self.good else
                             self.path / "cells" / run) / "records.jsonl")

    def needed(self, cell, name):
        """Of another run: its figure is there, or Refused."""
        if any(span is None for _, span in self.of(cell, name)):
            raise Refused(2, f"@{self.word} has no {name}")

    def of(self, cell, name):
        """[(where, (least, most)), ...] of all that the name means; None: it
        is absent.  A run has the same for all cells."""
        cell = None if None in self.good else cell
        if cell not in self.good:
            raise Refused(2, f"@{self.word}: an experiment; of one of its runs "
                          f"say @{self.word}/cells/RUN" if cell is None else
                          f"@{self.word}: no cell '{cell}' in it")
        if not self.good[cell]:
            raise Refused(2, f"@{self.word}: {self.failed[cell]}")
        name = resolve(name)
        runs = [self.metric(x, name) if name in BY_KEY else
                list(members(self.read(x["id"]), name))
                for x in self.good[cell]]
        if all(len(run) == 1 for run in runs):
            return [("", median([run[0][1] for run in runs]))] \
                if all(run[0][1] for run in runs) else [("", None)]
        return [figure for run in runs for figure in run or [("", None)]]

    @staticmethod
    def metric(figures, name):
        value = figures["values"].get(name)
        if value is not None:
            return [("", (value, value))]
        value = figures["never"].get(name)
        return [("", None if value is None else (value, math.inf))]


def source(word):
    """Of a run or an experiment that is there."""
    path = compare.locate(word)
    if compare.is_experiment(path):
        return Source(path, report.collect(path, read_plan(path)).runs, word)
    return Source(path, {None: [compare.figures_of_run(path)]}, word)


def median(spans):
    """Of each end: what the median is at least, and at most."""
    return tuple(stats.median(ends) for ends in zip(*spans))


def members(found, name):
    """(where, span) of each; the records are in the order in which they came."""
    record, _, member = name.partition(".")
    record, _, index = record.partition("[")
    rows = list(enumerate(found.get(record, [])))
    if index:
        i = int(index[:-1])
        rows = [rows[i]] if -len(rows) <= i < len(rows) else []
    for i, row in rows:
        for where, value in walk(row, re.findall(r"\w+|\[-?\d+\]", member)):
            value = records.number(int(value) if isinstance(value, bool)
                                   else value)
            index = f"[{i}]" if len(found[record]) > 1 else ""
            yield (f"{record}{index}{where}" if index or "[" in where else "",
                   None if value is None else (value, value))


def walk(value, path, at=""):
    """(path, value): into members and lists; of a list all, but for an
    index."""
    if isinstance(value, list) and not (path and path[0][0] == "["):
        for i, inner in enumerate(value):
            yield from walk(inner, path, f"{at}[{i}]")
    elif not path:
        yield at, value
    elif path[0][0] == "[":
        index = int(path[0][1:-1])
        inner = value[index] if isinstance(value, list) \
            and -len(value) <= index < len(value) else None
        yield from walk(inner, path[1:], at + path[0])
    else:
        yield from walk(value.get(path[0]) if isinstance(value, dict)
                        else None, path[1:], f"{at}.{path[0]}")


# --- judging ------------------------------------------------------------------

def product(spans):
    """[(span, is below the line)]: from the least to the most that it can be;
    None: a part of it is absent."""
    low = high = 1.0
    for span, over in spans:
        if span is None or over and 0 in span:
            return None
        ends = [1 / v for v in span] if over else span
        all_of = [a * b if a and b else 0 for a in (low, high) for b in ends]
        low, high = min(all_of), max(all_of)
    return low, high


class Judge:
    """ours: of what something is expected."""

    def __init__(self, ours):
        self.ours, self.other = ours, functools.lru_cache(None)(source)

    def values(self, cell, factors):
        """[(where, span), ...] of a side."""
        found = []
        for f in factors:
            if f.number is not None:
                found.append([("", (f.number, f.number))])
            elif f.run is None:
                found.append(self.ours.of(cell, f.name))
            elif f.run in self.ours.good:
                found.append(self.ours.of(f.run, f.name))
            else:
                found.append(self.other(f.run).of(cell, f.name))
        count = max(map(len, found))
        if any(len(part) not in (1, count) for part in found):
            raise Refused(1, "not as many of one as of the other: take one, "
                          "like record[0]")
        rows = zip(*(part * count if len(part) == 1 else part
                     for part in found))
        return [(next((w for w, _ in row if w), ""),
                 product([(span, f.over) for (_, span), f in
                          zip(row, factors)])) for row in rows]

    def judge(self, e, cell):
        try:
            left, right = (self.values(cell, s) for s in (e.left, e.right))
            count = max(len(left), len(right))
            if {len(left), len(right)} - {1, count}:
                raise Refused(1, f"{len(left)} against {len(right)} figures: "
                              "take one, like record[0]")
        except Refused as refused:
            return Judgement(e.text, cell, False, str(refused))
        pairs = list(zip(left * count if len(left) == 1 else left,
                         right * count if len(right) == 1 else right))
        found = [one(e.operator, a[1], b[1], a[0] or b[0]) for a, b in pairs]
        met, said, brief = min(found, key=lambda m: m[0])
        runs = len(self.ours.good[cell])
        if count > 1:
            brief = f"{sum(m for m, *_ in found)} of {count} meet it"
            said += f"; {brief}"
        elif runs > 1:
            said += f" (median of {runs} runs)"
        return Judgement(e.text, cell, met, said, brief)


def one(op, left, right, where=""):
    """Of two spans: (met, the figure and by how much, the same in short)."""
    where = f"{where} " if where else ""
    if left is None or right is None:
        return False, f"{where}has no value", "-"
    if op == "!=":
        met = left[1] < right[0] or right[1] < left[0]
    else:
        met = all(TOLD[op](a, b) for a in left for b in right)
    text = span_shown(left)
    # Of a bound the distance says nothing
    if left[0] == left[1] != right[0] == right[1]:
        a, b = left[0], right[0]
        off = f"{'+' if a > b else ''}{figure(a - b)}"
        share = f"{(a - b) / abs(b):+.1%}".replace("%", " %") if b else off
        return met, f"{where}{text} against {figure(b)}: {off}" \
            + (f" ({share})" if b else ""), f"{text}, {share}"
    return met, f"{where}{text} against {span_shown(right)}", text


def figure(value):
    return report.shown(value if value % 1 == 0 else float(f"{value:.6g}"))


def span_shown(span):
    return figure(span[0]) if span[0] == span[1] else \
        f"{figure(span[0])} or more" if span[1] == math.inf else \
        f"{figure(span[0])} to {figure(span[1])}"


def judged(ours, expectations):
    """Of each cell that an expectation is of: of none named all, but those
    that it compares with."""
    judge, found = Judge(ours), []
    for e in expectations:
        others = {"reference", *(f.run for f in e.left + e.right if f.run)}
        for cell in [e.cell] if e.cell else \
                [c for c in ours.good if c not in others]:
            found.append(judge.judge(e, cell) if ours.good.get(cell) else
                         Judgement(e.text, cell, None, ours.failed.get(
                             cell, "no such cell")))
    return found


def line(j):
    """One for a terminal."""
    return f"{MET[j.met]:<8} {ktap.name(j)}: {j.said}"


def add_to(page, judgements):
    """What was expected stands first."""
    if not judgements:
        return
    page.tables.insert(0, report.Table(
        "expected", "What was expected", ["", "expected", "figure"],
        [[MET[j.met], ktap.name(j), j.short] for j in judgements],
        ["The figure, and by how much it is off; of repeats the median"]))
    count = sum(j.met is True for j in judgements)
    bad = [ktap.name(j) for j in judgements if j.met is False]
    page.conclusion.append(
        f"{count} of {report.count(len(judgements), 'expectation')} met"
        + (f"; not: {'; '.join(bad)}" if bad else "") + ".")


def leave(ours, judgements, said):
    """Leaves ktap and junit.xml, and says the first, if that is wanted; the
    status: 1 some run failed, 4 an expectation is not met."""
    tests = ktap.tests(ours, judgements)
    write(ours.path / "ktap", ktap.ktap(tests))
    write(ours.path / "junit.xml", ktap.junit(f"tier.{ours.path.name}", tests))
    if said:
        print(ktap.ktap(tests), end="")
    if any(x["verdict"] != "passed" for x in ours.runs):
        return 1
    return 0 if all(j.met for j in judgements) else NOT_MET


# --- before anything runs -----------------------------------------------------

def check(expectations, cells=()):
    """Names, cells and other runs are there, else Refused; the expectations as
    they are kept: out/x may be another one when they are read again."""
    kept = []
    for e in expectations:
        text = e.whole
        if e.cell and e.cell not in cells:
            e.wrong(f"no cell '{e.cell}'{nearest(e.cell, cells)}", 1)
        for f in e.left + e.right:
            try:
                if f.name:
                    resolve(f.name)
                if f.run and f.run not in cells:
                    other = source(f.run)
                    for cell in [e.cell] if e.cell else cells or [None]:
                        other.needed(cell, f.name)
                    if re.fullmatch(RUN, str(other.path)):
                        text = text.replace(f"@{f.run}", f"@{other.path}")
            except Refused as refused:
                e.wrong(refused, f.column)
        kept.append(text)
    return kept
