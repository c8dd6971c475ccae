# SPDX-License-Identifier: GPL-2.0-only
"""From cells to runs: sizes scaled, memory found, repeats in rounds.

A plan is what plan.json holds.  Its runs are in the order in which they are
made: all cells once, then again, each time from the next one on, so that what
changes on the host in the meantime is in all cells alike.
"""
import json
import re
import shlex
import subprocess

from . import parse
from .common import ROOT, Refused, say, variables

MEM_MIN = 384       # MiB, below which the kernel and tier have no room
CXL_STEP = 256      # MiB, of regions
UNITS = {"": 0, "k": 10, "M": 20, "G": 30, "T": 40}
# Variables that each run sets for itself
OWN = ("TOPOLOGY", "MEM", "CXL_MEM", "SMP", "TIMEOUT", "OUT")


class Scale:
    def __init__(self, text="1"):
        match = re.fullmatch("([1-9][0-9]{0,3})(?:/([1-9][0-9]{0,3}))?", text)
        if not match:
            raise Refused(2, f"--scale {text}: give e.g. 1/8")
        self.text, self.of, self.by = text, int(match[1]), int(match[2] or 1)

    def size(self, text):
        """By the scale, in whole bytes of the largest unit that fits."""
        unit = text.lstrip("0123456789")
        size = (int(text[:len(text) - len(unit)]) << UNITS[unit]) \
            * self.of // self.by
        for unit in "GMk":
            if size and size % (1 << UNITS[unit]) == 0:
                return f"{size >> UNITS[unit]}{unit}"
        return str(size)

    def mib(self, text):
        return (int(text[:-1]) << UNITS[text[-1]]) * self.of // self.by >> 20

    def words(self, words, at):
        """{1G} in them is 1G scaled."""
        def one(word):
            scaled = re.sub(r"\{([1-9][0-9]{0,8}[kMGT]?)\}",
                            lambda m: self.size(m[1]), word)
            if re.search("[{}]", scaled):
                raise Refused(2, f"{at}: '{word}': a size that is scaled is "
                              "written {1G}")
            return scaled
        return [one(word) for word in words]


class Planner:
    """guest(kernel): the versions that a run has with it (run.guest)."""

    def __init__(self, options, guest):
        self.o, self.guest = options, guest
        self.scale = Scale(options.scale)

    def plan(self, experiment, name):
        # First of all, since it makes the tier that is asked
        guests = [self.guest(c.settings.get("kernel"))
                  for c in experiment.cells]
        cells = [self.cell(cell) for cell in experiment.cells]
        for cell, planned in zip(experiment.cells, cells):
            check_words(cell.at, self.words(planned, self.o.repeat), planned)
        plan = {
            "name": name, "title": experiment.title, "scale": self.scale.text,
            "rank": self.o.rank or experiment.rank,
            "repeats": self.o.repeat, "icount": self.o.icount,
            "kernel": ", ".join(dict.fromkeys(g["kernel"] for g in guests)),
            "qemu": guests[0]["qemu"], "notes": " ".join(experiment.notes),
            "theirs": experiment.theirs, "metrics": experiment.metrics,
            "reference": self.o.reference or experiment.reference,
            "expect": [],
            "cells": self.rounds(cells, self.o.reference
                                 or experiment.reference),
        }
        if not self.o.elsewhere:
            check_host_memory(plan, self.o.jobs or 1, self.scale)
        return plan

    def rounds(self, cells, reference):
        """The reference ends each; of one round there is no noise to see."""
        runs = []
        for repeat in range(1, self.o.repeat + 1):
            first = (repeat - 1) % len(cells)
            for cell in cells[first:] + cells[:first]:
                runs.append({"id": f"{cell['cell']}.{repeat}",
                             "repeat": repeat, **cell,
                             "words": self.words(cell, repeat)})
            runs += [{"id": f"reference.{repeat}", "repeat": repeat, **cell,
                      "cell": "reference", "words": self.words(cell, 1)}
                     for cell in cells if cell["cell"] == reference
                     and self.o.repeat > 1]
        return runs

    @staticmethod
    def words(cell, repeat):
        words = cell["words"]
        # A program's words are its own
        if repeat > 1 and "gups" in words and \
                not parse.has_option(words, "--seed"):
            words = words + ["--seed", str(repeat - 1)]
        return words

    def cell(self, cell):
        s = dict(cell.settings)
        if self.o.topology:
            s["topology"] = self.o.topology
        latency, count = s.get("latency", ""), "count" in s
        heat = "heat" in s
        if (latency or count or heat) and not self.guest(s.get("kernel"))["plugin"]:
            say(f"{cell.name}: this QEMU takes no plugin: without it")
            latency, count, heat = "", False, False
        if self.o.icount:
            if latency:
                say(f"{cell.name}: --icount: no latency is injected")
            latency, s["smp"] = "", "1"
        options = ["--latency", latency] if latency else []
        options += ["--count"] if count else []
        options += ["--heat"] if heat else []
        if options and s.get("scope"):
            options += ["--scope", s["scope"]]
        for option in ("add", "package", "script"):
            for value in parse.split(s.get(option, "")):
                options += [f"--{option}", value]
        mem, cxl, reserve = self.memory(s, cell.at)
        planned = {
            "cell": cell.name, "topology": s["topology"], "mem": f"{mem}M",
            "cxl_mem": f"{cxl}M", "smp": s["smp"],
            "dram_free": s.get("dram_free", ""), "latency": latency,
            "timeout": s["timeout"], "words": options + ["--once"] + reserve
            + self.scale.words(cell.words, cell.at) + loop(cell)}
        if s.get("kernel"):
            planned["kernel"] = s["kernel"]
        return planned

    def memory(self, s, at):
        """MiB of DRAM, of a CXL device, and the words of a reserve."""
        mem = max(MEM_MIN, self.scale.mib(s["mem"]))
        cxl = self.scale.mib(s["cxl_mem"])
        if not cxl or cxl % CXL_STEP:
            raise Refused(2, f"{at}: cxl_mem {s['cxl_mem']} at scale "
                          f"{self.scale.text} is no multiple of {CXL_STEP}M, "
                          "as regions are: take another --scale")
        if not s.get("dram_free"):
            return mem, cxl, []
        free = self.scale.mib(s["dram_free"])
        if not free:
            raise Refused(2, f"{at}: dram_free {s['dram_free']} at scale "
                          f"{self.scale.text}: too small")
        # The kernel's own does not shrink with the machine: its image, tier,
        # and a struct page (1/64) for all memory
        while mem - 112 - (mem + cxl) // 64 < free:
            mem += 64
        return mem, cxl, ["--hog", f"node0:free={free}M,lock"]


