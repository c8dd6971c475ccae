# SPDX-License-Identifier: GPL-2.0-only
"""Running: real processes, which leave what a run would leave."""
import contextlib
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from unittest import mock

from expt import run
from given import Case, VARIABLES

PASS = "mkdir -p cells/{0}; echo passed >cells/{0}/verdict"


class Cells(Case):
    def plan(self, *ids):
        plan = {"icount": "", "cells": [
            {"id": i, "cell": i.split(".")[0], "repeat": 1,
             "words": ["--once", "gups", "1M", "--duration", "1"]}
            for i in ids]}
        self.directory = run.create("x", plan)
        (self.directory / "commands").mkdir()
        for i in ids:
            self.command(i, PASS)
        return plan

    def command(self, identity, script):
        (self.directory / "commands" / identity).write_text(
            f"cd {self.directory} && env A=1 bash -c '"
            + script.format(identity) + "'\n")

    def run_all(self, plan, jobs=1, logins=None):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            good = run.Runner(self.directory, plan, jobs, logins).run()
        return good, said.getvalue()

    def verdicts(self, plan):
        return [run.verdict(self.directory, c["id"]) for c in plan["cells"]]

    def test_one_after_the_other(self):
        plan = self.plan("a.1", "b.1", "c.1")
        self.command("b.1", "echo; echo no room; echo")
        good, said = self.run_all(plan)
        self.assertTrue(good)
        self.assertEqual(self.verdicts(plan), ["passed",
                                               "failed: did not run", "passed"])
        self.assertRegex(said, r"a\.1 begins \(0 of 3 done, about \d+ s left")
        self.assertRegex(said, r"a\.1: passed, \d s \(1 of 3 done, about")
        self.assertRegex(said, r"b\.1: no room, \d s \(2 of 3 done")
        self.assertIn("(3 of 3 done)", said)
        # Who goes on runs what did not pass, and nothing else
        self.command("b.1", PASS)
        before = (self.directory / "cells" / "a.1.txt").stat().st_mtime_ns
        good, said = self.run_all(plan)
        self.assertEqual(set(self.verdicts(plan)), {"passed"})
        self.assertNotIn("a.1", said)
        self.assertIn("b.1 begins (2 of 3 done", said)
        self.assertEqual((self.directory / "cells" / "a.1.txt")
                         .stat().st_mtime_ns, before)
        self.assertEqual(set(run.measured(self.directory, plan)),
                         {"a.1", "b.1", "c.1"})

    def test_two_at_once(self):
        plan = self.plan("a.1", "b.1", "c.1")
        # Each waits for the other one
        for i, other in (("a.1", "b.1"), ("b.1", "a.1")):
            (self.directory / "commands" / i).write_text(
                f"cd {self.directory} && env A=1 bash -c 'touch {i}.here; "
                f"for i in $(seq 100); do [ -e {other}.here ] && break; "
                f"sleep 0.1; done; [ -e {other}.here ] || exit 1; "
                + PASS.format(i) + "'\n")
        good, _ = self.run_all(plan, 2)
        self.assertEqual(set(self.verdicts(plan)), {"passed"})

    def test_on_the_machines_of_a_file(self):
        """: is this machine, without ssh."""
        if not shutil.which("parallel"):
            self.skipTest("no GNU parallel")
        plan = self.plan("a.1", "b.1", "c.1")
        (self.tmp / "logins").write_text(":\n")
        self.command("b.1", "exit 3")
        good, said = self.run_all(plan, 2, str(self.tmp / "logins"))
        self.assertTrue(good)
        self.assertEqual(self.verdicts(plan), ["passed", "failed: did not run",
                                               "passed"])
        self.assertIn("3 runs on the machines of", said)
        self.assertIn("(3 of 3 done)", said)
        self.assertEqual(len((self.directory / "joblog").read_text()
                             .splitlines()), 4)
        self.command("b.1", PASS)
        self.run_all(plan, 1, str(self.tmp / "logins"))
        good, said = self.run_all(plan, 1, str(self.tmp / "logins"))
        self.assertEqual((good, said), (True, ""))

    def test_progress_on_a_terminal(self):
        plan = self.plan("a.1")
        said = io.StringIO()
        said.isatty = lambda: True
        with contextlib.redirect_stderr(said):
            run.Runner(self.directory, plan, 1).run()
        self.assertRegex(said.getvalue(),
                         "\r\033\\[K0 of 1 done, about .* left; a.1")


