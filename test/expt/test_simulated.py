# SPDX-License-Identifier: GPL-2.0-only
"""Cells of which the truth is known: the same ones are called different in no
more than 5 % of experiments, however many they are; others are told."""
import itertools
import math
import os
import random
import unittest

from expt import stats

# test/matrix/simulated.t has four times as many
TIMES = int(os.environ.get("TIMES", 1))
EXPERIMENTS = 100 * TIMES
EXPERIMENTS_TIED = 15 * TIMES   # each has deals of its own
EXPERIMENTS_LARGE = 50 * TIMES  # of many figures, or runs
DISTRIBUTIONS = {
    "normal": lambda r: r.gauss(10, 1),
    "light tails": lambda r: r.random(),
    "heavy tails": lambda r: r.gauss(0, 1) / math.sqrt(r.gammavariate(1, 1)),
    "Cauchy": lambda r: math.tan(math.pi * (r.random() - 0.5)),
    "lognormal": lambda r: r.lognormvariate(0, 1),
    "Pareto": lambda r: r.paretovariate(1.5),
    # A host that stops for a while in one run of ten
    "outliers": lambda r: r.gauss(10, 0.1) - (5 if r.random() < 0.1 else 0),
    # A hot set that came or did not
    "two modes": lambda r: r.choice((0, 100)) + r.random(),
    # Whole seconds
    "steps": lambda r: r.randint(3, 6),
    "mostly never": lambda r: 5 if r.random() < 0.1 else 20,
}


def experiments(name):
    return EXPERIMENTS_TIED if name in ("steps", "mostly never") else \
        EXPERIMENTS


def differ(cells):
    rows = [row for row in stats.ranking(cells, "more") if row.rank]
    return any(row.first > 1 or row.last < len(rows) for row in rows)


def wrong(name, counts, seed):
    """The part of experiments in which any two of the same cells differ."""
    r, draw, count = random.Random(seed), DISTRIBUTIONS[name], experiments(name)
    return sum(differ({i: [draw(r) for _ in range(n)]
                       for i, n in enumerate(counts)})
               for _ in range(count)) / count


class Same(unittest.TestCase):
    def hold(self, rates, count):
        """At most 5 %, as well as so many experiments can say it."""
        error = math.sqrt(0.05 * 0.95 / count)
        for name, rate in rates.items():
            with self.subTest(name):
                self.assertLessEqual(rate, 0.05 + 3 * error)
        self.assertLessEqual(sum(rates.values()) / len(rates),
                             0.05 + 3 * error / math.sqrt(len(rates)))

    def test_any_number_of_cells_and_repeats(self):
        for name in DISTRIBUTIONS:
            self.hold({f"{name}, {k} cells, {n} runs":
                       wrong(name, [n] * k, seed=k * 100 + n)
                       for k, n in itertools.product((2, 3, 5, 10),
                                                     (2, 3, 5, 10))},
                      experiments(name))

    def test_runs_that_failed(self):
        for name in DISTRIBUTIONS:
            self.hold({f"{name}, {counts}": wrong(name, counts, 7)
                       for counts in ([2, 10], [3, 5], [5, 5, 5, 5, 2],
                                      [1, 5, 4], [2, 3, 4, 5])},
                      experiments(name))

    def test_beside_others(self):
        """Three that are the same, above and below cells that are not."""
        for name, draw in DISTRIBUTIONS.items():
            r, bad = random.Random(3), 0
            for _ in range(experiments(name)):
                cells = [[draw(r) for _ in range(5)] for _ in range(3)]
                cells = {"top": [1e9 + r.random() for _ in range(5)],
                         **dict(enumerate(cells)),
                         "low": [-1e9 - r.random() for _ in range(5)]}
                rows = stats.ranking(cells, "more")[1:4]
                bad += any((row.first, row.last) != (2, 4) for row in rows)
            self.hold({name: bad / experiments(name)}, experiments(name))

    def test_figures_of_two(self):
        """Sixteen figures of two that are the same, some of one another."""
        for n in (4, 5, 8):
            r, bad = random.Random(n), 0
            for _ in range(EXPERIMENTS_LARGE):
                runs = []
                for _ in range(2 * n):
                    x = r.gauss(0, 1)
                    runs.append({i: x * (i % 2) + r.gauss(0, 1)
                                 for i in range(16)})
                bad += bool(stats.differ([(runs[:n], runs[n:])]))
            self.hold({f"{n} runs": bad / EXPERIMENTS_LARGE},
                      EXPERIMENTS_LARGE)


class Other(unittest.TestCase):
    def test_far_apart(self):
        r = random.Random(5)
        right = 0
        for _ in range(EXPERIMENTS_LARGE):
            rows = stats.ranking({i: [m * r.gauss(1, 0.03) for _ in range(5)]
                                  for i, m in enumerate((8, 4, 2, 1))}, "more")
            right += [(row.cell, row.first, row.last) for row in rows] == [
                (i, i + 1, i + 1) for i in range(4)]
        self.assertGreater(right / EXPERIMENTS_LARGE, 0.95)

    def test_what_is_called_detectable(self):
        """Of seven cells, the first so far above the others."""
        off, r, told = stats.detectable(7, 7), random.Random(8), 0
        for _ in range(EXPERIMENTS_LARGE):
            rows = stats.ranking({i: [r.gauss(off * (i == 0), 1)
                                      for _ in range(7)]
                                  for i in range(7)}, "more")
            told += rows[0].cell == 0 and not rows[-1].same
        self.assertGreater(told / EXPERIMENTS_LARGE, 0.7)
