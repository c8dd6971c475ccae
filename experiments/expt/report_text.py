# SPDX-License-Identifier: GPL-2.0-only
"""A page for a terminal of 80 columns; what came out is the end of it."""
import textwrap

from .records import near_share, rate_key
from .report import shown as figure

WIDTH = 80
SPARKS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 48
LEFT = ("cell", "tier", "expected", "figure", "better", "")   # columns to the left


def wrap(text, first="", then=""):
    return textwrap.wrap(text, WIDTH - 1, initial_indent=first,
                         subsequent_indent=then, break_on_hyphens=False,
                         break_long_words=False)


def cut(text, width):
    return text if len(text) <= width else text[:max(0, width - 3)] + "..."


def column(head, cells, first):
    width = max(map(len, [head, *cells]))
    left = first or head in LEFT
    return [c.ljust(width) if left else c.rjust(width)
            for c in [head, *cells]]


def table(head, rows):
    """Lines; what is too wide for one goes on below, under the columns as far
    as to "better" again, and a cell is cut that is too wide for any.  A unit
    stands behind its figure's name."""
    kept = 1
    if "unit" in head:
        kept = head.index("unit")
        rows = [row[:kept - 1] + [", ".join(filter(None, row[kept - 1:kept
                                                             + 1]))]
                + row[kept + 1:] for row in rows]
        head = head[:kept] + head[kept + 1:]
        kept += 1
    columns = [column(h, [row[i] for row in rows], i == 0)
               for i, h in enumerate(head)]
    start, rest, lines = columns[:kept], columns[kept:], []
    room = WIDTH - 4 - sum(len(c[0]) + 2 for c in start)
    rest = [[cut(cell, max(room, len(c[0].strip()))) for cell in c]
            for c in rest]
    while rest:
        wide, taken = sum(len(c[0]) + 2 for c in start), 0
        for c in rest:
            wide += len(c[0]) + 2
            if wide > WIDTH - 2 and taken:
                break
            taken += 1
        if lines:
            lines.append("")
        lines += ["  " + "  ".join(cells).rstrip()
                  for cells in zip(*start, *rest[:taken])]
        rest = rest[taken:]
    return lines


def page(p, sparks_=()):
    lines = ["", p.title, *(line for a in p.about for line in wrap(a)), ""]
    for name, texts in p.alarms.items():
        name = name.upper() if name == "Failed" else name.lower()
        lines += [line for t in texts
                  for line in wrap(f"{name:<10} {t}", then=" " * 11)]
    for t in p.tables:
        if t.folded:
            continue
        lines += [t.title, *table(t.head, t.rows)]
        lines += [line for n in t.notes for line in wrap(n, "  * ", "    ")]
        lines.append("")
    lines += [line for line in wrap(p.notes)] + ([""] if p.notes else [])
    lines += sparks_
    lines += [line for c in p.conclusion for line in wrap(c)]
    return "\n".join(lines)


# --- over time ----------------------------------------------------------------

def spark(values, top):
    """Eight heights; nothing where there is no value."""
    def one(value):
        if value is None:
            return " "
        part = value / top if top > 0 else 0
        return SPARKS[max(0, min(7, round(part * 7)))]
    return "".join(map(one, values)).rstrip()


def squeeze(values, width):
    """No wider than so: the mean of neighbours."""
    if len(values) <= width:
        return values
    found = []
    for i in range(width):
        part = [v for v in values[i * len(values) // width:
                                  (i + 1) * len(values) // width]
                if v is not None]
        found.append(sum(part) / len(part) if part else None)
    return found


def sparks(results):
    """Of each cell's first run that passed."""
    good = {c: results.good[c] for c in results.cells if results.good[c]}
    shown = {c: runs[0]["timeline"] for c, runs in good.items()
             if len(runs[0]["timeline"]) > 1}
    if not shown:
        return []
    key = rate_key([runs[0] for runs in good.values()])
    rates = [row.get(key) or 0 for rows in shown.values() for row in rows]
    top = max(rates)
    width = max(map(len, shown))
    lines = [*wrap("Over time: near share from 0 to 100 %"
                   + (f", {'modelled ' if key != 'updates_per_s' else ''}rate "
                      f"from 0 to {figure(top / 1e6)} M/s" if top else ""))]
    for cell, rows in shown.items():
        for name, value, limit in (("near", near_share, 1), (
                "rate", lambda row, key=key: row.get(key), top)):
            values = list(map(value, rows))
            if any(v is not None for v in values):
                lines.append(f"  {cell:{width}}  {name} "
                             + spark(squeeze(values, SPARK_WIDTH), limit))
                cell = ""
    return lines + [""]
