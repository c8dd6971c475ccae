# SPDX-License-Identifier: GPL-2.0-only
"""Statistics, against what can be counted by hand."""
import itertools
import math
import random
import unittest

from expt import stats


class Values(unittest.TestCase):
    def test_median_and_its_interval(self):
        self.assertEqual(stats.median([]), None)
        self.assertEqual(stats.median([3, 1, 2]), 2)
        self.assertEqual(stats.median([4, 1, 2, 3]), 2.5)
        for n, low, high, sure in ((1, 0, 0, 0), (2, 0, 1, 0.5),
                                   (5, 0, 4, 0.9375), (6, 0, 5, 0.96875),
                                   (9, 1, 7, 1 - 20 / 512)):
            self.assertEqual(stats.interval(list(range(n))),
                             (low, high, sure))

    def test_midranks(self):
        self.assertEqual(stats.midranks([5, 1, 5, 7]), [2.5, 1, 2.5, 4])
        self.assertEqual(stats.midranks([0, 0, 0]), [2, 2, 2])


class Deals(unittest.TestCase):
    def test_two_cells_are_counted_out(self):
        # Of 70 ways to deal 8 runs to two cells two are as far apart
        self.assertAlmostEqual(stats.ends_p([[1, 2, 3, 4], [5, 6, 7, 8]]),
                               2 / 70)
        # Mann and Whitney's U of 1: 4 of 70
        self.assertAlmostEqual(stats.ends_p([[1, 2, 3, 5], [4, 6, 7, 8]]),
                               4 / 70)
        self.assertEqual(stats.ends_p([[1, 1], [1, 1]]), 1)
        # Of unequal numbers, 10 ways: one cell below, one above
        self.assertAlmostEqual(stats.ends_p([[1, 2], [3, 4, 5]]), 2 / 10)

    def test_more_are_sampled(self):
        cells = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
        found = set()
        for deal in itertools.permutations(range(1, 10)):
            found.add(tuple(tuple(sorted(deal[i:i + 3])) for i in (0, 3, 6)))
        spans = [stats.span([r for cell in deal for r in cell], (3, 3, 3))
                 for deal in found]
        exact = sum(s >= 6 for s in spans) / len(spans)
        self.assertAlmostEqual(exact, 6 / 1680)
        self.assertLess(stats.ends_p(cells), exact + 0.006)
        cells[1][0], cells[2][2] = 9, 4     # then they are nearer
        self.assertTrue(0.003 < stats.ends_p(cells) < 0.5)


class Told(unittest.TestCase):
    def test_levels(self):
        self.assertEqual(stats.level(7, 7), 0.05)
        self.assertEqual(stats.level(6, 7), 0.05)
        self.assertAlmostEqual(stats.level(2, 7), 1 - 0.95 ** (2 / 7))
        self.assertEqual([stats.least_repeats(k) for k in (2, 3, 4, 12, 13)],
                         [4, 4, 5, 5, 6])

    def test_rows_of_neighbours(self):
        def cells(n, *middles):
            return [[m + i / 100 for i in range(n)] for m in middles]
        self.assertEqual(stats.told(cells(5, 1, 2, 3)),
                         {(0, 1), (1, 2), (0, 2)})
        # Three runs tell ends, not neighbours
        self.assertEqual(stats.told(cells(3, 1, 2, 3)), {(0, 2)})
        self.assertEqual(stats.told(cells(3, 1, 2)), set())
        self.assertEqual(stats.told(cells(2, 1, 2, 3, 4)), {(0, 3)})
        self.assertEqual(stats.told([]), set())
        # Within what cannot be told nothing is told
        same = [[1, 2, 3, 4, 5]] * 4
        self.assertEqual(stats.told(same), set())
        # Of many: with the best alone
        many = stats.told(cells(5, *range(20)))
        self.assertEqual(many, {(0, j) for j in range(1, 20)} - {
            (0, j) for j in range(1, 20) if (0, j) not in many})
        self.assertIn((0, 2), many)


