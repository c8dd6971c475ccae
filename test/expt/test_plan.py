# SPDX-License-Identifier: GPL-2.0-only
"""Cells to runs: sizes, memory, rounds, commands, times."""
import contextlib
import io
import os
import types
from unittest import mock

from expt import parse, plan
from given import SETTINGS, Case


def options(**more):
    return types.SimpleNamespace(**{
        "scale": "1", "repeat": 1, "jobs": 1, "topology": "", "rank": "",
        "reference": "", "icount": "", "elsewhere": False, **more})


def guest(kernel):
    return {"kernel": f"{kernel or '6.12'}.1", "qemu": "11.1.0",
            "plugin": kernel != "old"}


class Sizes(Case):
    def test_scale(self):
        scale = plan.Scale("1/8")
        for size, scaled in (("7G", "896M"), ("8G", "1G"), ("1M", "128k"),
                             ("6000M", "750M"), ("1k", "128"), ("12", "1"),
                             ("1T", "128G")):
            self.assertEqual(scale.size(size), scaled)
        self.assertEqual(plan.Scale("3/2").mib("1G"), 1536)
        self.assertEqual(plan.Scale("2").size("512M"), "1G")
        self.assertEqual(scale.words(["a", "node0:{6000M}", "x{8}y{1G}"], ""),
                         ["a", "node0:750M", "x1y128M"])
        self.refused(2, "at: '{1X}': a size", scale.words, ["{1X}"], "at")
        for text in ("0", "1/0", "x", "1/", "12345"):
            self.refused(2, f"--scale {text}: give", plan.Scale, text)

    def test_memory(self):
        def memory(scale, **s):
            planner = plan.Planner(options(scale=scale), guest)
            return planner.memory({**SETTINGS, **s}, "at")
        self.assertEqual(memory("1", mem="8G", cxl_mem="2G"), (8192, 2048, []))
        self.assertEqual(memory("1/8", mem="1G", cxl_mem="2G")[0],
                         plan.MEM_MIN)
        # What the kernel takes, and 64ths of all memory, in steps
        mem, _, reserve = memory("1/2", mem="1G", cxl_mem="1G",
                                 dram_free="640M")
        self.assertEqual(reserve, ["--hog", "node0:free=320M,lock"])
        self.assertEqual(mem, 512)
        mem, cxl, _ = memory("1/2", mem="640M", cxl_mem="1G",
                             dram_free="640M")
        self.assertGreaterEqual(mem - 112 - (mem + cxl) // 64, 320)
        self.assertEqual((mem - 320) % 64, 0)
        self.refused(2, "at: cxl_mem 1G at scale 1/3 is no multiple of 256M",
                     lambda: memory("1/3", cxl_mem="1G"))
        self.refused(2, "too small", lambda: memory(
            "1/1024", mem="1G", cxl_mem="256G", dram_free="1M"))

    def test_host_memory(self):
        p = {"cells": [{"mem": "1024M", "cxl_mem": "1024M",
                        "topology": "cxl2"}]}
        plan.check_host_memory(p, 1, plan.Scale())
        p["cells"][0]["mem"] = "99999999M"
        self.refused(3, r"a guest has 100002047 MiB; this machine has \d+ "
                     "free: try --scale 1/", plan.check_host_memory, p, 1,
                     plan.Scale())
        self.refused(3, "3 at once .* or --jobs 1", plan.check_host_memory, p,
                     3, plan.Scale())
        self.assertEqual([plan.backends(t) for t in
                          ("none", "cxl", "cxl2", "numa", "switch")],
                         [0, 1, 2, 1, 2])


class Plans(Case):
    """What tier says of the words is another's: see Words."""

    def setUp(self):
        super().setUp()
        patch = mock.patch.object(plan, "check_words")
        self.checked = patch.start()
        self.addCleanup(patch.stop)

    def plan(self, cells, **more):
        e = parse.Experiment("T")
        e.notes, e.rank = ["one", "two"], "near_mean"
        e.cells = [parse.Cell(name, "at", words.split(),
                              {**SETTINGS, **settings})
                   for name, words, settings in cells]
        self.said = io.StringIO()
        with contextlib.redirect_stderr(self.said):
            return plan.Planner(options(**more), guest).plan(e, "n")

    def test_one_round_has_no_reference(self):
        p = self.plan([("a", "gups 1M", {})], reference="a")
        self.assertEqual([run["id"] for run in p["cells"]], ["a.1"])

    def test_rounds(self):
        p = self.plan([("a", "gups {1G}", {}), ("b", "gups 1G --seed 7", {}),
                       ("c", "gups", {})], repeat=3, scale="1/2",
                      reference="b")
        self.assertEqual([run["id"] for run in p["cells"]], [
            "a.1", "b.1", "c.1", "reference.1",
            "b.2", "c.2", "a.2", "reference.2",
            "c.3", "a.3", "b.3", "reference.3"])
        by_id = {run["id"]: run for run in p["cells"]}
        self.assertEqual(by_id["a.1"]["words"],
                         ["--once", "gups", "512M", "--loop", "plain"])
        self.assertEqual(by_id["a.3"]["words"][-2:], ["--seed", "2"])
        self.assertEqual(by_id["b.3"]["words"], by_id["b.1"]["words"])
        self.assertEqual(by_id["reference.3"]["words"], by_id["b.1"]["words"])
        self.assertEqual(by_id["reference.3"]["cell"], "reference")
        self.assertEqual((p["notes"], p["rank"], p["kernel"], p["qemu"]),
                         ("one two", "near_mean", "6.12.1", "11.1.0"))
        # The longest words are those that are checked
        self.assertEqual(self.checked.call_args_list[0][0][1][-2:],
                         ["--seed", "2"])

    def test_settings(self):
        p = self.plan([("a", "gups", {"latency": "cxl=+1us", "count": "",
                                      "scope": "user", "kernel": "7.3"}),
                       ("b", "gups", {"scope": "user"}),
                       ("d", "gups", {"heat": "", "kernel": "7.3"}),
                       ("c", "gups", {"count": "", "kernel": "old"})],
                      topology="numa", rank="updates_per_s")
        a, b, d, c = p["cells"]
        self.assertEqual(d["words"], ["--heat", "--once", "gups",
                                      "--loop", "plain"])
        self.assertEqual(a["words"], ["--latency", "cxl=+1us", "--count",
                                      "--scope", "user", "--once", "gups",
                                      "--loop", "plain"])
        self.assertEqual(b["words"], ["--once", "gups", "--loop", "plain"])
        self.assertEqual(c["words"], ["--once", "gups", "--loop", "plain"])
        self.assertIn("c: this QEMU takes no plugin", self.said.getvalue())
        self.assertEqual((a["topology"], a["kernel"]), ("numa", "7.3"))
        self.assertNotIn("kernel", b)
        self.assertEqual((p["kernel"], p["rank"]),
                         ("7.3.1, 6.12.1, old.1", "updates_per_s"))

    def test_loop(self):
        p = self.plan([("a", "gups 1M", {"loop": "touch"}),
                       ("b", "gups 1M", {"loop": "auto"}),
                       ("c", "gups 1M --loop=batch", {"loop": "touch"}),
                       ("d", "--loop plain gups 1M --loop batch", {}),
                       ("e", "run gups", {"loop": "touch"})])
        self.assertEqual([c["words"][1:] for c in p["cells"]], [
            ["gups", "1M", "--loop", "touch"], ["gups", "1M"],
            ["gups", "1M", "--loop=batch"],
            ["--loop", "plain", "gups", "1M", "--loop", "batch"],
            ["run", "gups"]])

    def test_icount(self):
        p = self.plan([("a", "gups", {"latency": "cxl=+1us"})], icount="1")
        self.assertEqual(p["cells"][0]["smp"], "1")
        self.assertEqual(p["cells"][0]["latency"], "")
        self.assertIn("no latency is injected", self.said.getvalue())

    def test_command(self):
        os.environ.update(KERNEL="7.3", MEM="9G", SMP="2", OUT="/nowhere")
        p = self.plan([("a", "gups 1M it's", {}),
                       ("b", "gups", {"kernel": "x y"})])
        self.assertRegex(
            plan.command(p["cells"][0], self.tmp),
            "^cd '?/.*'? && env KERNEL=7.3 TOPOLOGY=cxl MEM=3072M CXL_MEM=2048M "
            f"SMP=2 TIMEOUT=3900 OUT={self.tmp}/cells ./build.sh run "
            "--name a.1 --once gups 1M 'it'\"'\"'s' --loop plain$")
        self.assertIn("env 'KERNEL=x y' TOPOLOGY",
                      plan.command(p["cells"][1], self.tmp))


class Words(Case):
    """tier and build.sh themselves say what is wrong."""

    def check(self, *words, **settings):
        cell = {"topology": "cxl", "mem": "512M", "cxl_mem": "256M",
                "smp": "2", "timeout": "60", **settings}
        plan.check_words("at", list(words), cell)

    def test_words(self):
        os.environ["QEMU"] = "/nonexistent"     # build.sh comes no further
        self.check("--once", "gups", "1M", "node1")
        self.refused(2, "at: .*5x", self.check, "--once", "gups", "1M",
                     "--timeline", "5x")
        self.refused(2, "at: 33 words for tier", self.check, "--once", "run",
                     "true", *["x"] * 30)
        self.refused(2, "at: --latency moon=1ns: 'moon=1ns' is none of",
                     self.check, "--latency", "moon=1ns", "--once", "gups",
                     "1M")


class Times(Case):
    def cell(self, identity, words, cell="a"):
        return {"id": identity, "cell": cell,
                "words": ["--once", *words.split()]}

    def test_estimates(self):
        short = plan.estimate(self.cell("", "gups 1G any --duration 20"))
        self.assertEqual(short, plan.estimate(
            self.cell("", "gups 1G any --duration=20s")))
        self.assertGreater(plan.estimate(
            self.cell("", "gups 1G any --duration 2m")), short + 99)
        self.assertGreater(plan.estimate(self.cell("", "gups 8G any")),
                           plan.estimate(self.cell("", "gups 1G any")) * 4)
        counted = self.cell("", "gups 1G any")
        counted["words"].insert(0, "--count")
        self.assertGreater(plan.estimate(counted),
                           2 * plan.estimate(self.cell("", "gups 1G any")))
        self.assertEqual(plan.estimate(self.cell("", "status")), plan.BOOT_S)
        self.assertEqual(plan.seconds("x"), 0)
        for words in ("run /bench 1G", "--hog node0:free=1M,lock run x"):
            self.assertIsNone(plan.estimate(self.cell("", words)), words)
        script = self.cell("", "--policy none")
        script["words"][:0] = ["--script", "my.sh"]
        self.assertIsNone(plan.estimate(script))

    def test_clock_of_programs(self):
        p = {"icount": "", "cells": [
            self.cell("a.1", "run x"), self.cell("b.1", "run x", "b"),
            self.cell("c.1", "gups 1M any --duration 10", "c")]}
        clock = plan.Clock(p, {})
        self.assertEqual(clock.of("a.1"), (None, False))
        self.assertIsNone(clock.left(["a.1", "c.1"], 1))
        guess = clock.guess["c.1"]
        self.assertEqual(clock.left(["c.1"], 1), guess)
        # The one says nothing of the other
        self.assertEqual(plan.Clock(p, {"c.1": 5}).of("a.1"), (None, False))
        clock = plan.Clock(p, {"a.1": 110})
        self.assertEqual([clock.of(i) for i in ("a.1", "b.1", "c.1")],
                         [(110, True), (110, False), (guess, False)])

    def test_clock(self):
        p = {"icount": "", "cells": [
            self.cell("a.1", "gups 1M any --duration 10"),
            self.cell("a.2", "gups 1M any --duration 10"),
            self.cell("b.1", "gups 1M any --duration 10", "b")]}
        guessed = plan.Clock(p, {})
        self.assertFalse(guessed.of("a.1")[1])
        clock = plan.Clock(p, {"a.1": 2 * guessed.guess["a.1"]})
        self.assertEqual(clock.of("a.2"), (2 * guessed.guess["a.1"], True))
        # Of a cell that has not run: in the measure of the others
        self.assertEqual(clock.of("b.1")[1], False)
        self.assertAlmostEqual(clock.of("b.1")[0], 2 * guessed.guess["b.1"])
        self.assertAlmostEqual(clock.left(["a.2", "b.1"], 2),
                               2 * guessed.guess["a.1"])
        self.assertEqual([plan.duration(s) for s in (9.6, 99, 120, 6000)],
                         ["10 s", "99 s", "2 min", "1.7 h"])
