# SPDX-License-Identifier: GPL-2.0-only
"""What all parts use: how they refuse, and where things are."""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPERIMENTS = ROOT / "experiments"
NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"


class Refused(Exception):
    """status: 1 it failed, 2 bad usage, 3 the machine lacks something."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def on_a_line(words):
    """On a line, where a word that has spaces is known as one."""
    return " ".join(shlex.quote(word) if not word or " " in word else word
                    for word in words)


def escape(text):
    """For HTML and SVG (the library's html takes longer to load)."""
    for plain, named in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"),
                         ('"', "&quot;")):
        text = text.replace(plain, named)
    return text


def nearest(word, words):
    """Of those words the one that a slip of the hand turns into this one."""
    import difflib
    found = difflib.get_close_matches(word, list(words), 1, 0.5)
    return f"; nearest: {found[0]}" if found else ""


def need(*packages):
    """Debian's packages; whether they are there now."""
    return subprocess.run([ROOT / "build.sh", "need", *packages], check=False,
                          stdin=subprocess.DEVNULL).returncode == 0


def variables():
    """build.sh's variables: (name, value, default), from its own table."""
    rows = (row.split("|")[:2]
            for row in os.environ.get("VARIABLES_TABLE", "").splitlines())
    return [(name, os.environ.get(name) or default, default)
            for name, default in rows]


def out():
    return pathlib.Path(os.environ.get("OUT") or ROOT / "out")


def topologies():
    return sorted(os.listdir(ROOT / "initramfs" / "topologies"))


def machine(name, directory=""):
    """A topology: one of ours by its name, or a file by a path with a slash, from
    now on wherever we are.  None: there is none."""
    if "/" not in name:
        return name if name in topologies() else None
    path = os.path.abspath(os.path.join(directory, name))
    return path if os.path.isfile(path) else None


def read_json(path):
    """What build.sh wrote; it may have become something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused(1, f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise Refused(1, f"{path}: is no JSON, or not all of it") from None
    if not isinstance(found, dict):
        raise Refused(1, f"{path}: is not what build.sh writes")
    return found


# What all reports need of a plan, and of each of its runs
OF_PLAN = {"name": str, "title": str, "scale": str, "repeats": int, "rank": str,
           "kernel": str, "qemu": str, "cells": list}
# What those of older versions may lack, and of what they are
MAY_PLAN = {"metrics": (list, dict), "expect": (list, str), "notes": (str, str),
            "theirs": (dict, str)}
OF_RUN = {"id": str, "cell": str, "repeat": int, "topology": str, "mem": str,
          "cxl_mem": str, "smp": str, "words": list}


def read_plan(directory):
    """An experiment's plan."""
    path = directory / "plan.json"
    plan = read_json(path)

    def hold(good, what):
        if not good:
            raise Refused(1, f"{path}: is not what build.sh writes: {what}")

    for name, kind in OF_PLAN.items():
        hold(isinstance(plan.get(name), kind), name)
    for name, (kind, inner) in MAY_PLAN.items():
        value = plan.get(name, kind())
        hold(isinstance(value, kind) and
             all(isinstance(x, inner) for x in value), name)
    for run in plan["cells"]:
        for name, kind in OF_RUN.items():
            hold(isinstance(run, dict) and isinstance(run.get(name), kind), name)
        hold(re.fullmatch(NAME, run["id"]), run["id"])
        hold(all(isinstance(word, str) for word in run["words"]), "words")
    return plan


def write_json(path, value):
    write(path, json.dumps(value, indent=1) + "\n")


def write(path, text):
    """Whole or not at all: somebody may be reading the old one."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8", errors="surrogateescape")
    new.replace(path)
