# SPDX-License-Identifier: GPL-2.0-only
"""What passed and what did not, for machines: KTAP (as the kernel's tests
speak) and JUnit's XML (as most CI reads)."""
import collections

from .common import escape

# state: passed, failed or skipped; text: why, or the figure
Test = collections.namedtuple("Test", "name state text seconds",
                              defaults=(None,))


def tests(source, judgements):
    """Each run, then each expectation."""
    found = []
    for x in source.runs:
        passed = x["verdict"] == "passed"
        found.append(Test(f"run {x['id']}", "passed" if passed else "failed",
                          "" if passed else x["verdict"],
                          x["values"].get("elapsed_s")))
    for j in judgements:
        state = {True: "passed", False: "failed", None: "skipped"}[j.met]
        found.append(Test(name(j), state, j.said))
    return found


def name(judgement):
    return f"{judgement.cell + ': ' if judgement.cell else ''}{judgement.text}"


def plain(text):
    """On one line, without what begins a directive."""
    return " ".join(text.replace("#", " ").split())


def ktap(found):
    lines = ["KTAP version 1", f"1..{len(found)}"]
    for i, test in enumerate(found, 1):
        if test.text:
            lines.append(f"# {' '.join(test.text.split())}")
        lines.append(f"{'not ok' if test.state == 'failed' else 'ok'} {i} "
                     + plain(test.name)
                     + (" # SKIP" if test.state == "skipped" else ""))
    return "\n".join(lines) + "\n"


def junit(title, found):
    count = collections.Counter(test.state for test in found)
    # XML has no room for most control characters
    title = plain(title)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             f'<testsuite name="{escape(title)}" tests="{len(found)}" '
             f'failures="{count["failed"]}" errors="0" '
             f'skipped="{count["skipped"]}">']
    for test in found:
        begin = f'<testcase classname="{escape(title)}" ' \
            f'name="{escape(plain(test.name))}"' \
            + ("" if test.seconds is None else f' time="{test.seconds:.3f}"')
        text = escape("".join(c if c.isprintable() else " "
                              for c in test.text))
        inner = {"failed": f'<failure message="{text}"/>',
                 "skipped": f'<skipped message="{text}"/>',
                 "passed": f"<system-out>{text}</system-out>" if text else ""}
        lines.append(f"{begin}>{inner[test.state]}</testcase>"
                     if inner[test.state] else f"{begin}/>")
    return "\n".join([*lines, "</testsuite>", ""])
