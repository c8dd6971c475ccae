# SPDX-License-Identifier: GPL-2.0-only
"""Which pictures a report has, from the figures of its runs."""
import contextlib
import math
import re
import shutil
import subprocess

from . import picture, records, report
from .common import need, say, write
from .picture import Column, Line, Picture, Strip

SHOWN_MAX = 16      # strips; more are no picture
GIB, MIB = 2.0 ** 30, 2.0 ** 20
SECONDS = "seconds since the updates, or the program, began"


def near(row):
    value = records.near_share(row)
    return None if value is None else 100 * value


def rate(key):
    def value(row):
        found = row.get(key)
        return None if found is None else found / 1e6
    return value


def series(runs, value, sampled=None):
    """Of a cell: the mean of its runs, row by row, in a band of their range;
    of one run the band is the interval of what was sampled."""
    points, band = [], []
    for rows in zip(*(x["timeline"] for x in runs)):
        t = sum(row["t_s"] for row in rows) / len(rows)
        values = [v for v in map(value, rows) if v is not None]
        points.append((t, sum(values) / len(values) if values else None))
        if len(rows) > 1 and values:
            band.append((t, min(values), max(values)))
        elif values and sampled and not is_counted(rows[0]):
            ends = [rows[0].get(f"{sampled}_{end}") for end in ("low", "high")]
            if None not in ends:
                band.append((t, 100 * ends[0], 100 * ends[1]))
    return points, band


def is_counted(row):
    return row.get("near_share_counted") is not None


def known(line):
    return any(v is not None for _, v in line.points)


def with_rows(r):
    """The cells that have a series, the best first."""
    order = [row.cell for row in r.ranking]
    cells = order + [c for c in r.cells if c not in order]
    return [c for c in cells if r.good[c]
            and len(r.good[c][0]["timeline"]) > 1][:SHOWN_MAX]


def marks(runs):
    """Where the hot set moved."""
    return [row["t_s"] for row in runs[0]["timeline"]
            if row.get("hot_set_moved")]


def rate_title(runs, key):
    emulated = any(x.get("emulated") for x in runs)
    return "updates, M/s" + (", modelled" if key != "updates_per_s" else
                             ", emulated" if emulated else "")


def near_title(runs):
    """Of updates, as gups has it, or of a program's pages."""
    kinds = {"pages" if row.get("program_bytes") else "updates" for x in runs
             for row in x["timeline"]}
    return f"{' or '.join(sorted(kinds, reverse=True))} near, %"


def over_time(named):
    """named: [(title, [(line, runs)])]: near share and rate, a strip a title,
    a line for each of what is compared."""
    runs = [x for _, lines in named for _, of in lines for x in of]
    strips, key = [], records.rate_key(runs)
    for title, lines in named:
        strips.append(Strip(title, [
            [Line(name, *series(of, near, "near_share"))
             for name, of in lines],
            [Line(name, *series(of, rate(key))) for name, of in lines]],
            marks(lines[0][1])))
    columns = [Column(near_title(runs), 100),
               Column(rate_title(runs, key), None)]
    for i in (1, 0):
        if not any(known(line) for s in strips for line in s.lines[i]):
            del columns[i]
            for s in strips:
                del s.lines[i]
    if not columns:
        return None
    caption = "Where the updates were served, and how fast: the mean of the " \
        "runs, in a band of their range; of a single one, where it was " \
        "sampled and not counted, in that in which it is by 95 %"
    if any(s.marks for s in strips):
        caption += "; dotted: the hot set moves"
    return Picture("over-time", caption + ".",
                   picture.strips(columns, strips, SECONDS))


def moves(r, cells):
    def mib(kind):
        def value(row):
            pages = records.moved(row, kind)
            return None if pages is None else pages / records.PAGES_A_MIB
        return value
    return lines_of(r, cells, "moves", "Pages migrated between two rows.",
                    "MiB a row", {k: mib(k) for k in records.MOVED})


def used(total, node):
    def value(row):
        free = (row.get("free_bytes") or {}).get(node)
        return None if free is None or node not in total else \
            (total[node] - free) / MIB
    return value


