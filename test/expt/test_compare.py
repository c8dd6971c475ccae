# SPDX-License-Identifier: GPL-2.0-only
"""Runs and experiments against each other."""
from expt import compare, report_html, report_md, report_text
from given import Case, never, records, write_experiment, write_run


class Runs(Case):
    def run_of(self, name, rate, seed=None, kernel="6.12.1", verdict="passed",
               said=None, **more):
        words = ["--once", "gups", "1M"] + (
            ["--seed", str(seed)] if seed is not None else [])
        write_run(self.tmp / "out" / name,
                  records(rate, environment={"argv": words}, **more), verdict,
                  arguments=words,
                  versions={"kernel": kernel, "qemu": "11.1.0"}, **said or {})

    def compare(self, *names):
        return compare.Comparison([compare.load(compare.locate(n))
                                   for n in names])

    def rows(self, page, identity):
        return {row[0]: row[1:] for t in page.tables if t.id == identity
                for row in t.rows}

    def test_two_runs(self):
        self.run_of("A", 4e6, tunables={"scan": "1", "swappiness": "60"})
        self.run_of("B", 5e6, kernel="7.3.1",
                    tunables={"scan": "2", "swappiness": "60"})
        c = self.compare("A", str(self.tmp / "out" / "B"))
        page = c.page()
        self.assertEqual(self.rows(page, "differed"), {
            "versions.kernel": ["6.12.1", "7.3.1"],
            "tunable.scan": ["1", "2"]})
        figures = self.rows(page, "figures")
        self.assertEqual(figures["updates"],
                         ["M/s", "more", "4", "5", "+25.0 %, n = 1"])
        self.assertEqual(figures["errors"][-1], "0")
        self.assertEqual(page.conclusion[0], "From A to B, updates (more is "
                         "better): 4 M/s to 5 M/s (+25.0 %, n = 1).")
        self.assertIn("One run each", page.conclusion[1])
        self.assertEqual([p.name for p in page.pictures], ["over-time"])
        for text in (">A</text>", ">B</text>", "stroke-dasharray"):
            self.assertIn(text, page.pictures[0].svg)
        for form in (report_md, report_html, report_text):
            self.assertIn("+25.0 %", form.page(page))

    def test_repeats_of_one(self):
        for i, rate in enumerate((4e6, 4.1e6, 3.9e6, 4e6, 4.05e6)):
            self.run_of(f"A{i}", rate, seed=i)
            self.run_of(f"B{i}", rate + 1e6, seed=i, kernel="7.3.1")
            self.run_of(f"C{i}", rate * 1.01, seed=i, kernel="9")
        c = self.compare(*(f"{x}{i}" for x in "ABC" for i in range(5)))
        self.assertEqual([s.name for s in c.subjects], ["A0", "B0", "C0"])
        self.assertEqual(c.page().about[0],
                         "A0 is 5 runs: A0, A1, A2, A3 and A4.")
        figures = self.rows(c.page(), "figures")
        self.assertEqual(figures["hot set 90 % near after"][-1],
                         "cannot be told")     # never, in all of them
        self.assertEqual(figures["updates"][2:], [
            "4 (3.9 to 4.1)", "5 (4.9 to 5.1)", "+25.0 %, better",
            "4.04 (3.94 to 4.14)", "+1.0 %, cannot be told"])
        # Those that all are the same are set side by side all the same
        c = self.compare("A0", "A1")
        self.assertEqual(self.rows(c.page(), "differed"),
                         {"nothing": ["-", "-"]})

    def test_a_program_that_was_built_anew(self):
        for name, total, version in (("A", "a" * 64, "1"), ("B", "b" * 64, "1"),
                                     ("C", "b" * 64, "2"), ("D", None, None)):
            self.run_of(name, 4e6, said={
                "added": {"/mine": total} if total else {},
                "packages": {"asked": ["redis"], "sha256": "c" * 64,
                             "versions": {"redis": version, "libc6": "2"}}
                if version else None})
        # They are not repeats of one
        c = self.compare("A", "B", "A")
        self.assertEqual([s.name for s in c.subjects], ["A", "B"])
        self.assertEqual(self.rows(c.page(), "differed"),
                         {"file /mine": ["a" * 12, "b" * 12]})
        self.assertEqual(self.rows(self.compare("B", "C").page(), "differed"),
                         {"package redis": ["1", "2"]})
        self.assertEqual(self.rows(self.compare("C", "D").page(), "differed"),
                         {"file /mine": ["b" * 12, "-"],
                          "packages": ["redis", "none"]})

    def test_directions(self):
        for i in range(4):
            self.run_of(f"A{i}", 4e6 + i, seed=i, gups={"errors": i * 0.01},
                        moves={"timed": {"migrated": 10 + i}})
            self.run_of(f"B{i}", 4e6 + i, seed=i, kernel="9",
                        gups={"errors": 9 + i * 0.01},
                        moves={"timed": {"migrated": 900 + i}})
        figures = self.rows(self.compare(*(f"{x}{i}" for x in "AB"
                                           for i in range(4))).page(),
                            "figures")
        self.assertTrue(figures["errors"][-1].endswith("worse"))
        self.assertTrue(figures["all migrations"][-1].endswith("differs"))

    def test_failed(self):
        self.run_of("A", 4e6)
        write_run(self.tmp / "out" / "B", [], "failed: it hung")
        (self.tmp / "out" / "B" / "manifest.json").write_text("{")
        page = self.compare("A", "B").page()
        self.assertEqual(page.alarms["Failed"], ["B: failed: it hung"])
        self.assertEqual(self.rows(page, "figures")["updates"][-1], "-")
        self.assertIn("4 M/s to -", page.conclusion[0])

    def test_nothing_to_compare(self):
        for name in "AB":
            write_run(self.tmp / "out" / name, [], "failed: x")
        page = self.compare("A", "B").page()
        self.assertEqual(page.conclusion, ["No run has a figure to compare."])
        self.assertEqual(page.pictures, [])

    def test_from_zero(self):
        self.run_of("A", 4e6, gups={"errors": 0})
        self.run_of("B", 4e6, gups={"errors": 3}, kernel="9")
        self.assertEqual(self.rows(self.compare("A", "B").page(), "figures")[
            "errors"][-1], "+3, n = 1")

    def test_what_is_none(self):
        self.refused(1, "nope: neither a run nor an experiment",
                     compare.locate, "nope")
        self.run_of("A", 4e6)
        write_experiment(self.tmp / "out", "x", {"a": [1e6]})
        self.refused(2, "runs with runs", self.compare, "A", "x")


