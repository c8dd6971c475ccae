# SPDX-License-Identifier: GPL-2.0-only
"""What a report says of given runs, in each of its forms."""
import csv
import io
import json
import re
import xml.etree.ElementTree

from expt import (picture, pictures, report, report_csv, report_html,
                  report_md, report_text)
from given import Case, never, records, write_experiment


class Figures(Case):
    def test_shown(self):
        for value, text in ((None, "-"), (0, "0"), (4.0, "4"), (3.14159, "3.14"),
                            (123.456, "123.5"), (0.123456, "0.1235"),
                            (1e9, "1000000000"), (1.5e-7, "1.5e-07"),
                            (float("inf"), "inf"), ("x", "x"), (True, "True"),
                            (-2.5, "-2.5"), (0.000157, "0.000157"),
                            (-0.0123456, "-0.0123"), (1e300, "1e+300")):
            self.assertEqual(report.shown(value), text)
        self.assertEqual(report.spread([3, None, 1, 2]), "2 (1 to 3)")
        self.assertEqual(report.spread([1.001, 1.002]), "1")
        self.assertEqual(report.spread([None]), "-")
        self.assertEqual([report.percent(v) for v in (None, 0.921, 0.0214, -2)],
                         ["-", "92 %", "2.1 %", "-200 %"])
        self.assertEqual([report.listed(w) for w in ([], "a", "ab", "abc")],
                         ["", "a", "a and b", "a, b and c"])

    def test_what_did_not_come_counts(self):
        def said(*figures):
            return report.spread_missed(list(figures), "never")
        self.assertEqual(said((20, True), (20, True), (5, False)),
                         "> 20 (5 to > 20), never 2 of 3")
        self.assertEqual(said((5, False), (6, False), (20, True)),
                         "6 (5 to > 20), never 1 of 3")
        self.assertEqual(said((20, True), (20, True)), "> 20, never 2 of 2")
        self.assertEqual(said((4, False), (20, True)),
                         "> 12 (4 to > 20), never 1 of 2")
        self.assertEqual(said((20, True)), "> 20, never")
        self.assertEqual(said((5, False)), "5")
        # One that was waited for less long than others took may be any of them
        self.assertEqual(said((8, False), (9, False), (4, True)),
                         "> 8 (> 4 to > 9), never 1 of 3")
        self.assertEqual(said((8, False), (9, False), (4, True), (9, False)),
                         "> 8.5 (> 4 to > 9), never 1 of 4")

    def test_what_some_runs_do_not_have(self):
        self.assertEqual(report.spread_missed([(5, False), (7, False)], "", 5),
                         "6 (5 to 7), in 2 of 5")
        self.assertEqual(report.spread_missed([(5, True)], "never", 2),
                         "> 5, never, in 1 of 2")
        self.assertEqual(report.spread_missed([], "never", 2), "-")


class Rows(Case):
    def test_what_was_counted_is_the_share(self):
        found = [{"t_s": t, "near_share": 0.5, "near_share_low": 0.4,
                  "near_share_high": 0.6, "near_share_counted": t and 0.25}
                 for t in (None, 1)]
        self.assertEqual([pictures.near(row) for row in found], [50, 25])
        found[0]["t_s"] = 0
        self.assertEqual(pictures.series([{"timeline": found}], pictures.near,
                                         "near_share"),
                         ([(0, 50), (1, 25)], [(0, 40, 60)]))


