# SPDX-License-Identifier: GPL-2.0-only
"""Expectations: how they are written, what they mean, and what is said."""
import os
import subprocess
import xml.dom.minidom

from expt import expect, expression, ktap
from given import Case, records, write_experiment, write_run


def rows(*values):
    return [{"record": "probe", "node": i, "latency_ns": v}
            for i, v in enumerate(values)]


class Written(Case):
    def test_mistakes_have_a_column(self):
        write_run(self.tmp / "out" / "bad", [], "failed: it hung")
        write_run(self.tmp / "out" / "plain", records())
        write_experiment(self.tmp / "out", "x", {"a": [1e6]})
        for column, regex, text in (
                (1, "nothing of a run in it", "1 >= 2"),
                (9, "one comparison is needed", "near_end"),
                (12, "a figure is missing", "near_end >="),
                (1, "a figure is missing", ">= 2"),
                (18, "one comparison", "gups.errors == 0 == 1"),
                (12, r"'\*' here", "near_end * * 2 > 1"),
                (10, "'0.9' here", "near_end 0.9 > 1"),
                (10, "'=>' is no number, name or comparison",
                 "near_end => 0.9"),
                (13, "'1x' is no number", "near_end >= 1x"),
                (13, "'@a:' is no number", "near_end >= @a:"),
                (1, "no figure 'nearend'; nearest: near_end", "nearend > 1"),
                (5, "no figure 'updates_per_second'; nearest: updates_per_s",
                 "2 * updates_per_second > 1"),
                (1, "near_share is a member of several records: pmu.near_share"
                 ", timeline.near_share$", "near_share > 1"),
                (1, "gups.loop is no number", "gups.loop == 1"),
                (1, "no figure 'gups.near'", "gups.near == 1"),
                (1, "no cell 'z'", "z: near_end > 1"),
                (13, "nope: neither a run", "near_end >= @nope"),
                (13, "@bad: failed: it hung", "near_end >= @bad"),
                (13, "@plain has no recall", "near_end >= @plain:recall"),
                (13, "@x: an experiment; .* @x/cells/RUN", "near_end >= @x")):
            with self.subTest(text):
                self.refused(2, f": {column}: {regex}", lambda t=text:
                             expect.check([expression.option(t)]))
        self.refused(2, "no cell 'b' in it", expect.check,
                     [expression.option("near_end >= @x")], ["b"])

    def test_names(self):
        for name, full in (
                ("near_end", "near_end"),
                ("pgpromote_success", "counters.whole.total.pgpromote_success"),
                ("near_share_at_end", "placement.near_share_at_end"),
                ("modelled.node0.latency_ns",
                 "placement.modelled.node0.latency_ns"),
                ("node[1].total_bytes", "node[1].total_bytes"),
                ("pmu.ranges[0].timed.table.loads",) * 2):
            self.assertEqual(expression.resolve(name), full)
        names = expression.names_of_figures()
        self.assertIn("moves.timed.numa_promoted", names)
        self.assertNotIn("gups.loop", names)

    def test_what_is_kept_means_the_same_later(self):
        directory, _ = write_experiment(self.tmp / "out", "x", {"a": [1e6]})
        kept = expect.check([expression.option("near_end >= 50% * @x")], ["a"])
        self.assertEqual(kept, [f"near_end >= 50% * @{directory}"])


