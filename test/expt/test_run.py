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

from expt import cluster, common, run
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

    def run_all(self, plan, jobs=1, elsewhere=None):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            good = run.Runner(self.directory, plan, jobs, elsewhere).run()
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
        elsewhere = cluster.Parallel(self.directory, 2,
                                     str(self.tmp / "logins"))
        good, said = self.run_all(plan, 2, elsewhere)
        self.assertTrue(good)
        self.assertEqual(self.verdicts(plan), ["passed", "failed: did not run",
                                               "passed"])
        self.assertIn("3 runs for the machines of", said)
        self.assertIn("(3 of 3 done)", said)
        self.assertEqual(len((self.directory / "joblog").read_text()
                             .splitlines()), 4)
        self.command("b.1", PASS)
        self.run_all(plan, 1, elsewhere)
        good, said = self.run_all(plan, 1, elsewhere)
        self.assertEqual((good, said), (True, ""))

    def test_what_is_killed_is_run_again(self):
        """But no more than TRIES times; and not what came to an end."""
        if not shutil.which("parallel"):
            self.skipTest("no GNU parallel")
        plan = self.plan("a.1", "b.1", "c.1")
        (self.tmp / "logins").write_text(":\n")
        self.command("a.1", "echo >>{0}.tries; if [ -e {0}.killed ]; then "
                     + PASS + "; else touch {0}.killed; kill -9 $PPID; fi")
        self.command("b.1", "echo >>b.1.tries; kill -9 $PPID")
        self.command("c.1", "echo >>c.1.tries; exit 1")
        good, said = self.run_all(plan, 1, cluster.Parallel(
            self.directory, 1, str(self.tmp / "logins")))
        self.assertTrue(good)
        self.assertEqual(self.verdicts(plan)[0], "passed")
        tries = [len((self.directory / f"{i}.tries").read_text())
                 for i in ("a.1", "b.1", "c.1")]
        self.assertEqual(tries, [2, run.TRIES, 1])
        self.assertIn("1 runs for the machines", said)

    def test_what_a_task_of_slurm_asks_for(self):
        directory = self.tmp / "x"
        plan = {"name": "x", "cells": [
            {"id": f"a.{i}", "smp": "2", "mem": "1024M", "cxl_mem": "512M",
             "topology": topology, "timeout": "90"}
            for i, topology in enumerate(("cxl", "cxl2", "cxl"))]}
        self.assertEqual([cluster.resources(c) for c in plan["cells"]], [
            (2, 1536 + cluster.EMULATOR_MIB, 4),
            (2, 2048 + cluster.EMULATOR_MIB, 4),
            (2, 1536 + cluster.EMULATOR_MIB, 4)])
        with mock.patch.object(shutil, "which", return_value="/bin/sbatch"):
            slurm = cluster.Slurm(directory, plan, 3)
        text = slurm.script((2, 2560, 4), 5, directory / "x y.list")
        for line in ("#SBATCH --array=0-4%3",
                     "#SBATCH --ntasks=1 --cpus-per-task=2 --mem=2560M",
                     "#SBATCH --time=4 --requeue --output=/dev/null"):
            self.assertIn(line, text.splitlines())
        with mock.patch.object(shutil, "which", return_value=None):
            self.refused(3, "no sbatch", cluster.Slurm, directory, plan, 0)

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
        self.assertTrue(common.need("bash"))
