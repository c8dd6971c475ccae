# SPDX-License-Identifier: GPL-2.0-only
"""The verb heat of build.sh."""
import argparse
import os
import re
import sys

from expt.common import out

from . import damo, files
from .common import fail, size_text
from .group import Group
from .judges import judge_delays, judges_of
from .oracle import Heat, span_at
from .pictures import Scene, since_what, write_pictures
from .records import (counted, free_near, held_near, miss_ns, moved_pages,
                      node_of, records_of, spans_in, table_near, timed_part)
from .stream import Stream, spans_of
from .text import (print_counted, print_group, print_judges, print_moved,
                   print_sums, print_table)


def parse_size(text):
    m = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kKMG]?)", text)
    if not m:
        raise argparse.ArgumentTypeError("%s: give a size, e.g. 512M" % text)
    return int(float(m[1]) * 1024 ** " KMG".index(m[2].upper() or " "))


def parse(argv):
    p = argparse.ArgumentParser(
        prog="build.sh heat", allow_abbrev=False,
        description="Where every miss, or access, of a run with --heat went, "
        "and the best that could be.")
    p.add_argument("run", help="out/NAME, or a stream")
    p.add_argument("--dram", type=parse_size, metavar="SIZE",
                   help="near memory that the pages could have had; default: "
                   "what they had, and what was free")
    p.add_argument("--near", default="near", metavar="RANGE",
                   help="the range that is near (near)")
    p.add_argument("--all", action="store_true",
                   help="the whole run, not only the updates of gups")
    p.add_argument("--cgroup", metavar="NAME",
                   help="the pages of that cgroup alone, of tier run --frames: "
                   "as its report names it")
    p.add_argument("--csv", metavar="FILE", help="the table; - : here")
    p.add_argument("--json", metavar="FILE", help="the sums; - : here")
    p.add_argument("--pages", metavar="FILE",
                   help="a trace: time, address, near, misses or accesses, or "
                   "loads and stores; - : here")
    p.add_argument("--damo", metavar="FILE",
                   help="as damo record has it: damo report heatmap -i FILE "
                   "--draw_range all")
    p.add_argument("--curve", metavar="FILE",
                   help="concentration: what the hottest so many pages have, of "
                   "the whole time; - : here")
    p.add_argument("--svg", metavar="FILE",
                   help="the pictures: FILE (heat.svg beside the stream) by "
                   "address and time, FILE-time.svg and FILE-pages.svg with its "
                   "name")
    args = p.parse_args(argv)
    if args.svg == "-":
        fail("--svg -: three pictures are three files: give a name", 2)
    return args


def room_of(args, stream, spans, records, is_near, group):
    """Pages that could be near, and why so many."""
    grain = stream.head["grain"]
    if args.dram is not None:
        return args.dram // grain, "--dram"
    touched = sum(map(is_near, spans[0].pages))
    node = node_of(records, args.near)
    free = None if node is None else free_near(records, node)
    size = sum(r["end"] - r["start"] for r in stream.head["ranges"]
               if r["name"] == args.near) // grain
    held, beside = held_near(records, node)
    who = "the program"
    if group:
        # Its own, which is not that of the program that has the rows
        held = sum(n * 4096 for at, n in group.first if is_near(at // grain))
        who = args.cgroup
    if held is not None and beside is not None:
        return min(size, (held + beside) // grain), \
            "that is %s that %s had near by its first row, and %s that were " \
            "free" % (size_text(held), who, size_text(beside))
    if free is None:
        return size, "all of the near memory: what was free is not in the " \
            "records (--dram SIZE)"
    table = table_near(records, node) or 0
    what = "of near pages that were touched in the first interval"
    if table // grain > touched:
        touched, what = table // grain, "of the table that were near when the " \
            "updates began"
    return min(size, touched + free // grain), \
        "that is %s %s, and %s that were free then, above the watermark" % (
            size_text(touched * grain), what, size_text(free))


def stream_of(run):
    """Where its stream is, and its records; run: as it was given."""
    if not os.path.exists(run):
        # Or its name in OUT, as report and compare take it
        named = os.path.join(out(), run)
        run = named if os.path.isdir(named) else run
    if not os.path.isdir(run):
        return run, os.path.dirname(run) or "."
    path = os.path.join(run, "heat")
    if os.path.exists(path) and not os.path.isfile(path):
        fail("%s: is no file" % path)
    return path, run


def write(args, heat, stream, judges, more_ns, moved, origin):
    """The files that were asked for."""
    if args.json:
        files.write_json(heat, judges, more_ns, moved, args.json)
    if args.csv:
        files.write_csv(heat, origin, args.csv)
    if args.pages:
        files.write_pages(heat, origin, args.pages)
    if args.damo:
        damo.write_damo(heat, stream.head["ranges"], stream.head["interval_ns"],
                        args.damo)
    if args.curve:
        files.write_curve(heat, args.curve)


def main(argv):
    args = parse(argv)
    path, directory = stream_of(args.run)
    stream = Stream(path)
    names = [r["name"] for r in stream.head["ranges"]]
    if args.near not in names:
        fail("--near %s: there are %s" % (args.near, ", ".join(names)), 2)
    records = records_of(directory)
    timed = timed_part(records, stream)
    spans = spans_of(stream, (timed.begin, timed.end)
                     if timed and timed.exact else ())
    origin = timed.begin if timed else 0
    if timed and not args.all:
        spans = spans_in(spans, timed)
    if not spans:
        fail("%s: no interval" % path)
    group = None
    if args.cgroup:
        group = Group(records, args.cgroup, stream.head["grain"], origin)
        for s in spans:
            group.keep(s)
    heat = Heat(stream, spans, args.near, 0)
    heat.room, text = room_of(args, stream, spans, records, heat.is_near, group)
    heat.compute()
    here = "-" in (args.csv, args.pages, args.curve, args.json)
    more_ns = miss_ns(records, args.near, heat.of)
    moved = moved_pages(records, "whole" if args.all else "timed")
    judges, hints = judges_of(heat, records, origin)
    judge_delays(judges, hints, heat, records, origin)
    if not here:
        print_table(heat, origin)
        print_sums(heat, text, more_ns)
        if timed and timed.exact and not (args.all or group) and \
                heat.of == "misses":
            print_counted(counted(records, args.near))
        print_group(args.cgroup, group, heat)
        print_moved(heat, moved)
        print_judges(judges, sum(v["lost"] for v in records["hint_view"]),
                     heat.of)
    if not stream.whole:
        print("heat: the stream was cut short: QEMU did not end by itself",
              file=sys.stderr)
    write(args, heat, stream, judges, more_ns, moved, origin)
    name = os.path.basename(os.path.abspath(args.run)) + \
        (", " + args.cgroup if group else "")
    drawn = write_pictures(
        heat, name, args.svg or os.path.join(directory, "heat.svg"), Scene(
            origin, since_what(timed, records), stream.head["ranges"],
            [(i, v) for v in records["damon_view"] if v["start"]
             for i in [span_at(heat, origin + v["t_s"])] if i is not None],
            more_ns))
    if not here:
        print("pictures   " + "\n           ".join(drawn))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BrokenPipeError:
        sys.exit(1)
