# SPDX-License-Identifier: GPL-2.0-only
"""Which cells differ, and how much of a difference could have been seen.

If cells are the same, their runs could as well have been dealt to them in any
other way.  That is all that is assumed: not that values are normal, of one
spread, or of one mode (a hot set that came or did not come makes two).  The
runs' ranks are dealt at random to the cells; two cells differ if their mean
ranks are farther apart than those of any two are in all but ALPHA of the deals.

For all pairs of cells: the cells stand in order, and the ends of each row of
neighbours are compared, the longest row first (a multiple range test, as of
Ryan, Einot, Gabriel and Welsch).  Within a row whose ends cannot be told nothing
is told.  So of cells that are the same, however many, any are called different
in no more than ALPHA of all experiments; test/expt simulates that.

A single run is never ranked.  What did not come ("never") counts as the time
that it was waited for, the least of all runs: all from there on are equal.
"""
import bisect
import collections
import functools
import itertools
import math

ALPHA = 0.05
POWER = 0.8
DEALS = 2000
REPEATS_MAX = 99
# Of more cells each is compared with the best alone, and of fewer deals
CELLS_MANY = 16

Rank = collections.namedtuple(
    "Rank", "cell rank first last n median low high same")


# --- values -------------------------------------------------------------------

def median(values):
    values, n = sorted(values), len(values)
    return (values[(n - 1) // 2] + values[n // 2]) / 2 if n else None


def outside(n, cut):
    """How often a median is not between the order statistics of n values of
    which so many are cut off at both ends."""
    return 2 * sum(math.comb(n, i) for i in range(cut + 1)) / 2 ** n


def interval(values):
    """(low, high, confidence) of the median: order statistics of at least
    95 %, or the range, which of less than 6 runs has less."""
    values, n, cut = sorted(values), len(values), 0
    while outside(n, cut + 1) <= ALPHA:
        cut += 1
    return values[cut], values[n - 1 - cut], 1 - outside(n, cut)


def midranks(values):
    """From 1; of equal ones their mean."""
    order = sorted(values)
    return [(bisect.bisect_left(order, v) + bisect.bisect_right(order, v) + 1)
            / 2 for v in values]


# --- deals --------------------------------------------------------------------

def span(ranks, sizes):
    """Of cells of these sizes, dealt in this order: how far the mean ranks of
    any two are apart."""
    means, at = [], 0
    for n in sizes:
        means.append(sum(ranks[at:at + n]) / n)
        at += n
    return max(means) - min(means)


@functools.lru_cache(256)
def deals(ranks, sizes):
    """The spans of all deals, in order: of two cells of each deal, if there are
    not too many, else of a sample of them."""
    if len(sizes) == 2 and math.comb(sum(sizes), sizes[0]) <= 10 * DEALS:
        total, (n, m) = sum(ranks), sizes
        return sorted(abs(s / n - (total - s) / m) for s in
                      map(sum, itertools.combinations(ranks, n)))
    import random
    deal, found, ranks = random.Random(1), [], list(ranks)
    count = DEALS if len(sizes) <= CELLS_MANY else DEALS // 4
    for _ in range(count):
        deal.shuffle(ranks)
        found.append(span(ranks, sizes))
    return sorted(found + [math.inf])   # that which was found is one, too


def ends_p(row):
    """Of a row of cells (lists of values): how often any two of such cells are
    as far apart as the first and the last one."""
    ranks = midranks([v for cell in row for v in cell])
    first, last = row[0], row[-1]
    apart = abs(sum(ranks[:len(first)]) / len(first)
                - sum(ranks[-len(last):]) / len(last))
    found = deals(tuple(sorted(ranks)), tuple(sorted(map(len, row))))
    return 1 - bisect.bisect_left(found, apart - 1e-9) / len(found)


def level(length, cells):
    """At which the ends of a row of so many of the cells are compared."""
    return ALPHA if length >= cells - 1 else \
        1 - (1 - ALPHA) ** (length / cells)


def told(cells):
    """{(i, j)}: those of cells (in order) that differ, i before j."""
    found, same, k = set(), [], len(cells)
    for length in range(k, 1, -1):
        for i in range(k - length + 1 if k <= CELLS_MANY else 1):
            j = i + length - 1
            if any(a <= i and j <= b for a, b in same):
                continue
            if ends_p(cells[i:j + 1]) <= level(length, k):
                found.add((i, j))
            else:
                same.append((i, j))
    return found


# --- ranks --------------------------------------------------------------------

def ranking(cells, better):
    """cells: {name: values}.  The best comes first; each has the ranks that it
    may have for all that can be told (first, last), and same: it cannot be
    told from the best.  Cells with one run come after the others, unranked."""
    sign = -1 if better == "more" else 1
    order = sorted((c for c in cells if cells[c]), key=lambda c: (
        len(cells[c]) < 2, sign * median(cells[c]), sign * sum(cells[c])))
    ranked = [c for c in order if len(cells[c]) > 1]
    differ = told([cells[c] for c in ranked])
    rows = []
    for i, c in enumerate(order):
        middle = median(cells[c])
        if c not in ranked:
            rows.append(Rank(c, None, None, None, 1, middle, None, None, False))
            continue
        above = sum((a, i) in differ for a in range(i))
        below = sum((i, b) in differ for b in range(i + 1, len(ranked)))
        low, high, _ = interval(cells[c])
        rows.append(Rank(c, i + 1, above + 1, len(ranked) - below,
                         len(cells[c]), middle, low, high,
                         i > 0 and (0, i) not in differ))
    return rows


# --- many figures of two ------------------------------------------------------

def differ(strata):
    """strata: [(runs, runs)] of what is compared in pairs, a run {figure:
    value}.  {(stratum, figure)} that differ: of all figures together one is
    called so by chance in no more than ALPHA (Westfall and Young: their
    greatest difference in each deal is what counts)."""
    tables = []
    for i, (a, b) in enumerate(strata):
        runs = [*a, *b]
        for key in dict.fromkeys(key for run in runs for key in run):
            at = [j for j, run in enumerate(runs) if key in run]
            if min(sum(j < len(a) for j in at),
                   sum(j >= len(a) for j in at)) > 1:
                ranks = dict(zip(at, midranks([runs[j][key] for j in at])))
                tables.append((i, key, ranks))

    def apart(ranks, ours):
        mine = [r for j, r in ranks.items() if j in ours]
        rest = [r for j, r in ranks.items() if j not in ours]
        return abs(sum(mine) / len(mine) - sum(rest) / len(rest)) \
            / len(ranks) if mine and rest else 0

    def greatest(chosen):
        return max(apart(ranks, chosen[i]) for i, _, ranks in tables)
    if not tables:
        return set()
    most = sorted(greatest(chosen) for chosen in choices(
        [(len(a), len(b)) for a, b in strata]))
    return {(i, key) for i, key, ranks in tables
            if 1 - bisect.bisect_left(most, apart(
                ranks, set(range(len(strata[i][0])))) - 1e-9) / len(most)
            <= ALPHA}


def choices(sizes):
    """Deals of each stratum's runs: which of them are the first one's."""
    if len(sizes) == 1 and math.comb(sum(sizes[0]), sizes[0][0]) <= DEALS:
        for chosen in itertools.combinations(range(sum(sizes[0])),
                                             sizes[0][0]):
            yield [set(chosen)]
        return
    import random
    deal = random.Random(1)
    yield [set(range(n)) for n, _ in sizes]
    for _ in range(DEALS):
        yield [set(deal.sample(range(n + m), n)) for n, m in sizes]


# --- what could have been seen ------------------------------------------------

def spread(cells):
    """The relative standard deviation of a run within its cell."""
    runs = square = 0
    for values in cells:
        mean = sum(values) / len(values) if values else 0
        if len(values) > 1 and mean:
            runs += len(values) - 1
            square += sum((v / mean - 1) ** 2 for v in values)
    return math.sqrt(square / runs) if runs else None


def least_repeats(cells):
    """So many runs a cell are needed to tell neighbours at all."""
    return next(n for n in itertools.count(2)
                if 2 / math.comb(2 * n, n) <= level(2, cells))


@functools.lru_cache(None)
def detectable(cells, n):
    """The difference of two neighbours of so many cells, of n runs each, in
    standard deviations of a run, that is seen in POWER of all experiments, if
    runs are normal.  None: none ever is."""
    limit = level(2, cells)
    if n < least_repeats(cells):
        return None
    if n > 12:
        from statistics import NormalDist
        z = NormalDist().inv_cdf
        # 3 / pi: how much less ranks see than means
        return (z(1 - limit / 2) + z(POWER)) * math.sqrt(2 / n / (3 / math.pi))
    found = deals(tuple(range(1, 2 * n + 1)), (n, n))
    apart = next(a for a in found if
                 1 - bisect.bisect_left(found, a - 1e-9) / len(found) <= limit)
    pairs = round((apart + n) / 2 * n)    # of which the one is before the other
    import random
    draw, needed = random.Random(1), []
    for _ in range(500):
        a, b = ([draw.gauss(0, 1) for _ in range(n)] for _ in range(2))
        needed.append(sorted(x - y for x in a for y in b)[pairs - 1])
    return sorted(needed)[int(POWER * len(needed))]


def repeats_for(difference, spread_, cells):
    """So many runs a cell show such a difference; None: more than are wise."""
    for n in range(2, REPEATS_MAX + 1):
        seen = detectable(cells, n)
        if seen is not None and seen * spread_ <= difference:
            return n
    return None
