# SPDX-License-Identifier: GPL-2.0-only
"""The verbs of build.sh: experiment, compare, report, expect, list."""
import json
import os
import re
import sys
import types

from . import (cluster, compare, expect, expression, listing, metrics, parse,
               pictures, plan as planning, records, report, report_csv,
               report_html, report_md, report_text, run)
from .common import (EXPERIMENTS, NAME, Refused, nearest, out, read_plan, say,
                     on_a_line, variables, write, write_json)

USAGE = """\
usage: ./build.sh experiment list
       ./build.sh experiment NAME|FILE [OPTIONS]
       ./build.sh experiment sweep KEY=V,V,... --workload "gups ..." [OPTIONS]
       ./build.sh experiment grid --workload "gups ..." --policy P,P,...
                  [--kernel K,K,...] [--topology T,T,...] [OPTIONS]

  --scale N/M        memory and the sizes written {1G} times N/M (1)
  --repeat N         each cell so often, with other seeds (1); ranks need 2
  --jobs N           guests at once (1); of Slurm: no more than that
  --topology NAME    the machine, for all cells; a file: ./NAME
  --kernel VERSION   6.12, 7.3, ..., own, a bzImage or a built tree
  --rank METRIC      what the cells are ranked by, instead of the file's
  --expect EXPR      what shall hold ('numab: near_end >= 0.9'), else status 4
  --ktap             say at the end what passed, as KTAP
  --reference CELL   run it once more a round, with one seed: the host's noise
  --icount           time is counted in instructions: a cell repeats; one CPU
  --sshloginfile F   on these machines, by GNU parallel
  --slurm            as job arrays of Slurm
  --bundle FILE.tar.gz  all that is needed elsewhere, in one archive; no run
  --cells            print a shell command a cell, and run nothing
  --dry-run          what would be run, and how long it takes
  --resume           go on with the newest one of that name
  --report           make its report again, from what there is
"""
VALUED = ("scale", "repeat", "jobs", "topology", "kernel", "workload", "policy",
          "rank", "reference", "expect", "sshloginfile", "bundle")
FLAGS = ("icount", "cells", "dry-run", "resume", "report", "ktap", "slurm")


# --- arguments ----------------------------------------------------------------

def read_options(arguments):
    """What was asked for, each value checked; words: what are no options."""
    o = types.SimpleNamespace(
        words=[], given=set(), icount=os.environ.get("ICOUNT", ""), scale="1",
        repeat=1, jobs=0, topology="", kernel="", workload="", policy="",
        rank="", reference="", expect=[], sshloginfile="",
        bundle="")
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in ("-h", "--help"):
            print(USAGE, end="")
            raise SystemExit(0)
        if not word.startswith("-"):
            o.words.append(word)
            continue
        name, equals, value = word[2:].partition("=")
        if name in FLAGS and not equals:
            o.given.add(name)
        elif name in VALUED and word.startswith("--"):
            if not equals:
                if not rest:
                    raise Refused(2, f"experiment: {word} needs a value")
                value = rest.pop(0)
            value = check_option(name, value)
            setattr(o, name, o.expect + [value] if name == "expect" else value)
        else:
            raise Refused(2, f"experiment: no option {word.split('=')[0]}"
                          f"{nearest(name, VALUED + FLAGS)} "
                          "(./build.sh experiment --help)")
    if "slurm" in o.given and o.sshloginfile:
        raise Refused(2, "--slurm or --sshloginfile, not both")
    o.elsewhere = "slurm" in o.given or bool(o.sshloginfile or o.bundle)
    if "icount" in o.given:
        o.icount = os.environ["ICOUNT"] = o.icount or "1"
    return o


def check_option(name, value):
    if name == "scale":
        planning.Scale(value)
    if name in ("repeat", "jobs"):
        if not re.fullmatch("[1-9][0-9]?", value):
            raise Refused(2, f"--{name} {value}: 1 to 99")
        return int(value)
    if name == "bundle":
        from . import bundle    # which takes long to load
        bundle.mode(value)
    if name == "expect":
        return expression.option(value)
    if name == "rank":
        return metrics.check(value.replace(",", " "))
    if name == "sshloginfile" and not os.path.isfile(value):
        raise Refused(2, f"--sshloginfile {value}: no such file")
    return value


def find_file(what):
    """An experiment's file and name."""
    path = what if "/" in what or what.endswith(".exp") else \
        str(EXPERIMENTS / f"{what}.exp")
    if not os.path.isfile(path) or not os.access(path, os.R_OK):
        known = sorted(p.stem for p in EXPERIMENTS.glob("*.exp"))
        raise Refused(2, f"no experiment '{what}'; there are "
                      f"{' '.join(known)}, sweep and grid"
                      f"{nearest(what, [*known, 'sweep', 'grid'])}")
    name = os.path.basename(path).removesuffix(".exp")
    if not re.fullmatch(NAME, name) or name == "latest":
        raise Refused(2, f"{path}: a name of letters, digits, . _ and - is "
                      "needed")
    return path, name


