# SPDX-License-Identifier: GPL-2.0-only
"""The verbs, as build.sh calls them, as far as to the guest."""
import contextlib
import json
import os
import shutil
from unittest import mock

from expt import __main__ as expt, pictures, plan, run
from given import Case, records, write_experiment, write_run


class Verbs(Case):
    def said(self, status, *arguments):
        found, out, errors = self.verb(*arguments)
        self.assertEqual(found, status, out + errors)
        return out + errors

    def test_words(self):
        for regex, *arguments in (
                ("usage:", ),
                ("no experiment 'nope'; there are cxl-gups .*sweep and grid",
                 "nope"),
                ("nearest: quick", "quik"),
                ("--scale 0: give", "quick", "--scale", "0"),
                ("--scale 1/0: give", "quick", "--scale=1/0"),
                ("--repeat 0: 1 to 99", "quick", "--repeat", "0"),
                ("--jobs x: 1 to 99", "quick", "--jobs", "x"),
                ("--topology moon: there are .*cxl2", "quick", "--topology",
                 "moon"),
                ("no option --frobnicate", "quick", "--frobnicate"),
                ("no option --repaet; nearest: repeat", "quick", "--repaet=3"),
                ("no option -x", "quick", "-x"),
                ("no option --cells", "quick", "--cells=3"),
                ("--scale needs a value", "quick", "--scale"),
                ("'hmsdk' is one word too many", "quick", "hmsdk"),
                ("sweep: which KEY", "sweep"),
                ("which --workload", "sweep", "a=1"),
                ("which --workload", "grid", "--policy", "none"),
                ("--policy: of a grid only", "quick", "--policy", "none"),
                ("no metric 'spped'", "quick", "--rank", "spped"),
                ("--sshloginfile /none: no such file", "quick",
                 "--sshloginfile", "/none"),
                ("a name of letters", str(self.tmp / "bad name.exp"))):
            (self.tmp / "bad name.exp").touch()
            with self.subTest(arguments):
                self.assertRegex(self.said(2, "experiment", *arguments), regex)
        self.assertIn("--dry-run", self.said(0, "experiment", "--help"))
        self.assertRegex(self.said(0, "experiment", "list"),
                         "quick +A hot set .*\n(.*\n)*sweep +One tunable")
        self.assertIn("no experiment quick in",
                      self.said(1, "experiment", "quick", "--report"))
        self.assertIn("no experiment sweep in",
                      self.said(1, "experiment", "sweep", "--report"))

    def test_report_again(self):
        write_experiment(self.tmp / "out", "quick", {
            "a": [1e6, 1.1e6], "b": [2e6, 2.1e6]})
        text = self.said(0, "experiment", "quick", "--report")
        self.assertIn("By updates", text)
        directory = self.tmp / "out" / "quick"
        for file in ("report.md", "index.html", "summary.csv", "counters.csv",
                     "timeline.csv", "results.json", "report.json",
                     "datapackage.json", "over-time.svg"):
            self.assertTrue((directory / file).stat().st_size, file)
        self.assertIn("By near share", self.said(
            0, "experiment", "quick", "--report", "--rank", "near_mean"))
        self.assertIn('"kernel": "6.12.1"',
                      (directory / "index.html").read_text()
                      .replace("&quot;", '"'))

    def test_pictures_without_a_converter(self):
        write_experiment(self.tmp / "out", "quick", {"a": [1e6]})
        with mock.patch.object(shutil, "which", return_value=None), \
                mock.patch.object(pictures, "need", return_value=False):
            self.assertIn("pictures are SVG only", self.said(
                0, "experiment", "quick", "--report"))
        self.assertEqual(list((self.tmp / "out" / "quick").glob("*.png")), [])

    def test_a_runs_page(self):
        out = self.tmp / "out"
        write_run(out / "A", records(), arguments=["--once", "gups", "1G"])
        text = self.said(0, "report", "A")
        self.assertIn("tier --once gups 1G", text)
        self.assertIn("Passed: updates 1 M/s; near share, mean 50 %", text)
        self.assertTrue((out / "A" / "index.html").is_file())
        write_run(out / "B", [], "failed: it hung")
        (out / "B" / "manifest.json").unlink()
        self.assertIn("FAILED     B: failed: it hung", self.said(
            0, "report", str(out / "B")))
        write_experiment(out, "x", {"a": [1e6], "b": [2e6]})
        self.assertIn("n = 1", self.said(0, "report", "x"))
        self.assertIn("of which run", self.said(2, "report"))
        self.assertIn("neither", self.said(1, "report", "nope"))

    def test_compare(self):
        write_run(self.tmp / "out" / "A", records())
        write_run(self.tmp / "out" / "B", records(2e6), sha256={"tier": "1"})
        text = self.said(0, "compare", "A", "B")
        self.assertIn("+100.0 %, n = 1", text)
        directory = self.tmp / "out" / "compare-A-B"
        self.assertIn("<svg", (directory / "index.html").read_text())
        self.assertIn("which runs", self.said(2, "compare", "A"))

    def test_list_names_no_winner_that_is_none(self):
        out = self.tmp / "out"
        write_experiment(out, "one", {"a": [1e6], "b": [2e6]})
        write_experiment(out, "two", {"a": [1e6, 2e6], "b": [1.5e6, 2e6]})
        said = self.said(0, "list")
        self.assertIn("one-1                   2 of 2 passed  n = 1: not ranked",
                      said)
        self.assertIn("two-1                   4 of 4 passed  b 1.75 M/s, = a",
                      said)

    def test_list(self):
        out = self.tmp / "out"
        self.assertIn("no runs in", self.said(0, "list"))
        write_run(out / "A", records(3e6), arguments=["--once", "gups", "1G",
                                                      "x" * 100])
        write_run(out / "B", [], "failed: it hung")
        write_experiment(out, "quick", {"a": [1e6, 2e6]})
        (out / "latest").symlink_to("A")
        (out / "broken").mkdir()
        (out / "broken" / "plan.json").write_text("{}")
        (out / "nothing").mkdir()
        for i, name in enumerate(("A/verdict", "quick-1/plan.json",
                                  "B/verdict", "broken/plan.json")):
            os.utime(out / name, (1e9 + i * 60, 1e9 + i * 60))
        lines = self.said(0, "list").splitlines()
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertRegex("\n".join(lines), (
            "^2001-09-09 ..:49  broken +unreadable: .*\n"
            "2001-09-09 ..:48  B +failed: it hung\n +gups\n"
            "2001-09-09 ..:47  quick-1 +2 of 2 passed  a 1.5 M/s\n"
            " +experiment: A & B\n"
            r"2001-09-09 ..:46  A +passed  3 M/s\n +gups 1G x+\.\.\.$"))
        self.assertIn("no arguments", self.said(2, "list", "x"))
        os.environ["OUT"] = str(self.tmp / "none")
        self.assertIn("no runs in", self.said(0, "list"))


