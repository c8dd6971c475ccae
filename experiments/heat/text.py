# SPDX-License-Identifier: GPL-2.0-only
"""What is said in the terminal."""
import math

from .common import PARTS, percent, size_text
from .oracle import most_of_moved


def print_table(heat, origin):
    print("   time %9s   pages  near%%  best%%    eff    regret"
          "    p50    p80    p90    p99" % heat.of)
    for s, r in zip(heat.spans, heat.rows):
        print("%7.1f %9d %7d %6s %6s %6s %9d %s" %
              (s.end - origin, r.all, r.pages, percent(r.served),
               percent(r.best), percent(r.efficiency), r.regret,
               " ".join("%6d" % n for n in r.hold)))


def print_moved(heat, moved):
    if not moved or heat.grain != 4096:
        return
    print("moved      %d pages; in the interval of its move one is two frames: "
          "%s %%" % (moved, percent(most_of_moved(heat, moved))))
    print("           of the %s at most are of such" % heat.of)


def print_sums(heat, room_text, more_ns):
    w = heat.whole
    seconds = heat.spans[-1].end - heat.spans[0].begin
    print()
    print("%-10s %d of user code in %d pages of %s, in %.1f s" %
          (heat.of, w.all, w.pages, size_text(heat.grain), seconds))
    beyond = sum(s.outside for s in heat.spans)
    if beyond:
        print("           and %d behind all memory that is known, in no figure "
              "here" % beyond)
    if heat.apart:
        stores = sum(sum(s.stores.values()) for s in heat.spans)
        print("stores     %s %% of them" %
              percent(stores / w.all if w.all else math.nan))
    print("near       %s %% of them" % percent(w.served))
    print("best       %s %% with %s near, the hottest pages of each interval" %
          (percent(heat.clairvoyant), size_text(heat.room * heat.grain)))
    print("           %s %% by one placement for the whole time (frames: what "
          "moved counts twice)" % percent(w.best))
    print("           %s" % room_text)
    if max(r.near_pages for r in heat.rows) > heat.room:
        print("           more were near than that in some interval: served can "
              "be more than the best")
    print("efficiency %s %% of the best; %s %% in the second half of the time" %
          (percent(heat.efficiency), percent(heat.late)))
    print("regret     %d %s that could have been near" %
          (heat.regret, heat.of), end="")
    if more_ns is None or not w.all:
        print()
    else:
        print(": %.3g s, %.3g ns a miss" %
              (heat.regret * more_ns / 1e9, heat.regret * more_ns / w.all))
    print("holding    %s of the %s: %s pages" %
          (", ".join("%d %%" % p for p in PARTS), heat.of,
           ", ".join("%d" % n for n in w.hold)))


def print_counted(sums):
    """What the plugin's counters say of the same time, beside the pages'."""
    if sums and sums[0]:
        print("counters   %d misses of user code in that time, %s %% of them near, "
              "by the plugin's" % (sums[0], percent(sums[1] / sums[0])))
        print("           own sums, which are not by page")


def print_group(name, group, heat):
    if not group:
        return
    print("cgroup     %s: %s %% of all %s; %s %% of its own are of frames that "
          "it had" % (name, percent(group.kept / group.all
                                    if group.all else math.nan), heat.of,
                      percent(group.doubtful / group.kept
                              if group.kept else math.nan)))
    print("           at one row and not at another: so many, at most, are "
          "another's.  What came")
    print("           and went between two rows is not among them")


def print_judges(judges, lost, of):
    if lost:
        print("judged     no hint faults: of them %d found no room, and were "
              "lost" % lost)
    for j in judges:
        print("judged     %s: of its hottest pages %s %% are (recall %s), with "
              "%s %% of the %s" % (j.name, percent(j.precision),
                                   percent(j.recall), percent(j.caught), of))
        print("           that the truly hottest have; rank correlation %s" %
              ("-" if math.isnan(j.correlation) else "%.3f" % j.correlation))
        if j.fresh is not None:
            print("           of the pages that it knows it saw %s %% in that "
                  "interval" % percent(j.fresh))
        if j.delay:
            print("           a hot set that moved it knew again %d times of %d"
                  "%s" % (j.delay.known, j.delay.moves,
                          "" if math.isnan(j.delay.mean) else
                          ", after %.3g intervals" % j.delay.mean))