def loop(cell):
    """One update loop for all cells: a run that chooses its own takes what is
    a tenth faster while the host is as busy as it is then."""
    chosen = cell.settings.get("loop", parse.LOOPS[0])
    verb = next((w for w in cell.words if not w.startswith("-")), "")
    if verb != "gups" or chosen == "auto" or \
            parse.has_option(cell.words, "--loop"):
        return []
    return ["--loop", chosen]


def check_words(at, words, cell):
    """What tier, or run, would call bad usage is found before anything boots.
    What this machine lacks is none of the guest's business."""
    done = subprocess.run(["env", *settings(cell), ROOT / "build.sh",
                           "qemu-line", cell["topology"], *words],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, errors="replace",
                          stdin=subprocess.DEVNULL)
    if done.returncode == 2:
        said = done.stderr.strip().splitlines() or ["refused"]
        raise Refused(2, f"{at}: " + said[-1].removeprefix("build.sh: "))
    # Help, or a version, in the place of a command
    if not done.returncode and not re.search("^\t-kernel ", done.stdout, re.M):
        raise Refused(2, f"{at}: a cell is a run, and this asks for help")
    if "--script" not in words and \
            not {"gups", "run"} & set(words[words.index("--once"):]):
        raise Refused(2, f"{at}: a cell is a run of gups, of run, or of a "
                      "script: of nothing else figures are compared")


def backends(topology):
    """How many CXL devices, or far nodes, such a machine has."""
    text = (ROOT / "initramfs" / "topologies" / topology).read_text(
        errors="replace")
    return sum("size=@CXL_MEM@" in line for line in text.splitlines()
               if not line.startswith("#"))


def guest_mib(cell):
    """Of all its memory."""
    return int(cell["mem"][:-1]) + int(cell["cxl_mem"][:-1]) \
        * backends(cell["topology"])


def check_host_memory(plan, jobs, scale):
    """A guest's memory is taken as it is touched, but in the end it is."""
    most = max(map(guest_mib, plan["cells"]))
    with open("/proc/meminfo", encoding="ascii") as file:
        free = int(re.search(r"^MemAvailable: *(\d+)", file.read(), re.M)[1])
    free //= 1024
    if most * jobs <= free:
        return
    by = most * jobs * scale.by // (free * scale.of) + 1
    at_once = f", {jobs} at once {most * jobs}" if jobs > 1 else ""
    raise Refused(3, f"a guest has {most} MiB{at_once}; this machine has "
                  f"{free} free: try --scale 1/{by}"
                  + (" or --jobs 1" if jobs > 1 else ""))


