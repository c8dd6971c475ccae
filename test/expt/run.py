#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The tests of experiments/expt, as TAP, and how much of it they run.

    test/expt/run.py [MODULE...]

None boots a guest.  All but what is simulated is traced: of the lines of all
parts together at least LEAST must run.
"""
import dis
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "experiments" / "expt"
LEAST = 0.9
UNTRACED = ("test_simulated",)      # thousands of experiments

sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(PACKAGE.parent)]


class Result(unittest.TestResult):
    """Says each test as it ends."""
    count = 0

    def say(self, good, test, more=""):
        Result.count += 1
        print(f"{'ok' if good else 'not ok'} {Result.count} - "
              f"{test.id()}{more}", flush=True)

    def addSuccess(self, test):
        self.say(True, test)

    def addSkip(self, test, reason):
        self.say(True, test, f" # SKIP {reason}")

    def bad(self, test, error):
        self.say(False, test)
        text = self._exc_info_to_string(error, test)
        print("\n".join(f"# {line}" for line in text.splitlines()))

    def addError(self, test, err):
        super().addError(test, err)
        self.bad(test, err)

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        if err:
            self.addError(subtest, err)


def lines_of(path):
    """Those that can run."""
    left = [compile(path.read_text(encoding="utf-8"), str(path), "exec")]
    found = set()
    while left:
        code = left.pop()
        found |= {line for _, line in dis.findlinestarts(code) if line}
        left += [c for c in code.co_consts if hasattr(c, "co_code")]
    return found


class Tracer:
    """The lines that run, of the package's files.  (The library's trace takes
    parse.py for urllib's: it knows modules by their last name.)"""

    def __init__(self):
        self.ran = {str(path): set() for path in PACKAGE.glob("*.py")}

    def __call__(self, frame, event, _):
        lines = self.ran.get(frame.f_code.co_filename)
        if lines is None:
            return None
        add = lines.add

        def line(frame, event, _):
            if event == "line":
                add(frame.f_lineno)
            return line
        return line


def coverage(tracer):
    all_of = good = 0
    for path in sorted(PACKAGE.glob("*.py")):
        lines = lines_of(path)
        hit = lines & tracer.ran[str(path)]
        all_of, good = all_of + len(lines), good + len(hit)
        missed = " ".join(map(str, sorted(lines - hit)))
        print(f"# {path.name:<16} {len(hit):4} of {len(lines):4} lines"
              + (f"; not {missed}" if missed else ""))
    print(f"# all {good / all_of:.1%}")
    return good / all_of


def main(names):
    loader, result, tracer = unittest.TestLoader(), Result(), Tracer()
    all_of = names or sorted(p.stem for p in HERE.glob("test_*.py"))
    for name in sorted(all_of, key=lambda n: n in UNTRACED):
        sys.settrace(None if name in UNTRACED else tracer)
        loader.loadTestsFromName(name).run(result)
    sys.settrace(None)
    good = not result.errors
    if not names:
        enough = coverage(tracer) >= LEAST
        Result.count += 1
        print(f"{'ok' if enough else 'not ok'} {Result.count} - "
              f"{LEAST:.0%} of the lines run")
        good = good and enough
    print(f"1..{Result.count}")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
