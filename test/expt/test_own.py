# SPDX-License-Identifier: GPL-2.0-only
"""An experiment's own: metrics by what its programs print, files, packages."""
import json
import textwrap
from unittest import mock

from expt import metrics, parse, plan, records, report
from expt.common import EXPERIMENTS
from given import SETTINGS, Case, write_experiment

READS = {"name": "reads_per_s", "regex": "^get: ([0-9.]+)", "unit": "1/s",
         "better": "more"}


class Own(Case):
    def setUp(self):
        super().setUp()
        kept, known = list(metrics.METRICS), dict(metrics.BY_KEY)

        def forget():
            metrics.METRICS[:] = kept
            metrics.BY_KEY.clear()
            metrics.BY_KEY.update(known)
        self.addCleanup(forget)

    def read(self, text):
        path = self.tmp / "x.exp"
        path.write_text(textwrap.dedent(text))
        return parse.Reader(str(path), SETTINGS).read()

    def wrong(self, at, regex, text):
        self.refused(2, f"^{self.tmp}/x.exp:{at}: {regex}", self.read, text)

    def test_lines(self):
        e = self.read("""\
            title x
            metric reads_per_s ^get: ([0-9.]+) 1/s better=more
            metric p99_ms p99 is\\s+(\\d+) of all ms better=less
            cell a run /x
            """)
        self.assertEqual(e.metrics[0], READS)
        self.assertEqual(e.metrics[1]["regex"], "p99 is\\s+(\\d+) of all")
        self.assertEqual(e.rank, "reads_per_s p99_ms")
        e = self.read("title x\nmetric a (.) 1 better=more\n"
                      "rank elapsed_s a\ncell a run /x\n")
        self.assertEqual(e.rank, "elapsed_s a")

    def test_mistakes(self):
        for line in ("a (.) better=more", "a (.) s better=most", "A (.) s "
                     "better=more", "a s better=more"):
            self.wrong("1:8", "metric: NAME REGEX UNIT better=more",
                       f"metric {line}")
        self.wrong("1:10", "metric a: .*unterminated", "metric a (. s better=less")
        self.wrong("1:10", "metric a: the expression has 2 groups",
                   "metric a (.)(.) s better=less")
        self.wrong("1:10", "metric a: the expression has 0 groups",
                   "metric a .. s better=less")
        self.wrong("1:8", "metric elapsed_s: there is one",
                   "metric elapsed_s (.) s better=less")
        self.wrong("2:8", "metric a: there is one", "metric a (.) s better=less\n"
                   "metric a (.) s better=less")
        self.wrong("1:6", "no metric 'reads'", "rank reads")
        self.wrong("1:8", "script: there is no file", "script nothing.sh")

    def test_printed(self):
        log = self.tmp / "console.log"
        log.write_bytes(b"get: 1.5\r\nx get: 9\r\n\xff\nget: 2.5 of 3\r\n"
                        b"a nan\nb -inf\n")
        other = dict(READS, name="other", regex="^put: (.*)")
        word = dict(READS, name="word", regex="^x (.*) ")
        self.assertEqual(records.printed(log, [READS, other, word]),
                         {"reads_per_s": 2.5, "other": None, "word": None})
        for what in "ab":   # A mean of nothing is no figure
            self.assertEqual(records.printed(log, [dict(
                READS, regex=f"^{what} (.*)")]), {"reads_per_s": None})
        self.assertEqual(records.printed(self.tmp / "none", [READS]),
                         {"reads_per_s": None})
        self.assertEqual(records.printed(self.tmp / "none", []), {})

    def test_cells_are_ranked_by_it(self):
        directory, planned = write_experiment(
            self.tmp / "out", "mine", {"a": [1e6] * 5, "b": [1e6] * 5},
            rank="reads_per_s", metrics=[READS])
        for cell in planned["cells"]:
            said = (1 if cell["cell"] == "a" else 2) + cell["repeat"] / 100
            (directory / "cells" / cell["id"] / "console.log").write_text(
                f"get: 0\nget: {said}\n")
        r = report.collect(directory, planned)
        self.assertEqual(r.metric.key, "reads_per_s")
        self.assertEqual([row.cell for row in r.ranking], ["b", "a"])
        self.assertEqual(r.ranking[0].median, 2.03)
        status, said, _ = self.verb("report", str(directory))
        self.assertEqual(status, 0)
        self.assertIn("reads per s", said)
        status, said, _ = self.verb("expect", str(directory),
                                    "b: reads_per_s > 2", "a: reads_per_s > 2")
        self.assertEqual(status, 4)
        self.assertIn("1.03", said)
        json.loads((directory / "report.json").read_text())

    def test_files_and_packages(self):
        (self.tmp / "x.sh").write_text("true\n")
        e = self.read("""\
            title x
            package a b
            add prog /y:/z
            script x.sh
            cell a --policy none
            """)
        options = mock.Mock(scale="1", topology="", repeat=2, icount="")
        planner = plan.Planner(options, lambda kernel: {"plugin": True})
        words = planner.cell(e.cells[0])["words"]
        self.assertEqual(words, [
            "--add", f"{self.tmp}/prog", "--add", "/y:/z", "--package", "a",
            "--package", "b", "--script", f"{self.tmp}/x.sh", "--once",
            "--policy", "none"])
        self.assertEqual(planner.words({"words": words}, 2), words)
        self.assertIn("--seed", planner.words({"words": ["gups", "1M"]}, 2))

    def test_redis(self):
        e = parse.Reader(str(EXPERIMENTS / "redis.exp"), SETTINGS).read()
        log = self.tmp / "log"
        log.write_text('"test","rps","avg_latency_ms","min_latency_ms",'
                       '"p50_latency_ms","p95_latency_ms","p99_latency_ms",'
                       '"max_latency_ms"\n"get key:__rand_int__","5977.32",'
                       '"0.6","0.1","0.343","1.2","2.391","9.1"\n')
        self.assertEqual(records.printed(log, e.metrics),
                         {"reads_per_s": 5977.32, "p99_ms": 2.391})