def settings(cell):
    words = [f"TOPOLOGY={cell['topology']}", f"MEM={cell['mem']}",
             f"CXL_MEM={cell['cxl_mem']}", f"SMP={cell['smp']}",
             f"TIMEOUT={cell['timeout']}"]
    if cell.get("kernel"):
        words.insert(0, f"KERNEL={cell['kernel']}")
    return words


def manifest(cell, plan, hashes):
    """Of a run elsewhere, as far as it is known here."""
    guest = {k: cell[k] for k in ("topology", "mem", "cxl_mem", "smp")}
    return json.dumps({"arguments": cell["words"], "guest": guest, "versions": {
        k: plan[k] for k in ("kernel", "qemu")}, "sha256": hashes},
        indent=1) + "\n"


def command(cell, directory):
    """The run of a cell: a line for any shell."""
    given = [f"{name}={value}" for name, value, default in variables()
             if name not in OWN and value != default
             and not (name == "KERNEL" and cell.get("kernel"))]
    return " ".join([
        f"cd {shlex.quote(str(ROOT))} && env",
        *(shlex.quote(word) for word in given + settings(cell)),
        shlex.quote(f"OUT={directory}/cells"), "./build.sh run --name",
        cell["id"], *(shlex.quote(word) for word in cell["words"])])


# --- how long it takes --------------------------------------------------------

BOOT_S = 7              # until the table is populated, and the end
TABLE_S_A_GIB = 14      # populated, warmed up, verified
UPDATES_A_S = 15e6      # by two threads in the emulator
SLOWER = 3              # with the plugin, or with instructions counted


def seconds(text):
    match = re.fullmatch(r"([0-9.]+)(ms|s|m|h|)", text)
    return float(match[1]) * {"ms": 1e-3, **parse.SECONDS}[match[2]] \
        if match else 0


def estimate(cell, icount=""):
    """Seconds that a run may take: a guess, from its words.  None: a program
    takes what it takes, and no word says it."""
    words = cell["words"]
    if "--script" in words or "run" in words[words.index("--once"):]:
        return None
    slow = SLOWER if icount or "--count" in words or "--latency" in words \
        or "--heat" in words else 1
    sizes = [w for w in words[words.index("--once"):]
             if re.fullmatch("[0-9]+[kMGT]", w)]
    gib = int(sizes[0][:-1]) * 2.0 ** (UNITS[sizes[0][-1]] - 30) if sizes \
        else 0
    updates = gib * 2 ** 29 / UPDATES_A_S
    for word, value in zip(words, words[1:] + [""]):
        word, _, inner = word.partition("=")
        if word == "--duration":
            updates = seconds(inner or value)
            break
    else:
        updates *= slow
    return BOOT_S + gib * TABLE_S_A_GIB * slow + updates


class Clock:
    """What has been measured of a plan's runs, {id: seconds}, and what is
    guessed of the others, in the same measure."""

    def __init__(self, plan, measured):
        self.cell = {run["id"]: run["cell"] for run in plan["cells"]}
        self.guess = {run["id"]: estimate(run, plan["icount"])
                      for run in plan["cells"]}
        self.measured = measured

    def of(self, run):
        """(seconds, measured): of the cell's own runs, where there are; else by
        the others. None: no other run of a program says how long this one is."""
        same = [s for i, s in self.measured.items()
                if self.cell.get(i) == self.cell[run]]
        if same:
            return sum(same) / len(same), True
        guess = self.guess[run]
        guesses, times = [], []
        for i, took in self.measured.items():
            if i in self.guess and \
                    (self.guess[i] is None) == (guess is None):
                guesses.append(self.guess[i])
                times.append(took)
        if guess is None:
            return sum(times) / len(times) if times else None, False
        ratio = sum(times) / sum(guesses) if times else 1
        return guess * ratio, False

    def left(self, runs, jobs):
        """None: not known of one of them."""
        times = [self.of(run)[0] for run in runs]
        return None if None in times else sum(times) / jobs


def duration(seconds_):
    """As people say it: 40 s, 12 min, 3.5 h."""
    if seconds_ < 100:
        return f"{seconds_:.0f} s"
    if seconds_ < 100 * 60:
        return f"{seconds_ / 60:.0f} min"
    return f"{seconds_ / 3600:.1f} h"
