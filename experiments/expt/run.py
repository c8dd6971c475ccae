# SPDX-License-Identifier: GPL-2.0-only
"""Runs what is planned: some at once, the rest after a stop, and how far it is.

out/NAME (a link to the newest of that name) has
  plan.json       the experiment, with all that was said about it filled in
  commands/ID     a line of shell a run
  cells/ID/       a run each, as ./build.sh run leaves it; seconds: it took
  cells/ID.txt    what it said
  cells/ID.ended  of one elsewhere: its status, its seconds
"""
import contextlib
import fcntl
import functools
import os
import shutil
import signal
import subprocess
import sys
import time

from . import cluster, plan as planning
from .common import ROOT, Refused, out, read_json, say, write, write_json

TICK_S = 0.2
TRIES = 3       # of a run that was killed, elsewhere


@functools.lru_cache(None)
def guest(kernel):
    """Everything that a run needs is made; with what versions."""
    env = dict(os.environ, **({"KERNEL": kernel} if kernel else {}))
    done = subprocess.run([ROOT / "build.sh", "guest"], check=False, env=env,
                          stdout=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        raise SystemExit(done.returncode)
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    found["plugin"] = found["plugin"] == "yes"
    return found


# --- its directory ------------------------------------------------------------

def find(name):
    link = out() / name
    if not (link / "plan.json").is_file():
        raise Refused(1, f"there is no experiment {name} in {out()}")
    return link.resolve()


def create(name, plan):
    """A directory with the plan, and the link to it."""
    link = out() / name
    try:
        out().mkdir(parents=True, exist_ok=True)
    except OSError:
        raise Refused(3, f"OUT={out()}: cannot make that directory") from None
    if link.exists() and not link.is_symlink():
        raise Refused(1, f"{link} is there, and no link to an experiment")
    base = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    for ending in ["", *(f"-{i}" for i in range(2, 100))]:
        directory = out().resolve() / (base + ending)
        with contextlib.suppress(FileExistsError):
            directory.mkdir()
            break
    else:
        raise Refused(3, f"cannot make {directory}")
    (directory / "cells").mkdir()
    write_json(directory / "plan.json", plan)
    new = link.with_name(f".{name}.{os.getpid()}")
    new.symlink_to(directory.name)
    new.replace(link)
    return directory


def resume(name, plan):
    directory = find(name)
    begun = read_json(directory / "plan.json")
    # Of what is expected people may think again
    if {**begun, "expect": []} != {**plan, "expect": []}:
        raise Refused(2, f"--resume: {directory.name} was begun with other "
                      "cells or options (see its plan.json)")
    write_json(directory / "plan.json", plan)
    return directory


def lock(directory):
    """Held until this process ends."""
    file = open(directory / ".lock", "w", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Refused(1, f"{directory.name} is under way") from None
    return file


def write_commands(directory, plan):
    (directory / "commands").mkdir(exist_ok=True)
    for cell in plan["cells"]:
        write(directory / "commands" / cell["id"],
              planning.command(cell, directory) + "\n")


def verdict(directory, run):
    return verdict_of(directory / "cells" / run)


def verdict_of(directory):
    """Of a run's own directory."""
    with contextlib.suppress(OSError):
        return (directory / "verdict").read_text(errors="replace").strip()
    return "failed: did not run"


def measured(directory, plan):
    """{id: seconds} of the plan's runs that are there and passed."""
    found = {}
    for cell in plan["cells"]:
        with contextlib.suppress(OSError, ValueError):
            if verdict(directory, cell["id"]) == "passed":
                found[cell["id"]] = int((directory / "cells" / cell["id"]
                                         / "seconds").read_text())
    return found


def measured_before(name, plan):
    """The same of the newest experiment of that name, of runs that were the
    same ones."""
    with contextlib.suppress(Refused, OSError, ValueError):
        before = read_json(find(name) / "plan.json")
        same = [run for run in plan["cells"] if run in before["cells"]]
        return measured(find(name), dict(plan, cells=same))
    return {}


# --- running ------------------------------------------------------------------

class Runner:
    """Whoever goes on with an experiment has mended why a cell failed, or hopes
    so: all that did not pass is run.  elsewhere: of cluster.py, who has the
    runs; None: this machine.  jobs: at once; 0: as many as there is room for."""

    def __init__(self, directory, plan, jobs, elsewhere=None):
        self.directory, self.plan = directory, plan
        self.jobs, self.elsewhere = jobs, elsewhere
        self.ids = [cell["id"] for cell in plan["cells"]]
        self.waiting = [run for run in self.ids
                        if verdict(directory, run) != "passed"]
        self.clock = planning.Clock(plan, measured(directory, plan))
        self.running, self.done, self.stopped = {}, set(self.ids), False
        self.done -= set(self.waiting)

    def run(self):
        """False: it was stopped."""
        handlers = {s: signal.signal(s, self.stop) for s in
                    (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            if self.elsewhere:
                self.spread()
            while not self.elsewhere and (self.running or
                                          self.waiting and not self.stopped):
                self.turn()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            self.line("")
        return not self.stopped

    def stop(self, *_):
        """The runs see to their emulators, and say that they were stopped."""
        self.stopped = True
        for child, *_ in self.running.values():
            child.terminate()
        if self.elsewhere:
            self.elsewhere.stop()

    def turn(self):
        while self.waiting and len(self.running) < self.jobs \
                and not self.stopped:
            self.begin(self.waiting.pop(0))
        self.line(f"{self.progress()}; {' '.join(self.running)}")
        time.sleep(TICK_S)
        for run, (child, begin, _) in list(self.running.items()):
            if child.poll() is not None:
                self.end(run, time.monotonic() - begin)

    def begin(self, run):
        self.line("")
        say(f"{run} begins ({self.progress()})")
        log = open(self.directory / "cells" / f"{run}.txt", "wb")
        # In place of its shell, so that a signal reaches build.sh
        line = (self.directory / "commands" / run).read_text()
        child = subprocess.Popen(
            ["bash", "-c", line.replace(" && env ", " && exec env ", 1)],
            stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.running[run] = child, time.monotonic(), log
        if self.stopped:
            child.terminate()

    def end(self, run, took):
        self.running.pop(run)[2].close()
        self.count(run, took)

    def count(self, run, took):
        """One has ended."""
        self.line("")
        directory = self.directory / "cells" / run
        self.done.add(run)
        text = verdict(self.directory, run)
        if text == "passed":
            write(directory / "seconds", f"{took:.0f}\n")
            self.clock.measured[run] = took
        if not directory.is_dir():
            text = self.last_words(run) or text
        say(f"{run}: {text}, {took:.0f} s ({self.progress()})")

    def last_words(self, run):
        with contextlib.suppress(OSError):
            lines = (self.directory / "cells" / f"{run}.txt").read_text(
                errors="replace").split("\n")
            return next((s for s in reversed(lines) if s.strip()), "")
        return ""

    def progress(self):
        """3 of 8 done, about 5 min left."""
        left = [run for run in self.ids if run not in self.done]
        text = f"{len(self.done)} of {len(self.ids)} done"
        if not left or not self.jobs:
            return text
        rest = self.clock.left(left, self.jobs)
        if rest is None:
            return text
        now = time.monotonic()
        rest -= sum(min(now - begin, self.clock.of(run)[0])
                    for run, (_, begin, _) in self.running.items()) / self.jobs
        return f"{text}, about {planning.duration(max(1, rest))} left"

    @staticmethod
    def line(text):
        """On a terminal: where it is, over what was there."""
        if sys.stderr.isatty():
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\033[K{text[:width]}")
            sys.stderr.flush()

    # --- on other machines ----------------------------------------------------

    def spread(self):
        """All at once; then again those that were killed, which is not what
        they came to."""
        for _ in range(TRIES):
            if not self.waiting or self.stopped:
                return
            say(f"{len(self.waiting)} runs for {self.elsewhere.name} "
                f"({self.progress()})")
            self.elsewhere.begin(self.waiting)
            killed, left = [], set(self.waiting)
            while left:
                time.sleep(TICK_S)
                self.line(self.progress())
                for run in self.elsewhere.ended():
                    left.discard(run)
                    end = cluster.read_ended(self.directory, run)
                    if end:
                        self.count(run, end[1])
                    else:
                        killed.append(run)
            self.waiting = killed
        for run in self.waiting:
            self.count(run, 0)