class Ranks(unittest.TestCase):
    def row(self, rows):
        return [(r.cell, r.rank, r.first, r.last, r.same) for r in rows]

    CELLS = {"low": [1, 1.1, 0.9, 1, 1.05], "high": [9, 9.1, 9.05, 8.9, 9],
             "wide": [2, 12, 7, 9, 14], "near": [9.1, 9, 8.95, 9.05, 9.15]}

    def test_more_and_less(self):
        self.assertEqual(self.row(stats.ranking(self.CELLS, "more")), [
            ("near", 1, 1, 3, False), ("high", 2, 1, 3, True),
            ("wide", 3, 1, 3, True), ("low", 4, 4, 4, False)])
        rows = stats.ranking(self.CELLS, "less")
        self.assertEqual(rows[0].cell, "low")
        self.assertEqual([r.same for r in rows], [False] * 4)
        self.assertEqual((rows[0].median, rows[0].low, rows[0].high),
                         (1, 0.9, 1.1))

    def test_one_that_lies_within_the_winners_range(self):
        rows = stats.ranking({"a": [5, 10, 12], "b": [9.5, 9.6, 9.7],
                              "c": [8, 9, 9.4]}, "more")
        self.assertEqual([(r.cell, r.same) for r in rows],
                         [("a", False), ("b", True), ("c", True)])

    def test_one_run_is_never_ranked(self):
        rows = stats.ranking({"a": [10, 11, 12], "b": [50], "c": []}, "more")
        self.assertEqual(self.row(rows), [("a", 1, 1, 1, False),
                                          ("b", None, None, None, False)])
        rows = stats.ranking({"a": [100], "b": [99.9]}, "more")
        self.assertEqual([r.rank for r in rows], [None, None])

    def test_zeros(self):
        rows = stats.ranking({"a": [0, 0, 0], "b": [0, 0, 0]}, "more")
        self.assertEqual(self.row(rows), [("a", 1, 1, 2, False),
                                          ("b", 2, 1, 2, True)])
        self.assertEqual(stats.ranking({"a": [], "b": []}, "more"), [])


class Figures(unittest.TestCase):
    def test_all_together(self):
        a = [{"x": i, "y": i % 2, "z": 1} for i in range(6)]
        b = [{"x": 10 + i, "y": i % 2, "z": 1} for i in range(6)]
        self.assertEqual(stats.differ([(a, b)]), {(0, "x")})
        # Several strata at once; what one lacks is left out
        b[0] = {"x": 10}
        self.assertEqual(stats.differ([(a, b), (a, a)]), {(0, "x")})
        # Too few to tell anything
        self.assertEqual(stats.differ([(a[:3], b[:3])]), set())
        self.assertEqual(stats.differ([(a[:1], b[:1])]), set())
        self.assertEqual(stats.differ([]), set())


class Seen(unittest.TestCase):
    def test_spread(self):
        self.assertAlmostEqual(
            stats.spread([[9, 10, 11], [], [5], [90, 100, 110], [0, 0]]), 0.1)
        self.assertEqual(stats.spread([]), None)

    def test_more_runs_see_more(self):
        seen = [stats.detectable(7, n) for n in (5, 7, 10, 12, 13, 20, 50)]
        self.assertEqual(seen, sorted(seen, reverse=True))
        self.assertEqual(stats.detectable(7, 4), None)
        n = stats.repeats_for(0.05, 0.05, 7)
        self.assertLessEqual(stats.detectable(7, n), 1)
        self.assertGreater(stats.detectable(7, n - 1), 1)
        self.assertEqual(stats.repeats_for(0.001, 0.5, 7), None)

    def test_what_is_called_detectable_is_detected(self):
        """Two neighbours so far apart are told in 8 of 10 experiments, if the
        rows around them are."""
        r = random.Random(11)
        for n in (5, 8, 12, 20):
            off = stats.detectable(2, n)
            told = sum(stats.ends_p([[r.gauss(m, 1) for _ in range(n)]
                                     for m in (0, off)]) <= 0.05
                       for _ in range(300)) / 300
            with self.subTest(n):
                self.assertTrue(abs(told - 0.8) < 3 * math.sqrt(0.16 / 300)
                                + 0.02, told)