class Judged(Case):
    def judge(self, text, *runs, verdict="passed"):
        """Of an experiment of one cell with these runs' records."""
        self.count = getattr(self, "count", 0) + 1
        directory, _ = write_experiment(
            self.tmp / "out", f"e{self.count}",
            {"a": [(r, verdict) for r in runs],
             "b": [(records(2e6, 0.25), "passed")]})
        found = expect.judged(expect.source(str(directory)),
                              [expression.option(f"a: {text}")])
        self.assertEqual(len(found), 1)
        return found[0]

    def test_of_a_run(self):
        for text, met, said in (
                ("near_end >= 0.4", True, "0.5 against 0.4: +0.1 (+25.0 %)"),
                ("near_end >= 60%", False, "0.5 against 0.6: -0.1 (-16.7 %)"),
                ("near_end > 0.5", False, "0.5 against 0.5"),
                ("near_end <= 0.5", True, "0.5 against 0.5"),
                ("near_end < 0.5", False, "0.5 against 0.5"),
                ("near_end == 0.5", True, "0.5 against 0.5"),
                ("near_end != 0.5", False, "0.5 against 0.5"),
                ("0.1 < near_end", True, "0.1 against 0.5: -0.4 (-80.0 %)"),
                ("near_end > 0", True, "0.5 against 0: +0.5"),
                ("2 * near_end / 4 == 0.25", True, "0.25 against 0.25"),
                ("1 / near_end == 2", True, "2 against 2"),
                ("node[0].total_bytes == 1G", True,
                 "1073741824 against 1073741824"),
                ("node[-1].tier == 22", True, "22 against 22"),
                ("node[2].tier == 22", False, "has no value"),
                ("node[-3].tier == 22", False, "has no value"),
                ("moves.timed.adds_up == 1", True, "1 against 1"),
                ("recall >= 0", False, "has no value"),
                ("recall != 0", False, "has no value"),
                ("1 / gups.errors > 0", False, "has no value"),
                ("near_end > @b", True, "0.5 against 0.25: +0.25 (+100.0 %)"),
                ("updates_per_s > 0.95 * @b", False,
                 "1000000 against 1900000: -900000 (-47.4 %)"),
                ("near_end > @b:updates_per_s", False, None)):
            with self.subTest(text):
                found = self.judge(text, records())
                self.assertEqual(found.met, met, found)
                if said:
                    self.assertEqual(found.said, said)

    def test_what_never_came_is_more_than_was_waited(self):
        waited = records()      # the hot set moves at 2 s, and was not near
        for text, met in (("to_90_s > 1", True), ("to_90_s < 1", False),
                          ("to_90_s < 60", False), ("to_90_s > 60", False),
                          ("to_90_s != 1", True), ("to_90_s == 2", False),
                          ("to_90_s != 3", False),
                          ("1 / to_90_s < 1", True),
                          ("1 / to_90_s > 0.001", False)):
            with self.subTest(text):
                found = self.judge(text, waited)
                self.assertEqual(found.met, met, found)
        self.assertEqual(self.judge("to_90_s < 60", waited).said,
                         "2 or more against 60")

    def test_repeats_by_their_median(self):
        runs = [records(rate) for rate in (1e6, 5e6, 3e6)]
        found = self.judge("updates_per_s >= 3e6", *runs)
        self.assertEqual((found.met, found.said),
                         (True, "3000000 against 3000000 (median of 3 runs)"))
        lacks = records(4e6)
        for record in lacks:
            record.pop("updates_per_s", None)
        self.assertEqual(self.judge("gups.updates_per_s > 0", *runs,
                                    lacks).said,
                         "has no value (median of 4 runs)")

    def test_of_many_each(self):
        found = self.judge("timeline.updates >= 1e6", records())
        self.assertEqual((found.met, found.said), (
            False, "timeline[0].updates 0 against 1000000: -1000000 (-100.0 %); "
            "4 of 5 meet it"))
        self.assertTrue(self.judge("timeline[4].updates >= 1e6",
                                   records()).met)
        nodes = {"nodes": [{"above_promo_bytes": 5}, {"above_promo_bytes": 1}]}
        found = self.judge("moves.nodes.above_promo_bytes > 2",
                           records(moves=nodes))
        self.assertEqual((found.met, found.said), (
            False, "moves.nodes[1].above_promo_bytes 1 against 2: -1 "
            "(-50.0 %); 1 of 2 meet it"))
        for i, met in ((0, True), (1, False), (2, False)):
            self.assertEqual(self.judge(
                f"moves.nodes[{i}].above_promo_bytes > 2",
                records(moves=nodes)).met, met)
        self.assertFalse(self.judge("moves.nodes.above_promo_bytes > 2",
                                    records()).met)
        self.assertFalse(self.judge("moves.nodes[0].above_promo_bytes > 2",
                                    records()).met)
        self.assertTrue(self.judge(
            "timeline.updates == timeline.t_s * gups.updates_per_s",
            records()).met)
        self.assertIn("take one", self.judge(
            "timeline.updates > node.tier", records()).said)
        self.assertIn("take one", self.judge(
            "timeline.updates * node.tier > 1", records()).said)

    def test_of_a_run_that_failed(self):
        found = self.judge("near_end > 0", records(), verdict="failed: x")
        self.assertEqual((found.met, found.said), (None, "failed: x"))

    def test_all_cells_but_what_they_are_compared_with(self):
        write_experiment(self.tmp / "out", "x", {
            c: [i * 1e6] for i, c in enumerate("abc", 1)})
        found = expect.judged(expect.source("x"), [
            expression.option("updates_per_s > @a"),
            expression.option("z: updates_per_s > 1")])
        self.assertEqual([(j.cell, j.met) for j in found],
                         [("b", True), ("c", True), ("z", None)])
        write_experiment(self.tmp / "out", "y", {c: [2e6] for c in "abc"})
        found = expect.judged(expect.source("x"), [
            expression.option("updates_per_s >= @y")])
        self.assertEqual([j.met for j in found], [False, True, True])
        found = expect.judged(expect.source("x"), [
            expression.option("updates_per_s >= @nope")])
        self.assertIn("neither a run", found[0].said)