class Whole(Case):
    """An experiment from its file to its report.  In place of an emulator its
    commands leave records; what build.sh and tier say of words is not asked."""

    def setUp(self):
        super().setUp()
        (self.tmp / "x.exp").write_text(
            "title T\nmem 512M\ncxl_mem 256M\nkernel 6.12\ncell a gups 1M\n"
            "cell b gups 2M\nreference a\n")
        guest = {"kernel": "6.12.1", "qemu": "11.1.0", "plugin": True}
        write_run(self.tmp / "given", records())

        def command(cell, directory):
            return f"cd {directory} && env A=1 cp -r {self.tmp}/given " \
                f"cells/{cell['id']}"
        for where, name, value in (
                (plan, "check_words", lambda *_: None),
                (plan, "command", command),
                (run, "guest", lambda _: guest)):
            patch = mock.patch.object(where, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def experiment(self, *options):
        return self.verb("experiment", str(self.tmp / "x.exp"), *options)

    def test_it(self):
        status, said, errors = self.experiment("--dry-run", "--repeat", "2")
        self.assertEqual(status, 0, errors)
        self.assertRegex(said, r"a\.1 +\d+ s \?  KERNEL=6.12 TOPOLOGY=cxl MEM=512M")
        self.assertRegex(said, "6 runs, about .* (a guess, never run yet)")
        self.assertFalse((self.tmp / "out" / "x").exists())
        (self.tmp / "y.exp").write_text(
            "title y\ncell a run /bench 1\ncell b run /bench 2\n")
        status, said, errors = self.verb(
            "experiment", str(self.tmp / "y.exp"), "--dry-run", "--jobs", "2")
        self.assertEqual(status, 0, errors)
        self.assertRegex(said, r"a\.1 +unknown  TOPOLOGY=cxl ")
        self.assertRegex(said, "\n2 runs, what 2 runs of programs take "
                         r"with 2 at once \(unknown until one has run\)$")
        status, said, errors = self.experiment("--repeat", "2", "--cells")
        self.assertEqual((status, len(said.splitlines())), (0, 6))
        status, said, errors = self.experiment("--repeat", "2", "--resume")
        self.assertEqual(status, 0, errors)
        self.assertIn("6 of 6 done", errors)
        self.assertIn("All 6 runs passed.", said)
        status, said, _ = self.experiment("--repeat", "2", "--dry-run",
                                          "--jobs", "2")
        self.assertRegex(said, "6 runs, about 0 s with 2 at once$")
        status, _, errors = self.experiment("--resume")
        self.assertEqual(status, 2)
        self.assertIn("begun with other cells", errors)

    def test_a_cell_fails(self):
        (self.tmp / "given" / "verdict").write_text("failed: x\n")
        status, said, _ = self.experiment("--reference", "b", "--icount",
                                          "--kernel", "7.3")
        self.assertEqual(status, 1)
        self.assertIn("FAILED     a.1: failed: x", said)
        self.assertEqual(os.environ["KERNEL"], "7.3")
        found = json.loads((self.tmp / "out" / "x" / "plan.json").read_text())
        self.assertEqual(found["reference"], "b")
        self.assertNotIn("kernel", found["cells"][0])   # for all cells
        status, _, errors = self.experiment("--reference", "c")
        self.assertEqual(status, 2)

    def test_icount_of_a_file(self):
        (self.tmp / "x.exp").write_text((self.tmp / "x.exp").read_text()
                                        + "icount 3\n")
        status, _, errors = self.experiment()
        self.assertEqual(status, 0, errors)
        found = json.loads((self.tmp / "out" / "x" / "plan.json").read_text())
        self.assertEqual((found["icount"], os.environ["ICOUNT"]), ("3", "3"))
        self.assertEqual({c["smp"] for c in found["cells"]}, {"1"})

    def test_grid_and_sweep(self):
        status, said, errors = self.verb(
            "experiment", "grid", "--workload", "gups 1M", "--policy",
            "none,numab", "--kernel", "6.12,7.3", "--topology", "cxl,numa",
            "--cells")
        self.assertEqual((status, len(said.splitlines())), (0, 8), errors)
        found = json.loads((self.tmp / "out" / "grid" / "plan.json")
                           .read_text())["cells"][5]
        self.assertEqual((found["id"], found["kernel"], found["topology"]),
                         ("numab-6.12-numa.1", "6.12", "numa"))
        status, said, errors = self.verb(
            "experiment", "sweep", "a=1,2", "--workload", "gups 1M", "--cells")
        self.assertEqual((status, len(said.splitlines())), (0, 2), errors)

    def test_interrupted(self):
        with mock.patch.object(run.Runner, "run", return_value=False):
            status, _, errors = self.experiment()
        self.assertEqual(status, 1)
        self.assertIn("interrupted; --resume goes on", errors)

    def test_nobody_reads(self):
        with mock.patch.object(expt, "list_experiments",
                               side_effect=BrokenPipeError), \
                mock.patch.object(os, "dup2"), \
                contextlib.suppress(OSError):
            self.assertEqual(expt.main("experiment", "list"), 1)