def read_experiment(o):
    """The name and the experiment; None: only its report is wanted."""
    what, *more = o.words
    settings = {name.lower(): value for name, value, _ in variables()
                if name in planning.OWN and name != "OUT"}
    if "/" in settings.get("topology", ""):
        settings["topology"] = os.path.abspath(settings["topology"])
    allowed = {"sweep": 1}.get(what, 0)
    if len(more) > allowed:
        raise Refused(2, f"experiment: '{more[allowed]}' is one word too many")
    path, name = (None, what) if what in ("sweep", "grid") else find_file(what)
    if what == "sweep" and not more and "report" not in o.given:
        raise Refused(2, "sweep: which KEY=VALUE,VALUE?")
    if what == "grid":
        axes = {axis: getattr(o, axis).split(",")
                for axis in ("policy", "kernel", "topology")
                if getattr(o, axis)}
        o.kernel = o.topology = ""
    elif o.policy:
        raise Refused(2, "--policy: of a grid only")
    if o.topology:
        o.topology = parse.a_machine(o.topology)
    if "report" in o.given:
        return name, None
    if what == "grid":
        return name, parse.grid(axes, o.workload, settings)
    if what == "sweep":
        return name, parse.sweep(more[0], o.workload, settings)
    return name, parse.Reader(path, settings).read()


# --- verbs --------------------------------------------------------------------

def experiment(arguments):
    o = read_options(arguments)
    if not o.words:
        sys.stderr.write(USAGE)
        return 2
    if o.words == ["list"]:
        return list_experiments()
    name, found = read_experiment(o)
    if not found:
        if o.expect:
            raise Refused(2, "--expect: not with --report; ./build.sh expect "
                          f"{name} EXPR says what of it holds")
        directory = run.find(name)
        make_report(directory, read_plan(directory), o.rank)
        return 0
    if o.kernel:
        os.environ["KERNEL"] = o.kernel
        for cell in found.cells:
            cell.settings.pop("kernel", None)
    if found.icount and not o.icount:
        o.icount = os.environ["ICOUNT"] = found.icount
    if o.reference:
        found.reference = o.reference
        parse.check_reference(found, "--reference")
    found.expect += o.expect
    plan = planning.Planner(o, run.guest).plan(found, name)
    plan["expect"] = expect.check(found.expect,
                                  [cell.name for cell in found.cells])
    if "dry-run" in o.given:
        return dry_run(name, plan, o.jobs or 1)
    directory = run.resume(name, plan) if "resume" in o.given else \
        run.create(name, plan)
    held = run.lock(directory)
    run.write_commands(directory, plan)
    if "cells" in o.given:
        for cell in plan["cells"]:
            print((directory / "commands" / cell["id"]).read_text(), end="")
        return 0
    if o.bundle:
        from . import bundle
        bundle.write(o.bundle, plan)
        say("there: unpack it, ./run [--jobs N]; here: its cells/ to "
            f"{directory}/cells, then ./build.sh report {directory}")
        return 0
    ended = runner(o, directory, plan).run()
    status = make_report(directory, plan, ktap="ktap" in o.given)
    held.close()
    if not ended:
        raise Refused(1, "interrupted; --resume goes on")
    return status


def runner(o, directory, plan):
    if "slurm" in o.given:
        return run.Runner(directory, plan, o.jobs, cluster.Slurm(
            directory, plan, o.jobs))
    jobs = o.jobs or 1
    return run.Runner(directory, plan, jobs, cluster.Parallel(
        directory, jobs, o.sshloginfile) if o.sshloginfile else None)


def list_experiments():
    rows = [(path.stem, next((line[5:].strip() for line in
                              path.read_text().splitlines()
                              if line.startswith("title ")), ""))
            for path in sorted(EXPERIMENTS.glob("*.exp"))]
    rows += [("sweep", "One tunable: sweep KEY=V,V --workload \"...\""),
             ("grid", "Policies x kernels x topologies: grid --workload "
              "\"...\" --policy P,P")]
    for name, title in rows:
        print(f"{name:<12} {title}")
    return 0


def dry_run(name, plan, jobs):
    clock = planning.Clock(plan, run.measured_before(name, plan))
    total = unknown = known = 0
    for cell in plan["cells"]:
        seconds, measured = clock.of(cell["id"])
        known += measured
        unknown += seconds is None
        total += seconds or 0
        text = "unknown" if seconds is None else planning.duration(seconds)
        print(f"{cell['id']:<20} {text:>8}"
              f"{'' if measured or seconds is None else ' ?'}  "
              f"{' '.join(planning.settings(cell)[:-1])} "
              f"{on_a_line(cell['words'])}")
    nr = len(plan["cells"])
    about = [f"about {planning.duration(total / jobs)}"] if unknown < nr else []
    about += [f"what {unknown} runs of programs take"] if unknown else []
    print(f"{nr} runs, {' and '.join(about)}"
          + (f" with {jobs} at once" if jobs > 1 else "")
          + (" (?: a guess, never run yet)" if known + unknown < nr else "")
          + (" (unknown until one has run)" if unknown else ""))
    return 0


