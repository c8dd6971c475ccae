# SPDX-License-Identifier: GPL-2.0-only
"""The sums as JSON, and tables as CSV."""
import json
import math

from .common import PARTS, open_out
from .oracle import most_of_moved


def known(x):
    return None if x is None or math.isnan(x) else x


def write_json(heat, judges, more_ns, moved, path):
    """The sums, as a record is written."""
    w = heat.whole
    sums = {"record": "heat", "of": heat.of, "grain_bytes": heat.grain,
            "dram_bytes": heat.room * heat.grain, "counts": w.all,
            "pages": w.pages, "near_share": known(w.served),
            "best_share": known(heat.clairvoyant),
            "best_static_share": known(w.best),
            "efficiency": known(heat.efficiency),
            "efficiency_late": known(heat.late), "regret": heat.regret,
            "regret_ns": known(more_ns and heat.regret * more_ns / w.all
                               if w.all else None),
            "moved_pages": moved,
            "moved_share_most": known(most_of_moved(heat, moved)
                                      if moved is not None else None)}
    for part, n in zip(PARTS, w.hold):
        sums["pages_%d" % part] = n
    for j in judges:
        said = sums[j.name.lower().replace(" ", "_")] = {
            "precision": known(j.precision), "recall": known(j.recall),
            "caught": known(j.caught), "correlation": known(j.correlation)}
        if j.fresh is not None:
            said["fresh_share"] = known(j.fresh)
        if j.delay:
            said.update(delay_intervals=known(j.delay.mean),
                        delay_known=j.delay.known, delay_moves=j.delay.moves)
    with open_out(path) as f:
        f.write(json.dumps(sums) + "\n")


def write_csv(heat, origin, path):
    with open_out(path) as f:
        f.write("t_s,begin_s," + heat.of + ",pages,near,best,near_share,best_share,"
                "efficiency,regret," +
                ",".join("pages_%d" % p for p in PARTS) + ",static_share\n")
        for s, r, static in zip(heat.spans, heat.rows, heat.static):
            f.write("%.6f,%.6f,%d,%d,%d,%d,%s,%s,%s,%d,%s,%s\n" %
                    (s.end - origin, s.begin - origin, r.all, r.pages, r.near,
                     r.most, fraction(r.served), fraction(r.best),
                     fraction(r.efficiency), r.regret,
                     ",".join("%d" % n for n in r.hold), fraction(static)))


def write_curve(heat, path):
    """Concentration: what the hottest so many pages have, of the whole time."""
    with open_out(path) as f:
        f.write("pages,bytes,%s,share\n" % heat.of)
        for n, have in heat.curve:
            f.write("%d,%d,%d,%s\n" % (n, n * heat.grain, have, fraction(
                have / heat.whole.all if heat.whole.all else math.nan)))


def fraction(x):
    return "" if math.isnan(x) else "%.9f" % x


def write_pages(heat, origin, path):
    """A trace: time, physical address, misses or accesses, or loads and
    stores."""
    with open_out(path) as f:
        f.write("t_s,address,near," +
                ("loads,stores" if heat.apart else heat.of) + "\n")
        for s in heat.spans:
            for page in sorted(s.pages):
                n, stores = s.pages[page], s.stores.get(page, 0)
                f.write("%.6f,0x%x,%d,%s\n" %
                        (s.end - origin, page * heat.grain, heat.is_near(page),
                         "%d,%d" % (n - stores, stores) if heat.apart else n))