def nodes(r, cells):
    total = {f"node{n.get('node')}": n["total_bytes"] for c in cells
             for n in r.good[c][0]["nodes"] if n.get("total_bytes")}
    return lines_of(r, cells, "nodes", "Memory in use, by node.", "MiB used", {
        node.replace("node", "node "): used(total, node)
        for node in sorted(total)})


def lines_of(r, cells, name, caption, title, values):
    """A strip a cell, of its first run, a line for each of {name: value}."""
    found = {c: [Line(kind, series(r.good[c][:1], value)[0])
                 for kind, value in values.items()] for c in cells}
    kinds = [kind for kind in values if any(
        line.name == kind and any(v for _, v in line.points)
        for lines in found.values() for line in lines)]
    if not kinds:
        return None
    title += f", {kinds[0]}" if len(kinds) == 1 else ""
    strips = [Strip(c, [[line for line in lines if line.name in kinds]],
                    marks(r.good[c])) for c, lines in found.items()]
    return Picture(name, caption + " Of the first run of each cell.",
                   picture.strips([Column(title, None)], strips, SECONDS))


def values(r):
    rows = [(row.cell, report.least(r.figures(row.cell, r.metric)), row.median)
            for row in r.ranking]
    if len(rows) < 2 or min(v for _, vs, _ in rows for v in vs) < 0:
        return None
    what = f"{report.with_unit(r.metric)}; {r.metric.better} is better"
    return Picture("values", "Each run (rings), and the median of each cell "
                   "(a bar across)." + (
                       " What never came stands with the time that was waited."
                       if r.limit < math.inf else ""),
                   picture.dots(rows, what))


def damon(r):
    rows = [(c, [(x["start"] / GIB, (x["start"] + x["size_bytes"]) / GIB,
                  x.get("access_rate") or 0)
                 for x in r.good[c][0]["regions"]])
            for c in r.cells if r.good[c] and r.good[c][0]["regions"]]
    return Picture("damon", "What DAMON saw in its last round: in how many of "
                   "its samples memory was found accessed; nothing where it "
                   "did not look.", picture.heat(rows)) if rows else None


HEAT = (
    ("heat", "Where the accesses of user code went, as its title says which, by "
     "physical address and time, and what DAMON saw of that."),
    ("heat-time", "What near memory served of them, beside the best for each "
     "interval, knowing it, and the best one placement for the whole time; how "
     "far the first is from the second."),
    ("heat-pages", "How few pages have how much of them; upright: the near "
     "memory that there was for them."),
)


def heat(directory):
    """Of a run with --heat, as build.sh heat has drawn them last; drawn now if
    it never has."""
    if not any((directory / f"{name}.svg").is_file() for name, _ in HEAT):
        records.sums_of_heat(directory)
    found = []
    for name, caption in HEAT:
        with contextlib.suppress(OSError):
            found.append(Picture(name, caption, re.sub(
                r"^(<\?xml.*\?>\n)+", "",
                (directory / f"{name}.svg").read_text()).strip()))
    return found


def title(r, cell):
    """A cell's, with its figure."""
    if not r.metric or not r.values[cell]:
        return cell
    return f"{cell}: {r.metric.name} {report.value(r, cell)}" + \
        ("" if len(r.values[cell]) > 1 else ", n = 1")


def all_of(r):
    cells = with_rows(r)
    found = [over_time([(title(r, c), [("", r.good[c])]) for c in cells]),
             values(r)] if cells else [values(r)]
    if cells:
        found += [moves(r, cells), nodes(r, cells)]
    return [p for p in [*found, damon(r)] if p]


def write_all(directory, pictures):
    """Each as SVG, and as PNG where there is rsvg-convert; none of before."""
    for old in [*directory.glob("*.svg"), *directory.glob("*.png")]:
        old.unlink()
    for p in pictures:
        write(directory / f"{p.name}.svg", '<?xml version="1.0" '
              f'encoding="UTF-8"?>\n{p.svg}\n')
    if not pictures:
        return
    if not shutil.which("rsvg-convert") and not need("librsvg2-bin"):
        say("no rsvg-convert: pictures are SVG only")
        return
    for p in pictures:
        subprocess.run(["rsvg-convert", "--zoom=2", "--output",
                        directory / f"{p.name}.png",
                        directory / f"{p.name}.svg"], check=False)