class Reports(Case):
    def made(self, cells, **more):
        directory, plan = write_experiment(self.tmp / "out", "x", cells,
                                           **more)
        r = report.collect(directory, plan)
        return r, report.page(r)

    def table(self, page, identity):
        found = [t for t in page.tables if t.id == identity]
        return found[0] if found else None

    def rows(self, page, identity):
        return {row[0]: row[1:] for row in self.table(page, identity).rows}

    FOUR = {"slow": [1e6, 1.1e6, 1.2e6, 1.05e6, 1e6],
            "fast": [4e6, 4.2e6, 4.1e6, 4.05e6, (records(9e6), "failed: x | y")],
            "also": [4.1e6, 4.0e6, 4.3e6, 3.9e6, 4.2e6],
            "one": [2e6] + [(records(), "failed: z")] * 4,
            "none": [([], "failed: did not run")] * 5}

    def test_ranks(self):
        r, page = self.made(self.FOUR)
        table = self.table(page, "rank")
        self.assertEqual(table.title, "By updates: more is better")
        self.assertEqual([row[:3] + row[4:] for row in table.rows], [
            ["1", "also", "4.1", "5", "100 %", "1 to 2"],
            ["2 =", "fast", "4.07", "4 of 5", "99 %", "1 to 2"],
            ["3", "slow", "1.05", "5", "26 %", "3"],
            ["n = 1", "one", "2", "1 of 5", "49 %", "-"],
            ["failed", "none", "-", "0 of 5", "-", "-"]])
        notes = " ".join(table.notes)
        self.assertEqual(table.rows[0][3], "3.9 to 4.3")
        self.assertIn("interval: of the median, at 88 % or more", notes)
        self.assertIn("any are called different in no more than 5 %", notes)
        self.assertRegex(notes, "noise: runs of a cell differ by")
        self.assertRegex(notes, "One of 5 % takes --repeat")
        self.assertEqual(page.conclusion[0], "10 of 25 runs failed.")
        self.assertEqual(
            page.conclusion[1], "By updates (more is better) also is first "
            "with 4.1 M/s, but fast cannot be told from it; slow has 1.05 M/s "
            "(26 % of it).")
        self.assertEqual(len(page.alarms["Failed"]), 10)
        self.assertIn("fast.5: failed: x | y", page.alarms["Failed"])

    def test_less_is_better(self):
        cells = {c: [never(records(), v) for v in values] for c, values in (
            ("soon", (1, 1.25, 1.1, 0.9)), ("late", (3, 3.5, 3.2, 3.3)),
            ("never", (None, None, 2.5, None)))}
        _, page = self.made(cells, rank="to_90_s")
        table = self.table(page, "rank")
        self.assertEqual([row[1:3] for row in table.rows],
                         [["soon", "1.05"], ["late", "3.25"],
                          ["never", "> 4"]])
        self.assertEqual(table.rows[1][0], "2")
        self.assertEqual([row[3] for row in table.rows], [
            "0.9 to 1.25", "3 to 3.5", "2.5 to > 4"])
        self.assertEqual([row[5] for row in table.rows],
                         ["100 %", "310 %", "> 381 %"])
        self.assertTrue(any("> : the time that was waited in vain" in n
                            for n in table.notes))
        self.assertEqual(self.rows(page, "summary")["hot set 90 % near after"],
                         ["s", "less", "1.05 (0.9 to 1.25)",
                          "3.25 (3 to 3.5)",
                          "> 4 (2.5 to > 4), never 3 of 4"])

    def test_never_is_not_beaten_by_what_took_longer_than_it_was_waited(self):
        short = [never(records()) for _ in range(4)]
        for found, _ in short:      # of 2 s
            del found[6:8]
        late = [never(records(), v) for v in (3, 3.1, 3.2, 3.3)]
        r, page = self.made({"short": short, "late": late}, rank="to_90_s")
        self.assertEqual(r.values["late"], [2] * 4)
        self.assertIn("no cell can be told", page.conclusion[1])
        # But it took what it took
        self.assertEqual([row[1:4] for row in self.table(page, "rank").rows],
                         [["short", "> 2", "> 2 to > 2"],
                          ["late", "3.15", "3 to 3.3"]])
        self.assertEqual([row[5] for row in self.table(page, "rank").rows],
                         ["-", "-"])
        ranking = report_csv.report(r, page)["ranking"][1]
        self.assertEqual([ranking[k] for k in ("median", "low", "high", "never",
                                               "of_best")],
                         [3.15, 3, 3.3, 0, None])

    def test_what_came_in_the_middle_is_known(self):
        r, page = self.made({
            "a": [never(records(), v) for v in (1, 1.1, 1.2, 1.15, None)],
            "b": [never(records(), v) for v in (.1, .2, .3, .15, .25)]},
            rank="to_90_s")
        self.assertEqual([row[2:4] for row in self.table(page, "rank").rows],
                         [["0.2", "0.1 to 0.3"], ["1.15", "1 to > 4"]])
        self.assertIn("a has 1.15 s (575 % of it)", page.conclusion[1])
        self.assertIn("What never came", pictures.values(r).caption)

    def test_shares_of_what_is_not_more_than_nothing(self):
        def given(value):
            return records(heat={"damon": {"correlation": value}}), "passed"
        _, page = self.made({
            "a": [given(v) for v in (.1, .11, .12, .09)],
            "b": [given(v) for v in (-.2, -.3, -.25, -.22)],
            "c": [given(0)] * 4}, rank="damon_correlation")
        self.assertEqual([row[5] for row in self.table(page, "rank").rows],
                         ["100 %", "0 %", "-"])

    def test_runs_are_those_that_have_the_figure(self):
        def given(value):
            return records(placement={"precision": value}), "passed"
        _, page = self.made({
            "a": [given(v) for v in (None, .9, None, .7, None)],
            "b": [given(v) for v in (float("nan"), .5, .5, .6, .55)]},
            rank="precision")
        self.assertEqual([row[4] for row in self.table(page, "rank").rows],
                         ["2 of 5", "4 of 5"])
        self.assertEqual(self.rows(page, "summary")["precision"][2:],
                         ["80 (70 to 90), in 2 of 5",
                          "52.5 (50 to 60), in 4 of 5"])
        self.assertIn("2 to 4 runs of a cell", page.conclusion[1])

    def test_seeds_are_of_gups(self):
        for words, said in ((["gups", "1M"], "2 repeats (seeds 0 to 1)."),
                            (["gups", "1M", "--seed", "7"], "2 repeats."),
                            (["run", "/x"], "2 repeats.")):
            directory, plan = write_experiment(
                self.tmp / "out", f"x{len(said)}{len(words)}", {"a": [1e6] * 2})
            for run in plan["cells"]:
                run["words"] = words
            self.assertIn(said, report.about(report.collect(directory, plan))[1])

    def test_too_few_runs(self):
        _, page = self.made({"a": [1e6, 1.1e6], "b": [5e6, 5.1e6]})
        self.assertTrue(any("2 runs: two neighbours of 2 cells cannot be told "
                            "with fewer than 4 of each" in n
                            for n in self.table(page, "rank").notes))
        self.assertIn("no cell can be told from b, which has 5.05 M/s: 2 runs "
                      "of each", page.conclusion[1])

    def test_one_run_each(self):
        _, page = self.made({"a": [4e6], "b": [5e6], "c": [4.9e6]})
        table = self.table(page, "rank")
        self.assertEqual([row[:2] for row in table.rows],
                         [["n = 1", "b"], ["n = 1", "c"], ["n = 1", "a"]])
        self.assertIn("--repeat 5", table.notes[0])
        self.assertEqual(
            page.conclusion[1], "One run a cell, so nothing is ranked: b 5 M/s,"
            " c 4.9 M/s, a 4 M/s (updates). --repeat 5 would say what of that "
            "is a difference.")

    def test_zeros_and_what_is_absent(self):
        for rank in ("errors", "near_counted", "recall"):
            with self.subTest(rank):
                (self.tmp / "out" / "x").unlink(missing_ok=True)
                _, page = self.made({"a": [1e6] * 2, "b": [1e6] * 2},
                                    rank=rank)
                for form in (report_md, report_html, report_text):
                    form.page(page)

    def test_nothing_passed(self):
        r, page = self.made({"a": [([], "failed: x")],
                             "b": [([], "failed: y")]})
        self.assertEqual(page.conclusion, ["2 of 2 runs failed."])
        self.assertEqual(r.ranking, [])
        self.assertEqual(pictures.all_of(r), [])
        self.assertIn("a.1: failed: x", report_md.page(page))

    def test_noise_of_the_host(self):
        cells = {"a": [1e6, 1.2e6, 1.1e6], "b": [2e6, 2.2e6, 2.1e6],
                 "reference": [1e6, 1.01e6, 0.99e6]}
        r, page = self.made(cells, reference="a")
        self.assertEqual(r.cells, ["a", "b"])
        self.assertTrue(any("the host's own: a with one seed in all of 3 "
                            "rounds differs by 1 %" in n for n in
                            self.table(page, "rank").notes),
                        self.table(page, "rank").notes)

    def test_loops(self):
        found = records(1e6, gups={"loop": "batch", "updates_per_s": 1e6})
        r, page = self.made({"a": [1e6], "b": [(found, "passed")]})
        self.assertIn("the update loop is not the same in all runs "
                      "(batch, plain)", page.alarms["Perturbed"][0])
        self.assertEqual(self.rows(page, "summary")["update loop"],
                         ["", "", "plain", "batch"])

    def test_what_the_heat_is_of(self):
        of = {k: [(records(1e6, heat={"of": k, "near_share": 0.5}), "passed")]
              for k in ("misses", "accesses")}
        r, page = self.made(of)
        self.assertEqual(self.table(page, "summary").notes,
                         ["misses: of accesses all accesses, in the cache or "
                          "not (--heat=accesses)"])

    def test_what_was_built_anew_meanwhile(self):
        directory, plan = write_experiment(self.tmp / "out", "x", {
            "a": [1e6, 2e6, 3e6], "b": [1e6, 2e6, 3e6]})

        def manifest(run, **sums):
            path = directory / "cells" / run / "manifest.json"
            said = json.loads(path.read_text())
            path.write_text(json.dumps({**said, **sums}))

        def said():
            return report.alarms(report.collect(directory, plan))

        manifest("a.1", added={"/mine": "1"})
        manifest("a.2", added={"/mine": "1"})
        manifest("b.1", added={"/mine": "2"})   # another cell's own
        self.assertEqual(said(), {})
        manifest("a.3", added={"/mine": "2"})
        self.assertEqual(said()["Perturbed"], [
            "/mine was not the same file in the repeats of a (2 and 1 were "
            "alike): what differs may come of that"])
        manifest("a.3", added={"/mine": "1"}, sha256={"tier": "2"})
        self.assertIn("tier was not the same file in all runs (5 and 1 were",
                      said()["Perturbed"][0])

    def test_moves_and_counters(self):
        _, page = self.made({"a": [1e6], "b": [1e6]},
                            theirs={"numa_hit": ["5", "6"]})
        moves = self.rows(page, "moves")
        self.assertEqual(moves["NUMA balancing, promoted"], ["512", "512"])
        self.assertNotIn("DAMON migrate_hot", moves)     # not known
        self.assertEqual(self.table(page, "moves").notes,
                         ["DAMON: no <scheme> (all cells)"])
        counters = self.rows(page, "counters")
        self.assertEqual(counters["numa_hit"], ["7", "5", "7", "6"])
        self.assertEqual(counters["pgdemote_kswapd"], ["-"] * 4)

    def test_about(self):
        r, page = self.made({"a": [1e6], "b": [1e6]}, icount="1")
        text = " ".join(page.about)
        self.assertIn("Linux 6.12.1, QEMU 11.1.0", text)
        self.assertIn("the emulator's, not hardware's", text)
        self.assertIn("2 ns each", text)
        for x in r.results:
            x["emulated"] = False
        self.assertNotIn("hardware", report.about(r)[1])
        r.plan["cells"][0].update(kernel="7.3", dram_free="1G",
                                  latency="cxl=+1us")
        r.plan["cells"][0]["words"] = ["--hog", "node0:free=512M,lock"]
        self.assertIn("kernel 7.3, 512M of DRAM free before the workload, "
                      "latency cxl=+1us", report.machines(r.plan))

    # --- forms ----------------------------------------------------------------

    def test_markdown(self):
        _, page = self.made(self.FOUR)
        page.pictures = [picture.Picture("p", "caption", "<svg/>")] * 2
        text = report_md.page(page)
        self.assertTrue(text.startswith("# A & B\n\n10 of 25 runs failed.\n"))
        self.assertIn("![caption](p.svg)", text)
        self.assertIn("* fast.5: failed: x | y", text)
        self.assertIn("| 2 = | fast | 4.07 |", text)
        self.assertIn("<details>\n<summary>Kernel counters", text)
        self.assertEqual(report_md.row(["a|b"]), "| a\\|b |")

    def test_terminal(self):
        r, page = self.made({f"a-cell-with-a-name-{i}": [i * 1e6 + 1, 5e6]
                             for i in range(9)})
        text = report_text.page(page, report_text.sparks(r))
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        for i in range(9):
            self.assertIn(f"a-cell-with-a-name-{i}  near ▁", text)
        # It ends with what came out
        last = " ".join(text.splitlines()[-4:])
        self.assertIn("All 18 runs passed.", last)
        self.assertIn("By updates", last)
        self.assertEqual(report_text.spark([None, 0, 1, 2], 1), " ▁██")
        self.assertEqual(report_text.spark([0], 0), "▁")
        self.assertEqual(report_text.squeeze([1, 3, None, None], 2), [2, None])
        self.assertEqual(report_text.table(["a"], [["b"]]), [])

    def test_html(self):
        r, page = self.made(self.FOUR, title="A & <B>")
        page.pictures = pictures.all_of(r)
        page.details = [("What", "<json>")]
        text = report_html.page(page)
        self.assertIn("<title>A &amp; &lt;B&gt;</title>", text)
        self.assertIn("no &lt;scheme&gt;", text)
        self.assertIn("&lt;json&gt;", text)
        self.assertNotRegex(text, r"(src|href)=|<script|@import|url\(")
        self.assertIn("<small>M/s, more is better</small>", text)
        # The picture that shows it comes before the tables
        self.assertLess(text.index("<svg"), text.index("<table"))

    def test_csv(self):
        r, page = self.made({"a": [1e6, 3e6], "b": [never(records())] * 2})
        files = report_csv.files(r)
        rows = list(csv.DictReader(io.StringIO(files["summary.csv"])))
        self.assertIn('"a","updates_per_s","M/s",2,2,1,3,"more",0',
                      files["summary.csv"])
        found = {(row["cell"], row["metric"]): row for row in rows}
        self.assertEqual(found["b", "to_90_s"]["never"], "2")
        self.assertEqual(found["b", "to_90_s"]["median"], "4")
        self.assertEqual(files["counters.csv"].count('"a",1,"numa_hit",7'), 1)
        self.assertIn('"a",1,"numa_miss",\n', files["counters.csv"])
        self.assertIn('"a",1,1,0.5,0.01,0.48,0.52,,1000000,,256,0,,536870912,\n',
                      files["timeline.csv"])
        package = report_csv.package("X")
        self.assertEqual(package["name"], "x")
        for resource in package["resources"]:
            head = files[resource["path"]].split("\n")[0]
            self.assertEqual([f["name"] for f in resource["schema"]["fields"]],
                             [h.strip('"') for h in head.split(",")])
        said = json.loads(json.dumps(report_csv.report(r, page)))
        self.assertEqual(said["ranked_by"], "updates_per_s")
        self.assertEqual(said["cells"]["b"]["values"]["to_90_s"],
                         [{"value": 4, "never": True}] * 2)
        self.assertEqual(report_csv.field('a"b'), '"a""b"')


