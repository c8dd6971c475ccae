# SPDX-License-Identifier: GPL-2.0-only
"""An experiment: its text file, a sweep or a grid, to cells.

Settings hold for the cells below them; the other lines are of the whole.  A
mistake is named with line and column.
"""
import itertools
import os
import re

from . import expression, metrics
from .common import NAME, Refused, machine, nearest, topologies

CELLS_MAX = 64
SETTINGS = ("topology", "mem", "cxl_mem", "smp", "dram_free", "latency",
            "count", "heat", "scope", "loop", "timeout", "kernel", "common",
            "add", "package", "script")
KEYWORDS = ("title", "note", "metric", "rank", "reference", "theirs", "expect",
            "icount", "cell") + SETTINGS
LOOPS = ("plain", "batch", "touch", "auto")
SPACE = " \t\r\v\f"
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
# What a word is made of: '...', "...", \x, and what needs no quotes
PIECE = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)"""
                   rf"""|([^'"\\{SPACE}]+)""")


class Cell:
    """One of what is compared: words as they were written, with the settings
    that hold for it.  at: where it stands, for whom it is refused."""

    def __init__(self, name, at, words, settings):
        self.name, self.at, self.words = name, at, words
        self.settings = dict(settings)
        self.words += self.settings.pop("common", [])


class Experiment:
    def __init__(self, title=""):
        self.title, self.rank, self.reference = title, "", ""
        self.notes, self.theirs, self.cells = [], {}, []
        self.expect, self.metrics, self.icount = [], [], ""

    def has(self, name):
        return any(cell.name == name for cell in self.cells)


def find_policies(words, directory):
    """A policy's file is named from where it is written: from now on wherever
    we are.  As tier tells it from the name of a policy that it has."""
    for i, word in enumerate(words):
        before, equal, path = word.rpartition("--policy=")
        if equal and not before:
            words[i] = equal + policy_path(path, directory)
        elif i and words[i - 1] == "--policy":
            words[i] = policy_path(word, directory)
    return words


def policy_path(name, directory):
    if "/" not in name and not re.fullmatch(r".+\.policy", name):
        return name
    return os.path.abspath(os.path.join(directory, name))


def split(text):
    return [word for word in re.split(f"[{SPACE}]+", text) if word]


def shell_words(text, wrong):
    """The words of a run, quoted as for a shell.  wrong: is told of a mistake,
    and where in the text it begins."""
    words, at = [], 0
    while True:
        at = re.compile(f"[{SPACE}]*").match(text, at).end()
        if at == len(text):
            return words
        word = ""
        while at < len(text) and text[at] not in SPACE:
            piece = PIECE.match(text, at)
            if not piece:
                wrong("a backslash, and nothing behind it"
                      if text[at] == "\\" else
                      f"the {text[at]} that begins here ends nowhere; one "
                      f"that is meant is written \\{text[at]}", at + 1)
            single, double, escaped, plain = piece.groups()
            word += re.sub(r'\\([\\"$`])', r"\1", double) if double else \
                single or escaped or plain or ""
            at = piece.end()
        words.append(word)


# --- the file -----------------------------------------------------------------

class Reader:
    def __init__(self, path, settings):
        self.path, self.settings = path, dict(settings)
        self.line = self.column = 1
        self.experiment, self.theirs = Experiment(), []

    def wrong(self, message, column=None):
        raise Refused(2, f"{self.at(column)}: {message}")

    def at(self, column=None):
        return f"{self.path}:{self.line}:{column or self.column}"

    def lines(self):
        with open(self.path, "rb") as file:
            for self.line, line in enumerate(file, 1):
                try:
                    # As an editor of Windows begins a file
                    text = line.rstrip(b"\r\n").decode(
                        "utf-8-sig" if self.line == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    self.wrong("not UTF-8", error.start + 1)
                odd = re.search(r"[\0-\x08\x0e-\x1f\x7f]", text)
                if odd:
                    self.wrong("a control character", odd.start() + 1)
                yield text

    def read(self):
        self.line = 0
        for text in self.lines():
            match = re.match(f"[{SPACE}]*([^{SPACE}#][^{SPACE}]*)[{SPACE}]*",
                             text)
            if match:
                self.column = match.end() + 1
                self.take(match[1], text[match.end():].rstrip(SPACE))
        self.line, self.column = self.line + 1, 1
        self.check()
        return self.experiment

    def take(self, keyword, value):
        if keyword not in KEYWORDS:
            self.wrong(f"unknown word '{keyword}'; there are "
                       f"{', '.join(KEYWORDS)}{nearest(keyword, KEYWORDS)}",
                       1)
        if not value and keyword not in ("common", "count", "heat", "icount"):
            self.wrong(f"{keyword}: nothing behind it")
        if value and keyword in ("count", "heat"):
            self.wrong(f"{keyword}: it is on by its name alone, and takes no "
                       f"'{value}'")
        if keyword in SETTINGS:
            self.settings[keyword] = self.setting(keyword, value)
        else:
            getattr(self, f"take_{keyword}")(value)

    def setting(self, keyword, value):
        if keyword == "topology":
            found = machine(value, os.path.dirname(self.path))
            if not found:
                self.wrong(f"no topology '{value}'; there are "
                           f"{' '.join(topologies())}, and files: ./NAME")
            value = found
        if keyword in ("mem", "cxl_mem", "dram_free") and \
                not re.fullmatch("[1-9][0-9]{0,6}[MG]", value):
            self.wrong(f"{keyword}: '{value}' is no size like 512M or 8G")
        if keyword == "smp" and not re.fullmatch("[1-9][0-9]?", value):
            self.wrong(f"smp: '{value}' is no number of CPUs")
        if keyword == "loop" and value not in LOOPS:
            self.wrong(f"loop: '{value}' is none of {', '.join(LOOPS)}"
                       f"{nearest(value, LOOPS)}")
        if keyword == "timeout":
            match = re.fullmatch("([1-9][0-9]{0,5})([smh]?)", value)
            if not match:
                self.wrong(f"timeout: '{value}' is no time like 15m")
            value = str(int(match[1]) * SECONDS[match[2]])
        if keyword == "common":
            value = self.words(value, 0)
        if keyword in ("add", "script"):
            beside = os.path.dirname(os.path.abspath(self.path))
            value = " ".join(os.path.join(beside, one)
                             for one in split(value))
        if keyword == "script" and not os.path.isfile(value):
            self.wrong(f"script: there is no file {value}")
        return value

    def words(self, value, before):
        """Of the line's value, of which so many characters were before."""
        return shell_words(value, lambda message, column: self.wrong(
            message, self.column + before + column - 1))

    def take_title(self, value):
        self.experiment.title = value

    def take_note(self, value):
        self.experiment.notes.append(value)

    def take_metric(self, value):
        match = re.fullmatch(r"([a-z][a-z0-9_]*)\s+(\S.*?)\s+(\S+)\s+"
                             "better=(more|less)", value)
        if not match:
            self.wrong("metric: NAME REGEX UNIT better=more (or less), e.g. "
                       r"metric reads_per_s ^get: ([0-9.]+) 1/s better=more")
        name, regex, unit, better = match.groups()
        if name in metrics.OURS or any(name == m["name"] for m in
                                       self.experiment.metrics):
            self.wrong(f"metric {name}: there is one of that name")
        try:
            groups = re.compile(regex).groups
        except re.error as error:
            self.wrong(f"metric {name}: {error}",
                       self.column + match.start(2) + (error.pos or 0))
        if groups != 1:
            self.wrong(f"metric {name}: the expression has {groups} groups, "
                       "and the figure is in one: ([0-9.]+)",
                       self.column + match.start(2))
        self.experiment.metrics.append({"name": name, "regex": regex,
                                        "unit": unit, "better": better})
        metrics.add(self.experiment.metrics)

    def take_rank(self, value):
        try:
            self.experiment.rank = metrics.check(value)
        except Refused as refused:
            self.wrong(refused)

    def take_icount(self, value):
        if not re.fullmatch("([0-9]|10|)", value):
            self.wrong(f"icount: an instruction takes 2^N ns, 0 to 10: "
                       f"'{value}' is none of them")
        self.experiment.icount = value or "1"

    def take_reference(self, value):
        self.experiment.reference = value, self.at()

    def take_theirs(self, value):
        name, *figures = split(value)
        if name not in metrics.COUNTERS:
            self.wrong(f"theirs: no counter '{name}'"
                       f"{nearest(name, metrics.COUNTERS)}")
        self.experiment.theirs[name] = figures
        self.theirs.append((name, self.at()))

    def take_expect(self, value):
        line, column = self.line, self.column

        def wrong(message, at):
            raise Refused(2, f"{self.path}:{line}:{column + at - 1}: expect: "
                          f"{message}")
        self.experiment.expect.append(expression.parse(value, wrong))

    def take_cell(self, value):
        name, before, rest = re.fullmatch(
            f"([^{SPACE}]+)([{SPACE}]*)(.*)", value).groups()
        words = self.words(rest, len(name + before))
        if not re.fullmatch(NAME, name):
            self.wrong(f"cell '{name}': letters, digits and . _ - only")
        if self.experiment.has(name):
            self.wrong(f"there is a cell {name} already")
        if not words:
            self.wrong(f"cell {name}: what shall it run?")
        self.experiment.cells.append(
            Cell(name, self.at(self.column + len(name + before)), words,
                 self.settings))
        find_policies(self.experiment.cells[-1].words,
                      os.path.dirname(self.path))

    def check(self):
        e = self.experiment
        if not e.title:
            self.wrong("no title")
        if not e.cells:
            self.wrong("no cell")
        if len(e.cells) > CELLS_MAX:
            self.wrong(f"{len(e.cells)} cells: no more than {CELLS_MAX}")
        for name, at in self.theirs:
            if len(e.theirs[name]) != len(e.cells):
                raise Refused(2, f"{at}: theirs {name}: {len(e.cells)} cells, "
                              f"but {len(e.theirs[name])} figures")
        e.rank = e.rank or " ".join(m["name"] for m in e.metrics)
        if e.reference:
            e.reference, at = e.reference
            check_reference(e, f"{at}: reference")


def check_reference(experiment, where):
    """reference: the cell that is run again and again with one seed."""
    names = [cell.name for cell in experiment.cells]
    if experiment.reference not in names:
        raise Refused(2, f"{where}: no cell '{experiment.reference}'"
                      f"{nearest(experiment.reference, names)}")
    if "reference" in names:
        raise Refused(2, f"{where}: a cell of that name is there already")


# --- without a file -----------------------------------------------------------

def in_workload(message, column):
    raise Refused(2, f"--workload, character {column}: {message}")


def sweep(spec, workload, settings):
    """KEY=V,V...: one tunable, a cell a value."""
    match = re.fullmatch(r"([A-Za-z0-9_.-]+)=([^,\s]+(?:,[^,\s]+)*)", spec)
    if not match:
        raise Refused(2, f"sweep '{spec}': give KEY=VALUE,VALUE,..., e.g. "
                      "hot_threshold_ms=250,500,1000,2000")
    if not workload:
        raise Refused(2, "sweep: which --workload? e.g. --workload \"gups 256M "
                      "node1 --hot 16M --policy numab --duration 20\"")
    words = shell_words(workload, in_workload)
    if not has_option(words, "--policy"):
        words += ["--policy", "numab"]
    experiment = Experiment(f"{match[1]}: {' '.join(words)}")
    values = match[2].split(",")
    check_axis("sweep", values)
    for value in values:
        add(experiment, "sweep", [value], f"sweep {match[1]}={value}",
            words + ["--set", f"{match[1]}={value}"], settings)
    return experiment


def grid(axes, workload, settings):
    """axes: {"policy": [...], "kernel": [...], "topology": [...]}; a cell for
    each of the combinations, named after what differs."""
    if not workload:
        raise Refused(2, "grid: which --workload? e.g. --workload \"gups 256M "
                      "node1 --hot 16M --duration 20\"")
    words = shell_words(workload, in_workload)
    if "policy" in axes and has_option(words, "--policy"):
        raise Refused(2, "grid: a --policy in the workload, and one beside it")
    for name, values in axes.items():
        check_axis(f"grid: --{name}", values)
    for i, value in enumerate(axes.get("topology", [])):
        axes["topology"][i] = a_machine(value)
    differs = " x ".join(name for name in axes if len(axes[name]) > 1)
    experiment = Experiment(f"{differs or 'one cell'}: {' '.join(words)}")
    for combination in itertools.product(*axes.values()):
        chosen = dict(zip(axes, combination))
        policy = chosen.pop("policy", None)
        add(experiment, "grid", [os.path.basename(value).removesuffix(".policy")
                                 for name, value
                                 in zip(axes, combination)
                                 if len(axes[name]) > 1 or not differs],
            "grid " + ",".join(combination),
            words + (["--policy", policy] if policy else []),
            {**settings, **chosen})
    return experiment


def a_machine(name):
    """--topology NAME"""
    found = machine(name)
    if not found:
        raise Refused(2, f"--topology {name}: there are "
                      f"{' '.join(topologies())}, and files: ./NAME")
    return found


def check_axis(what, values):
    twice = next((v for v in values if values.count(v) > 1), None)
    if twice is not None:
        raise Refused(2, f"{what}: {twice} is there twice")
    if "" in values:
        raise Refused(2, f"{what}: an empty value")


def add(experiment, what, parts, at, words, settings):
    name = "-".join(parts) or "cell"
    if not re.fullmatch(NAME, name):
        raise Refused(2, f"{what}: '{name}': letters, digits and . _ - only")
    if experiment.has(name):
        raise Refused(2, f"{what}: two cells would be called {name}")
    if len(experiment.cells) == CELLS_MAX:
        raise Refused(2, f"{what}: no more than {CELLS_MAX} cells")
    experiment.cells.append(Cell(name, at, find_policies(words, ""), settings))


def has_option(words, option):
    return any(w == option or w.startswith(option + "=") for w in words)