class Stopped(Case):
    """A signal: the run that is under way is told, and waited for; no other
    begins.  In a process of its own, as signals are."""

    def test_it_is(self):
        directory = self.tmp / "out" / "x"
        (directory / "cells").mkdir(parents=True)
        (directory / "commands").mkdir()
        (directory / "commands" / "a.1").write_text(
            f"cd {directory} && env A=1 bash -c 'trap \"mkdir cells/a.1; "
            "echo failed: interrupted >cells/a.1/verdict; exit 1\" TERM; "
            "touch begun; while :; do sleep 0.1; done'\n")
        (directory / "commands" / "b.1").write_text("touch b.begun\n")
        script = textwrap.dedent(f"""
            import pathlib, sys
            sys.path.insert(0, {str(pathlib.Path(run.__file__).parents[1])!r})
            from expt import run
            plan = {{"icount": "", "cells": [
                {{"id": i, "cell": i, "repeat": 1, "words": ["--once"]}}
                for i in ("a.1", "b.1")]}}
            print(run.Runner(pathlib.Path({str(directory)!r}), plan, 1).run())
            """)
        child = subprocess.Popen([sys.executable, "-B", "-c", script],
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True)
        for _ in range(300):
            if (directory / "begun").exists():
                break
            time.sleep(0.1)
        child.send_signal(signal.SIGTERM)
        said, _ = child.communicate(timeout=30)
        self.assertEqual(said.strip(), "False")
        self.assertEqual(run.verdict(directory, "a.1"), "failed: interrupted")
        self.assertFalse((directory / "cells" / "b.1.txt").exists())

    def test_at_once(self):
        """Before the first one has begun, and while it begins."""
        directory = self.tmp / "out"
        (directory / "commands").mkdir()
        (directory / "cells").mkdir()
        (directory / "commands" / "a.1").write_text("sleep 60\n")
        plan = {"icount": "", "cells": [
            {"id": "a.1", "cell": "a", "repeat": 1, "words": ["--once"]}]}
        with contextlib.redirect_stderr(io.StringIO()):
            runner = run.Runner(directory, plan, 1)
            runner.stop()
            self.assertFalse(runner.run())
            runner.begin("a.1")
            runner.stop()
            while runner.running:
                runner.turn()
        self.assertFalse((directory / "cells" / "a.1").exists())


class Directories(Case):
    def test_created_and_found(self):
        plan = {"cells": [{"id": "a.1"}]}
        self.refused(1, "there is no experiment x in", run.find, "x")
        first = run.create("x", plan)
        second = run.create("x", plan)
        self.assertNotEqual(first, second)
        self.assertEqual(run.find("x"), second)
        self.assertEqual(json.loads((second / "plan.json").read_text()), plan)
        self.assertEqual(run.resume("x", plan), second)
        self.refused(2, "--resume: x-.* was begun with other cells",
                     run.resume, "x", {"cells": []})
        held = run.lock(second)
        self.refused(1, "is under way", run.lock, second)
        held.close()
        run.lock(second).close()

    def test_what_is_no_experiment(self):
        (self.tmp / "out" / "x").mkdir()
        self.refused(1, "x is there, and no link", run.create, "x", {})
        os.environ["OUT"] = "/proc/nowhere"
        self.refused(3, "OUT=/proc/nowhere: cannot make", run.create, "x", {})

    def test_names_run_out(self):
        with mock.patch.object(run.time, "strftime", return_value="now"):
            for ending in ["", *(f"-{i}" for i in range(2, 100))]:
                (self.tmp / "out" / f"x-now{ending}").mkdir()
            self.refused(3, "cannot make .*x-now-99", run.create, "x", {})

    def test_measured_before(self):
        plan = {"cells": [{"id": "a.1", "words": ["x"]},
                          {"id": "b.1", "words": ["y"]}]}
        self.assertEqual(run.measured_before("x", plan), {})
        directory = run.create("x", plan)
        for i in ("a.1", "b.1"):
            (directory / "cells" / i).mkdir()
            (directory / "cells" / i / "verdict").write_text("passed\n")
            (directory / "cells" / i / "seconds").write_text("12\n")
        self.assertEqual(run.measured_before("x", plan),
                         {"a.1": 12, "b.1": 12})
        plan["cells"][1] = {"id": "b.1", "words": ["z"]}
        self.assertEqual(run.measured_before("x", plan), {"a.1": 12})


class Guest(Case):
    def test_build_sh_says_what_it_lacks(self):
        os.environ.update(QEMU="/nonexistent", VARIABLES_TABLE=VARIABLES)
        run.guest.cache_clear()
        with self.assertRaises(SystemExit) as caught:
            run.guest(None)
        self.assertEqual(caught.exception.code, 3)

    def test_packages(self):
        self.assertTrue(run.need("bash"))