class Pictures(Case):
    def check(self, svg):
        """It is XML; nothing is drawn outside of it, or of no number."""
        root = xml.etree.ElementTree.fromstring(svg)
        _, _, width, height = map(float, root.get("viewBox").split())
        self.assertNotRegex(svg, "nan|inf")
        for points in re.findall(r'points="([^"]*)"', svg):
            for point in points.split():
                x, y = map(float, point.split(","))
                self.assertTrue(-1 <= x <= width + 1 and -1 <= y <= height,
                                point)
        for colour in re.findall(r'(?:fill|stroke)="#([0-9a-f]+)"', svg):
            self.assertEqual(len(set(colour)), 1, f"{colour} is no grey")
        return root

    def test_of_an_experiment(self):
        found = records(2e6, 0.8)
        found[2:2] = [
            {"record": "damon_region", "start": i * 2 ** 28,
             "size_bytes": 2 ** 27, "access_rate": i / 8} for i in range(8)]
        directory, plan = write_experiment(
            self.tmp / "out", "x", {"a": [1e6, 2e6], "b": [(found, "passed")]})
        r = report.collect(directory, plan)
        all_of = pictures.all_of(r)
        self.assertEqual([p.name for p in all_of],
                         ["over-time", "values", "moves", "nodes", "damon"])
        for p in all_of:
            self.check(p.svg)
            self.assertTrue(p.caption.endswith("."))
        first = all_of[0].svg
        for text in ("updates near, %", "updates, M/s, emulated", "seconds",
                     "a: updates 1.5 M/s", "b: updates 2 M/s, n = 1"):
            self.assertIn(text, first)
        self.assertIn("the hot set moves", all_of[0].caption)
        self.assertGreater(first.count("<polygon"), 0)
        single = report.Results(r.plan, [x for x in r.results
                                         if x["repeat"] == 1])
        points, band = pictures.series(single.good["a"], pictures.near,
                                       "near_share")
        self.assertEqual([round(v) for v in band[1]], [1, 48, 52])

    def test_modelled_rate(self):
        found = records(1e6, timeline={"modelled_updates_per_s": 7e6})
        directory, plan = write_experiment(self.tmp / "out", "x", {
            "a": [(found, "passed")]})
        svg = pictures.all_of(report.collect(directory, plan))[0].svg
        self.assertIn("updates, M/s, modelled", svg)
        # One that has none makes all of them compared by the other
        bare = records(1e6, timeline={"modelled_updates_per_s": None})
        r = report.collect(*write_experiment(self.tmp / "out", "y", {
            "a": [(found, "passed")], "b": [(bare, "passed")]}))
        svg = pictures.all_of(r)[0].svg
        self.assertIn("updates, M/s, emulated", svg)
        self.assertIn(", rate from 0 to 1 M/s",
                      " ".join(report_text.sparks(r)))

    def test_of_nothing(self):
        found = [r for r in records() if r["record"] != "timeline"]
        for r in found:
            if r["record"] == "gups":
                r["updates_per_s"] = -1
        directory, plan = write_experiment(
            self.tmp / "out", "x", {"a": [(found, "passed")],
                                    "b": [(found, "passed")]})
        self.assertEqual(pictures.all_of(report.collect(directory, plan)), [])
        rows = [{"record": "timeline", "t_s": t} for t in range(3)]
        directory, plan = write_experiment(
            self.tmp / "out", "y", {"a": [(rows, "passed")]})
        self.assertEqual(pictures.all_of(report.collect(directory, plan)), [])

    def test_gaps(self):
        self.assertEqual(list(picture.parts([(0, None), (1, 2), (2, 3),
                                             (3, None), (4, 5)])),
                         [[(1, 2), (2, 3)], [(4, 5)]])

    def test_axes(self):
        self.assertEqual([picture.nice(v) for v in (0, 0.7, 1, 1.2, 2.1, 30,
                                                    400, float("inf"))],
                         [1, 1, 1, 2, 2.5, 50, 500, 1])
        self.assertEqual(picture.ticks(10, 5), [0, 2, 4, 6, 8, 10])
        self.check(picture.dots([("a" * 60, [0, 0], 0), ("b", [0], 0)],
                                "x"))
