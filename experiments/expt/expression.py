# SPDX-License-Identifier: GPL-2.0-only
"""How an expectation is written: near_end >= 0.9, or numab: near_end > @tpp.

    [CELL:] SIDE OPERATOR SIDE      >= <= > < == !=
    SIDE    a product or quotient of
            12, 1.5e6, 95%, 64M     numbers; k M G T are powers of 1024
            NAME                    of a metric, of a counter, or of a member
                                    of tier's records, record.member
            @RUN, @RUN:NAME         the same of a cell, of a run, or of an
                                    experiment's cell of that name
"""
import collections
import functools
import itertools
import json
import math
import re
import subprocess

from . import metrics
from .common import NAME, ROOT, Refused, nearest

OPERATORS = (">=", "<=", ">", "<", "==", "!=")
UNITS = {"": 1, "%": 0.01, "k": 2 ** 10, "M": 2 ** 20, "G": 2 ** 30,
         "T": 2 ** 40}
RUN = r"[^\s:<>=!]+"
TOKEN = re.compile(rf"""
    (?P<number>[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?(?P<unit>[%kMGT]?)(?![\w.]))
    | @(?P<run>{RUN})(?P<colon>:(?P<of>[\w.\[\]-]*))?
    | (?P<name>[A-Za-z_][\w.]*(?:\[-?[0-9]+\][\w.]*)*)
    | (?P<operator>>=|<=|==|!=|>|<|\*|/)""", re.X)

# A factor of a side: a number, or a name, perhaps of another run
Factor = collections.namedtuple("Factor", "number name run column over",
                                defaults=(False,))
Expectation = collections.namedtuple("Expectation",
                                     "whole text cell left operator right "
                                     "wrong")


# --- as it is written ---------------------------------------------------------

def option(text):
    """Of --expect."""
    def wrong(message, column):
        raise Refused(2, f"--expect '{text}': {column}: {message}")
    return parse(text, wrong)


def parse(text, wrong):
    """wrong(message, column): whom to tell; it does not return."""
    match = re.match(rf"\s*({NAME}):\s*", text)
    cell, at = (match[1], match.end()) if match else (None, 0)
    tokens = list(tokens_of(text, at, wrong))
    compared = [i for i, (t, _) in enumerate(tokens)
                if t["operator"] in OPERATORS]
    if len(compared) != 1:
        wrong("one comparison is needed, like near_end >= 0.9",
              tokens[compared[1]][1] if compared else len(text) + 1)
    i = compared[0]
    sides = [side(part, column, wrong) for part, column in (
        (tokens[:i], tokens[i][1]), (tokens[i + 1:], len(text) + 1))]
    given = [f for f in sides[0] + sides[1] if f.name]
    if not given:
        wrong("nothing of a run in it", 1)
    # @RUN alone is of what the expectation is of
    sides = [[f._replace(name=f.name or given[0].name) if f.run else f
              for f in factors] for factors in sides]
    return Expectation(text.strip(), text[at:].strip(), cell, sides[0],
                       tokens[i][0]["operator"], sides[1], wrong)


def tokens_of(text, at, wrong):
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = TOKEN.match(text, at)
        if not match or match["colon"] and not match["of"]:
            wrong(f"'{text[at:].split()[0]}' is no number, name or comparison",
                  at + 1)
        yield match, at + 1
        at = match.end()


def side(tokens, end, wrong):
    """Factors, with what is between them."""
    factors, over = [], False
    for i, (token, column) in enumerate(tokens):
        between = token["operator"]
        if bool(between) != bool(i % 2):
            wrong(f"'{token[0]}' here: only * and / stand between two figures",
                  column)
        if between:
            over = between == "/"
            continue
        number = float(token["number"].rstrip("%kMGT")) \
            * UNITS[token["unit"]] if token["number"] else None
        if number == math.inf or over and number == 0:
            wrong(f"'{token[0]}' is too large a number, or 0 to divide by",
                  column)
        factors.append(Factor(number, token["name"] or token["of"],
                              token["run"], column, over))
    if len(tokens) % 2 == 0:
        wrong("a figure is missing", end)
    return factors


# --- names --------------------------------------------------------------------

@functools.lru_cache(None)
def described():
    """{record: [(member as a regex, as written, type)]}, as tier says it."""
    done = subprocess.run([ROOT / "build" / "tier", "records", "--json"],
                          check=True, stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL)
    found = {}
    for row in map(json.loads, done.stdout.splitlines()):
        if row["record"] == "member":
            member = ".".join("(?:" + "|".join(
                re.escape(word).replace(r"\*", "[A-Za-z0-9_]+")
                .replace(r"\[\]", r"(?:\[-?[0-9]+\])?")
                for word in part.split("|")) + ")"
                for part in row["member"].split("."))
            found.setdefault(row["of"], []).append(
                (member, row["member"], row["type"]))
    return found


def names_of_figures():
    """All that can be expected something of."""
    found = [*metrics.BY_KEY, *metrics.COUNTERS]
    for record, members_ in described().items():
        found += [f"{record}.{'.'.join(parts)}"
                  for _, written, kind in members_ if kind != "string"
                  for parts in itertools.product(*(p.split("|") for p in
                                                   written.split(".")))]
    return found


def resolve(name):
    """"record.member", of a metric its key alone; Refused: what is wrong."""
    if name in metrics.BY_KEY:
        return name
    if name in metrics.COUNTERS:
        return f"counters.whole.total.{name}"
    if typed(name):
        found = [name]
    else:
        found = [n for n in (f"{r}.{name}" for r in described())
                 if typed(n) not in (None, "string")]
    if len(found) > 1:
        raise Refused(2, f"{name} is a member of several records: "
                      + ", ".join(found))
    if not found or not typed(found[0]):
        raise Refused(2, f"no figure '{name}'{near(name)} (./build.sh expect "
                      "--names)")
    if typed(found[0]) == "string":
        raise Refused(2, f"{name} is no number")
    return found[0]


def near(name):
    """The nearest of all names, or of their last parts."""
    names = names_of_figures()
    return nearest(name, names) or nearest(
        name, {n.rpartition(".")[2] for n in names})


def typed(name):
    record, _, member = name.partition(".")
    record = re.sub(r"\[-?[0-9]+\]$", "", record)
    return next((kind for pattern, _, kind in described().get(record, ())
                 if re.fullmatch(pattern, member)), None)
