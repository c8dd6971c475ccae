# SPDX-License-Identifier: GPL-2.0-only
"""A run's records to its figures.  What a run has no record of is None."""
import collections
import contextlib
import json
import re
import subprocess
import sys

from .common import EXPERIMENTS, Refused, read_json
from .metrics import METRICS, MOVES

PAGES_A_MIB = 256
PAGES_A_HUGE_ONE = 512
NEAR = 0.9          # of the hot set, for so long, that it counts as near
NEAR_FOR_S = 3
# Of what is in a manifest
KINDS = {"arguments": list, "versions": dict, "sha256": dict, "guest": dict,
         "host": dict, "added": dict, "packages": dict}


def read(path):
    """The records of a file, as they came: {kind: [record, ...]}.  A line that
    is broken off is left out: the verdict says so."""
    found = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        lines = []
    for line in lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and isinstance(record.get("record"), str):
            found.setdefault(record["record"], []).append(record)
    if found and (path.parent / "heat").is_file():
        with contextlib.suppress(ValueError):
            found["heat"] = [json.loads(heat_of(path.parent))]
    return found


def manifest(directory):
    """What a run ran on; {}: it is not known."""
    try:
        said = read_json(directory / "manifest.json")
    except Refused:
        return {}
    return {name: value for name, value in said.items()
            if isinstance(value, KINDS.get(name, object))}


def heat_of(directory):
    """The sums of "build.sh heat", which are kept; "" if there are none."""
    kept = directory / "heat.json"
    if not kept.is_file():
        sums_of_heat(directory)
    try:
        return kept.read_text()
    except OSError:
        return ""