class Experiments(Case):
    def test_cell_by_cell(self):
        out = self.tmp / "out"
        write_experiment(out, "x", {"a": [1e6, 1.1e6, 1e6, 1.05e6, 1e6],
                                    "b": [2e6, 2.1e6, 2e6, 2.1e6, 2e6],
                                    "only": [1e6]})
        write_experiment(out, "y", {"a": [3e6, 3.1e6, 3e6, 3.1e6, 3e6],
                                    "b": [2e6, 2.1e6, 2e6, 2.1e6, 2e6]},
                         kernel="7.3.1")
        c = compare.Comparison([compare.load(compare.locate(n))
                                for n in ("x", "y")])
        page = c.page()
        rows = [row for t in page.tables if t.id == "figures" for row in t.rows
                if row[1] == "updates"]
        self.assertEqual([row[0] for row in rows], ["a", "b"])
        self.assertTrue(rows[0][-1].endswith("better"))
        self.assertTrue(rows[1][-1] == "0")
        self.assertIn(["kernel", "6.12.1", "7.3.1"],
                      [t for t in page.tables if t.id == "differed"][0].rows)
        self.assertIn("x-1: only", page.about[0])
        self.assertRegex(page.conclusion[0], "a 1 M/s to 3 M/s .*better.*; b ")
        self.assertEqual(page.pictures[0].svg.count('font-weight="600"'), 2)
        # What came later than another cell was waited for took what it took
        for name, seconds in (("p", 3), ("q", 3.9)):
            cells = {"late": [never(records(), seconds) for _ in range(2)],
                     "short": [never(records()) for _ in range(2)]}
            for found, _ in cells["short"]:
                del found[6:8]
            write_experiment(out, name, cells)
        figures = [row for t in compare.Comparison([
            compare.load(compare.locate(n)) for n in "pq"]).page().tables
                   for row in t.rows if row[1] == "hot set 90 % near after"]
        self.assertEqual([row[-1] for row in figures],
                         ["+30.0 %, cannot be told", "cannot be told"])
        # What never came is worse, however late some of the others were
        for name, times in (("s", [1] * 5 + [20] * 6), ("t", [None] * 11)):
            write_experiment(out, name, {"a": [
                never(records(), seconds) for seconds in times]},
                rank="to_90_s")
        figures = [row for t in compare.Comparison([
            compare.load(compare.locate(n)) for n in "st"]).page().tables
                   for row in t.rows if "hot set 90 % near after" in row]
        self.assertEqual(figures[0][-1], "worse")
        write_experiment(out, "z", {"other": [1e6]})
        self.refused(1, "no cell is in all", compare.Comparison,
                     [compare.load(compare.locate(n)) for n in ("x", "z")])