def make_report(directory, plan, rank="", ktap=False):
    """The report's files, and its text on the terminal; the status of it."""
    r = report.collect(directory, dict(plan, rank=rank or plan["rank"]))
    write_json(directory / "results.json", r.results)
    page = report.page(r)
    ours = expect.Source(directory, r.runs)
    judgements = expect.judged(ours, map(expression.option,
                                         plan.get("expect", [])))
    expect.add_to(page, judgements)
    page.pictures = pictures.all_of(r)
    said = next(filter(None, (records.manifest(directory / "cells" / c["id"])
                              for c in plan["cells"])), {})
    page.details = [("What ran on what", json.dumps(
        {k: v for k, v in said.items() if k not in ("arguments", "guest")},
        indent=1))]
    for file, text in report_csv.files(r).items():
        write(directory / file, text)
    write_json(directory / "datapackage.json", report_csv.package(plan["name"]))
    write_json(directory / "report.json", report_csv.report(r, page))
    write_page(directory, page, report_text.sparks(r))
    return expect.leave(ours, judgements, ktap)


def write_page(directory, page, sparks=()):
    pictures.write_all(directory, page.pictures)
    write(directory / "report.md", report_md.page(page))
    write(directory / "index.html", report_html.page(page))
    print(report_text.page(page, sparks))
    sys.stdout.flush()
    say(f"{directory}/index.html, report.md")


def report_verb(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-"):
        raise Refused(2, "report: of which run or experiment? e.g. "
                      "./build.sh report out/latest")
    path = compare.locate(arguments[0])
    if compare.is_experiment(path):
        make_report(path, read_plan(path))
        return 0
    figures = compare.figures_of_run(path)
    plan = listing.plan_of_run(path, figures)
    r = report.Results(plan, [figures])
    page = report.page(r)
    page.about = [f"Machine: {report.machines(plan)}; Linux {plan['kernel']}, "
                  f"QEMU {plan['qemu']}."]
    page.tables = [t for t in page.tables if t.id != "cells"]
    page.pictures = pictures.all_of(r)
    if (path / "heat").is_file():
        page.pictures += pictures.heat(path)
    page.details = [("What ran on what", json.dumps(
        records.manifest(path), indent=1))]
    write_page(path, page, report_text.sparks(r))
    return 0


def expect_verb(arguments):
    """RUN [--ktap] EXPR...; --check EXPR...: of a run that is to be."""
    words = [a for a in arguments if a not in ("--ktap", "--check", "--names")]
    if "--names" in arguments:
        print("\n".join(expression.names_of_figures()))
        return 0
    if "--check" in arguments:
        expect.check(map(expression.option, words))
        return 0
    if not words or words[0].startswith("-"):
        raise Refused(2, "expect: of which run or experiment, and what? e.g. "
                      "./build.sh expect out/latest 'near_end >= 0.9'")
    ours = expect.source(words[0])
    cells = [c for c in ours.good if c]
    given = list(map(expression.option, words[1:]))
    if not given and cells:
        given = list(map(expression.option,
                         read_plan(ours.path).get("expect", [])))
    if not given and "--ktap" not in arguments:
        raise Refused(2, "expect: what? e.g. 'near_end >= 0.9'")
    expect.check(given, cells)
    judgements = expect.judged(ours, given)
    if "--ktap" not in arguments:
        for judgement in judgements:
            print(expect.line(judgement))
    return expect.leave(ours, judgements, "--ktap" in arguments)


def compare_verb(arguments):
    if len(arguments) < 2 or any(a.startswith("-") for a in arguments):
        raise Refused(2, "compare: which runs or experiments? e.g. "
                      "./build.sh compare out/A out/B")
    comparison = compare.Comparison([compare.load(compare.locate(a))
                                     for a in arguments])
    directory = compare.directory(comparison.subjects)
    write_page(directory, comparison.page())
    return 0


def list_verb(arguments):
    if arguments:
        raise Refused(2, "list takes no arguments")
    for line in listing.lines():
        print(line)
    if not listing.entries():
        say(f"no runs in {out()}")
    return 0


VERBS = {"experiment": experiment, "report": report_verb,
         "compare": compare_verb, "expect": expect_verb, "list": list_verb}


def main(verb, *arguments):
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        return VERBS[verb](arguments)
    except Refused as refused:
        print(f"build.sh: {refused}", file=sys.stderr)
        return refused.status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # A disk that is full, a directory that cannot be written
        print(f"build.sh: {error.filename or verb}: {error.strerror or error}",
              file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