def sums_of_heat(directory):
    """Writes heat.json, and heat*.svg, of a run that has a stream of heat."""
    subprocess.run([sys.executable, "-ESB", EXPERIMENTS / "python.py", "heat",
                    directory, "--json", directory / "heat.json"], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def member(value, path):
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def number(value):
    """None: it is none, or no figure, as a program may print nan or inf."""
    return value if isinstance(value, (int, float)) \
        and not isinstance(value, bool) \
        and abs(value) <= sys.float_info.max else None


def total(values):
    values = [v for v in values if number(v) is not None]
    return sum(values) if values else None


def timeline(records):
    """Rows of gups or of tier run: with t_s, in one form.  near is of updates
    (gups) or of the program's pages (run)."""
    top = top_tier(records)
    rows = []
    for r in records.get("timeline", []) + records.get("run_timeline", []):
        row = dict(r, t_s=r.get("t_s", r.get("at_s")))
        held = {n: b for n, b in (r.get("program_bytes") or {}).items()
                if number(b) is not None}
        if "near_share" not in row and top and sum(held.values()):
            row["near_share"] = sum(held.get(n, 0) for n in top) \
                / sum(held.values())
        if "pages" not in row:
            row["pages"] = {"promoted": r.get("promoted_pages"),
                            "demoted": r.get("demoted_pages")}
        if number(row["t_s"]) is not None:
            rows.append(row)
    return rows


def near_share(row):
    """As it was counted since the row before, else by the sample; None: there is
    neither."""
    counted = row.get("near_share_counted")
    return row.get("near_share") if counted is None else counted


def rate_key(runs):
    """By which member of their rows runs are compared: modelled time, if all
    that have rows have that."""
    key = "modelled_updates_per_s"
    rows = [x["timeline"] for x in runs if len(x["timeline"]) > 1]
    return key if rows and all(any(row.get(key) is not None for row in of)
                               for of in rows) else "updates_per_s"


# Members of a row's pages; tier run's rows know no mechanisms
MOVED = {
    "promoted": ("promoted_numab", "promoted"),
    "DAMON": ("moved_damon",),
    "demoted": ("demoted_kswapd", "demoted_direct", "demoted_khugepaged",
                "demoted_proactive", "demoted"),
}


def moved(row, kind):
    """Pages since the row before."""
    return total((row.get("pages") or {}).get(key) for key in MOVED[kind])


def top_tier(records):
    """The nodes of it, "node0", ...; all where tiers are not known.  A run of a
    program has no records of nodes: those that no CXL region is, if there are
    any of these, else none."""
    nodes = records.get("node", [])
    far = {f"node{r.get('node')}" for r in records.get("region", [])}
    if not nodes and far:
        return {n for r in records.get("run_timeline", [])
                for n in r.get("program_bytes") or {}} - far
    tiers = [n["tier"] for n in nodes if number(n.get("tier")) is not None]
    return {f"node{n.get('node')}" for n in nodes
            if not tiers or n.get("tier") == min(tiers)}


def of(records):
    """The figures of a run: values by metric, never (the length of time in
    which what the metric waits for did not come), and what a report shows."""
    last = {kind: all_of[-1] for kind, all_of in records.items()}
    values = collections.defaultdict(lambda: None)
    for metric in METRICS:
        found = (number(member(last, m)) for m in metric.members.split())
        values[metric.key] = next((v for v in found if v is not None), None)
    rows = timeline(records)
    moved = member(last, "moves.timed") or {}
    pages = promoted(moved, records), demoted(moved)
    # In the unit that the name has, which is the one that is expected of
    values["promoted_mib"], values["demoted_mib"], values["migrated_mib"] = (
        n if n is None else n / PAGES_A_MIB
        for n in (*pages, number(moved.get("migrated"))))
    rss = number(member(last, "run.max_rss_bytes"))
    values["max_rss_mib"] = rss if rss is None else rss / 2 ** 20
    values["waited_s"] = total(member(r, "timed.waited_s") for r in
                               member(last, "pmu.ranges") or [])
    never = {}
    to_90(last.get("placement"), rows, values, never)
    arrival(last.get("placement"), rows, values, never)
    return {
        "values": values, "never": never, "timeline": rows,
        "gups": last.get("gups"), "loop": member(last, "gups.loop"),
        "heat_of": member(last, "heat.of"),
        "counters": member(last, "counters.whole.total"),
        "zeros": member(last, "moves.zeros") or [],
        "moves": {MOVES[k]: moved.get(k) for k in MOVES} if moved else None,
        "regions": records.get("damon_region", []),
        "nodes": records.get("node", []),
        "tunables": last.get("tunables"),
        "emulated": member(last, "environment.emulated"),
        "argv": member(last, "environment.argv"),
        "machine": [member(last, f"environment.{key}")
                    for key in ("kernel", "machine", "cpu")],
        "perturbed": list(perturbed(records, last)),
    }


def pages_an_allocation(records):
    """The most pages that one was.  A table of 4k pages has no huge ones; what
    else moves, a hog or a program, has some where Linux gives them unasked."""
    last = {kind: all_of[-1] for kind, all_of in records.items()}
    thp = member(last, "tunables.transparent_hugepage")
    small = member(last, "gups.pages") == "4k" and \
        ("hog" not in records or thp == "madvise")
    return 1 if small or thp == "never" else PAGES_A_HUGE_ONE


def printed(path, wanted):
    """An experiment's own figures, by the last line of what was printed that
    has them.  None: there is none, or it is no number."""
    values = {one["name"]: None for one in wanted}
    try:
        lines = path.read_bytes().decode(errors="replace").splitlines() \
            if wanted else []
    except OSError:
        lines = []
    for one in wanted:
        found = [m for m in (re.search(one["regex"], x) for x in lines) if m]
        try:
            values[one["name"]] = number(float(found[-1][1])) if found else None
        except (TypeError, ValueError):
            pass
    return values


def promoted(moved, records):
    """At least so many pages came to a higher tier.  DAMON counts those that it
    moved elsewhere, its target being full: they are none.  With one tier there
    is none higher."""
    damon = number(moved.get("damon_hot"))
    tiers = {n.get("tier") for n in records.get("node", [])}
    if damon is not None:
        strayed = number(moved.get("strayed_allocations")) or 0
        damon = 0 if len(tiers) == 1 and len(records["node"]) > 1 else \
            max(0, damon - strayed * pages_an_allocation(records))
    return total([moved.get("numa_promoted"), damon])


def demoted(moved):
    return total(moved.get(key) for key in
                 ("demoted_kswapd", "demoted_direct", "demoted_khugepaged",
                  "demoted_proactive", "damon_cold"))


def parts(rows):
    """The rows before the hot set first moved, from there to the next move,
    and so on, and when each ended."""
    begins = [0] + [i for i, r in enumerate(rows) if r.get("hot_set_moved")]
    ends = begins[1:] + [len(rows)]
    return [(rows[a:b], rows[min(b, len(rows) - 1)]["t_s"])
            for a, b in zip(begins, ends)]


def near_since(rows):
    """When the hot set came near, to stay to the end of these rows."""
    since = None
    for r in rows:
        near = (number(member(r, "hot.near")) or 0) >= NEAR
        since = (r["t_s"] if since is None else since) if near else None
    return since


def to_90(placement, rows, values, never):
    """From when on the hot set was near; never: not, or too short to tell,
    before it moved away or the run ended."""
    if not rows or number(member(placement, "hot_near_at_end")) is None:
        return
    values["to_90_s"] = number(placement.get("hot_near_90_s"))
    if values["to_90_s"] is None:
        first, end = parts(rows)[0]
        since = near_since(first)
        never["to_90_s"] = end if since is None else since


def arrival(placement, rows, values, never):
    """Mean time until the hot set was near again after a move.  A move after
    which it was not counts with the time it had, the least there was: then the
    mean is a lower bound.  One that was near at the end, shorter than tier
    wants to see, counts as none."""
    moved = parts(rows)[1:] if rows else []
    arrived = number(member(placement, "arrivals_after_move"))
    if not moved or arrived is None:
        return
    told = [(part, end) for part, end in moved if near_since(part) is None
            or end - near_since(part) >= NEAR_FOR_S]
    spans = sorted(end - part[0]["t_s"] for part, end in told)
    spans = spans[:max(0, len(told) - int(arrived))]
    judged = int(arrived) + len(spans)
    if judged:
        mean = (arrived * (number(placement.get("arrival_mean_s")) or 0)
                + sum(spans)) / judged
        (never if spans else values)["arrival_s"] = mean


def perturbed(records, last):
    """What was not as an experiment wants it."""
    bits, moves = last.get("accessed_bits") or {}, last.get("moves") or {}
    timed = moves.get("timed") or {}
    for r in records.get("probe", []):
        if r.get("trapped"):
            yield (f"node {r.get('node')} is trapped: each access takes the "
                   "emulator's slow way")
    if records.get("hint_view"):
        yield ("a probe (--heat) took time at each page that NUMA balancing "
               "scanned or asked: rates and modelled time have it")
    blind = number(bits.get("blind_share")) or 0
    if blind > 0.05:
        yield f"DAMON was blind in {int(blind * 100)} % of its samples"
    for node in moves.get("nodes") or []:
        if node.get("unreclaimable"):
            yield (f"node {node.get('node')} is unreclaimable: demotion from "
                   "it has stalled")
    if timed.get("strayed"):
        yield (f"up to {timed.get('strayed_allocations')} of "
               f"{timed.get('to_a_node')} pages that DAMON or reclaim moved "
               "did not get to their target node, which was full")
    if timed.get("adds_up") is False:
        yield "who moved what does not add up"