class Said(Case):
    def setUp(self):
        super().setUp()
        write_run(self.tmp / "out" / "A", records())

    def expect(self, status, *arguments):
        found, said, errors = self.verb("expect", *arguments)
        self.assertEqual(found, status, said + errors)
        return said + errors

    def test_verb(self):
        self.assertIn("met      near_end > 0: 0.5 against 0",
                      self.expect(0, "A", "near_end > 0"))
        self.assertIn("NOT MET  near_end > 1: 0.5 against 1: -0.5",
                      self.expect(4, "A", "near_end > 0", "near_end > 1"))
        self.assertIn("1..3\nok 1 run A\n", self.expect(
            4, "A", "--ktap", "near_end > 0", "near_end > 1"))
        self.expect(0, "A", "--ktap")
        self.assertIn("what?", self.expect(2, "A"))
        self.assertIn("of which run", self.expect(2))
        self.assertIn("recall", self.expect(0, "--names"))
        self.expect(0, "--check", "near_end > 0")
        self.assertIn("no figure", self.expect(2, "--check", "near > 0"))
        write_run(self.tmp / "out" / "B", records(), "failed: it\nhung")
        self.assertIn("not run  near_end > 0: failed: it", self.expect(
            1, "B", "near_end > 0"))

    def test_of_an_experiment(self):
        directory, _ = write_experiment(
            self.tmp / "out", "x", {"a": [1e6], "b": [2e6]},
            expect=["updates_per_s > @a", "a: near_end >= 0.9"])
        said = self.expect(4, "x")
        self.assertIn("met      b: updates_per_s > @a", said)
        self.assertIn("NOT MET  a: near_end >= 0.9", said)
        status, said, _ = self.verb("report", "x")
        self.assertEqual(status, 0)
        self.assertIn("1 of 2 expectations met; not: a: near_end >= 0.9.",
                      " ".join(said.split()))
        self.assertIn("What was expected",
                      (directory / "report.md").read_text())
        self.assertIn("not ok 4 a: near_end >= 0.9",
                      (directory / "ktap").read_text())
        self.assertRegex(
            self.verb("experiment", "quick", "--report", "--expect",
                      "near_end > 0")[2], "not with --report")

    def test_ktap_is_what_tap_readers_read(self):
        tests = [ktap.Test("a # TODO b", "passed", "figure\nmore"),
                 ktap.Test("b", "failed", "why"), ktap.Test("c", "skipped", "")]
        text = ktap.ktap(tests)
        self.assertEqual(text, (
            "KTAP version 1\n1..3\n# figure more\nok 1 a TODO b\n# why\n"
            "not ok 2 b\nok 3 c # SKIP\n"))
        (self.tmp / "t").write_text(text)
        done = subprocess.run(["prove", "-v", "--exec", "cat", self.tmp / "t"],
                              stdout=subprocess.PIPE, text=True, check=False,
                              stderr=subprocess.STDOUT, cwd=os.sep)
        self.assertIn("Failed test:  2", done.stdout)

    def test_junit(self):
        tests = [ktap.Test('a "<&', "passed", "x", 1.5),
                 ktap.Test("b", "failed", "it\x1b hung"),
                 ktap.Test("c", "skipped", "y"), ktap.Test("d", "passed", "")]
        dom = xml.dom.minidom.parseString(ktap.junit("t # u", tests))
        suite = dom.documentElement
        self.assertEqual([suite.getAttribute(n) for n in (
            "name", "tests", "failures", "skipped")], ["t u", "4", "1", "1"])
        cases = suite.getElementsByTagName("testcase")
        self.assertEqual(cases[0].getAttribute("name"), 'a "<&')
        self.assertEqual(cases[0].getAttribute("time"), "1.500")
        self.assertEqual(cases[1].firstChild.getAttribute("message"),
                         "it  hung")
        self.assertEqual(cases[2].firstChild.tagName, "skipped")
        self.assertIsNone(cases[3].firstChild)

