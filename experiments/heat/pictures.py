# SPDX-License-Identifier: GPL-2.0-only
"""What was found, as pictures: the misses by address and time beside what DAMON
saw, what near memory served beside the best, and how few pages hold how much.

They look like an experiment's (experiments/expt/picture.py): shades of grey, and
so wide that a phone shows them.
"""
import bisect
import collections
import math

from expt.picture import FONT, STYLES, WIDTH, figure, key, nice, rule, svg, text

from .common import PARTS, open_out, percent, size_text

LEFT, RIGHT = 72, 18
WIDE = WIDTH - LEFT - RIGHT
BANDS = 96
MAP, STRIP, CURVE = 288, 96, 260
GREY = ' fill="#444"'
FAINT = 'stroke="#ddd" stroke-width=".6"'
# No axis of efficiency is longer: a share of next to nothing has no end
MOST_PERCENT = 200


def short(n):
    """Three digits of a number."""
    return "%.3g" % n if n < 1000 else "%d" % float("%.3g" % n)


def paragraph(x, y, words, more=GREY):
    """Lines as long as the picture is wide, and where the next one would be."""
    body, line = [], ""
    for word in words.split():
        if line and (len(line) + 1 + len(word)) * FONT * 0.53 > WIDTH - x - 4:
            body.append(text(x, y, line, more=more))
            line, y = "", y + FONT + 4
        line += " " + word if line else word
    return body + [text(x, y, line, more=more)], y + FONT + 4


def scale(low, high, most=4):
    """Values of ticks, in no more than so many steps and one, with zero."""
    step = nice((high - low) / most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [i * step for i in range(first, max(last, first + 1) + 1)]


def times_of(begin, end, most=6):
    step = nice((end - begin) / most)
    # One that is no wider than a line before the begin is shown there
    first = math.ceil((begin - (end - begin) / WIDE) / step - 1e-9)
    return [i * step for i in range(first, math.floor(end / step + 1e-9) + 1)]


class OverTime:
    """What pictures over the time of a run share: their axis."""

    def __init__(self, heat, origin, since):
        self.heat, self.since = heat, since
        self.origin, self.begin = origin, heat.spans[0].begin
        self.end = max(heat.spans[-1].end, self.begin + 1e-9)
        self.body = []

    def x(self, t):
        return LEFT + (t - self.begin) / (self.end - self.begin) * WIDE

    def say(self, y, words, more=GREY):
        lines, y = paragraph(LEFT, y, words, more)
        self.body += lines
        return y

    def axis(self, y):
        for t in times_of(self.begin - self.origin, self.end - self.origin):
            at = self.x(t + self.origin)
            self.body += [rule(at, y, at, y + 4),
                          text(at, y + 16, figure(t), "middle")]
        self.body.append(rule(LEFT, y, LEFT + WIDE, y))
        return self.say(y + 32, "seconds since " + self.since)


# --- by address -----------------------------------------------------------------


def bands_of(heat, ranges):
    """The touched memory in bands of one size: [(first page, name)], size."""
    touched = sorted(heat.total())
    all_bands, size = [], 1
    while True:
        all_bands = []
        for r in ranges:
            first = r["start"] // heat.grain
            end = (r["end"] - 1) // heat.grain + 1
            mine = touched[bisect.bisect_left(touched, first):
                           bisect.bisect_left(touched, end)]
            used = sorted({(p - first) // size for p in mine})
            all_bands += [(first + u * size, r["name"]) for u in used]
        if len(all_bands) <= BANDS:
            return all_bands, size
        size *= 2


def band_of(pages, firsts, size):
    """{page: the number of its band}, of those that are in one."""
    found = {}
    for page in pages:
        i = bisect.bisect_right(firsts, page) - 1
        if i >= 0 and page < firsts[i] + size:
            found[page] = i
    return found


def band_counts(span, band):
    """Of each band, by its number, what its pages have."""
    row = collections.defaultdict(int)
    for page, n in span.pages.items():
        if page in band:
            row[band[page]] += n
    return row


class Map(OverTime):
    """views: [(number of the interval, DAMON's view at its end)]."""

    def __init__(self, heat, origin, since, ranges, views):
        super().__init__(heat, origin, since)
        self.bands, self.size = bands_of(heat, ranges)
        self.high = MAP / max(len(self.bands), 1)
        self.views = views

    def cell(self, span, top, i, dark):
        grey = int(250 - 250 * min(1, max(0.04, dark)))
        self.body.append(
            '<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" '
            'fill="#%02x%02x%02x"/>' %
            (self.x(span.begin), top + MAP - (i + 1) * self.high,
             self.x(span.end) - self.x(span.begin) + .1, self.high + .1, grey,
             grey, grey))

    def legend(self, y, shades):
        x = LEFT
        for dark, words in shades:
            grey = int(250 - 250 * max(0.04, dark))
            self.body += ['<rect x="%.1f" y="%.1f" width="14" height="10" '
                          'fill="#%02x%02x%02x" stroke="#888" '
                          'stroke-width=".5"/>' % (x, y - 9, grey, grey, grey),
                          text(x + 18, y, words)]
            x += 34 + FONT * 0.56 * len(words)
        return y + 8

    def truth(self, y):
        band = band_of(self.heat.total(), [first for first, _ in self.bands],
                       self.size)
        rows = [band_counts(s, band) for s in self.heat.spans]
        rates = [{i: n / (s.end - s.begin or 1) for i, n in row.items()}
                 for s, row in zip(self.heat.spans, rows)]
        top_rate = max((r for row in rates for r in row.values()), default=0)
        y = self.say(y, "%s a second, by physical address; a line is %s in "
                     "which there were any" %
                     (self.heat.of, size_text(self.size * self.heat.grain)))
        if not top_rate:
            return self.say(y + FONT, "there were none")
        y = self.legend(y + 2, [(1 - i / 3, short(top_rate / 10 ** i))
                                for i in range(3)] + [(0, "few")])
        self.body.append('<g shape-rendering="crispEdges">')
        for s, row in zip(self.heat.spans, rates):
            for i, rate in sorted(row.items()):
                # A decade is a third of the way from black to white
                self.cell(s, y, i, 1 + math.log10(rate / top_rate) / 3)
        self.body.append('</g>')
        return self.marks(y)

    def seen(self, y):
        """DAMON's rounds, by the same lines: the mean rate of what it saw."""
        y = self.say(y, "what DAMON saw in its last round of each interval, by "
                     "the same lines; accessed in so many of its samples:")
        y = self.legend(y + 2, [(1, "100 %"), (2 / 3, "67 %"), (1 / 3, "33 %"),
                                (0, "few")])
        self.body.append('<g shape-rendering="crispEdges">')
        for at, view in self.views:
            regions = sorted(zip(view["start"], view["size_bytes"],
                                 view["access_rate"]))
            for i, (first, _) in enumerate(self.bands):
                begin = first * self.heat.grain
                end = begin + self.size * self.heat.grain
                parts = [(min(a + n, end) - max(a, begin), rate)
                         for a, n, rate in regions if a < end and a + n > begin]
                length = sum(n for n, _ in parts)
                if length and any(rate for _, rate in parts):
                    self.cell(self.heat.spans[at], y, i,
                              sum(n * rate for n, rate in parts) / length)
        self.body.append('</g>')
        return self.marks(y)

    def marks(self, top):
        """The ranges, and from where to where they were touched."""
        grain, begin = self.heat.grain, 0
        for i in range(1, len(self.bands) + 1):
            if i < len(self.bands) and self.bands[i][1] == self.bands[begin][1]:
                continue
            y, high = top + MAP - i * self.high, (i - begin) * self.high
            self.body.append(rule(LEFT - 8, y, LEFT + WIDE, y))
            if high > 4 * FONT:
                first, last = self.bands[begin][0], self.bands[i - 1][0]
                self.body += [
                    text(LEFT - 8, y + FONT, size_text(
                        (last + self.size) * grain), "end", GREY),
                    text(LEFT - 8, y + high - 4, size_text(first * grain)
                         if first else "0", "end", GREY)]
            self.body.append(text(LEFT - 8, y + high / 2 + 4,
                                  self.bands[begin][1], "end",
                                  ' font-weight="600"'))
            begin = i
        return top + MAP

    def draw(self, title):
        y = self.say(16, title, ' font-weight="600"')
        y = self.truth(y + 4)
        if self.views:
            y = self.seen(self.axis(y) + 10)
        return svg(self.axis(y), self.body)


# --- over time ------------------------------------------------------------------


class Course(OverTime):
    """What near memory served, its efficiency and the regret, by interval."""

    def curve(self, y, low, high, style, values):
        """A step an interval; a gap where there is no value."""
        path, on = "", False
        for s, v in zip(self.heat.spans, values):
            if math.isnan(v):
                on = False
                continue
            at = y + STRIP - (min(max(v, low), high) - low) / (high - low) \
                * STRIP
            path += "%s%.1f %.1fH%.1f" % ("L" if on else "M",
                                          self.x(s.begin), at, self.x(s.end))
            on = True
        dash, colour = STYLES[style]
        if path:
            self.body.append(
                '<path d="%s" fill="none" stroke="%s" stroke-width="1.3"%s/>' %
                (path, colour,
                 ' stroke-dasharray="%s"' % dash if dash else ""))

    def strip(self, y, title, marks, curves):
        """marks: values of the lines across, the first and last are the ends."""
        y = self.say(y, title) - FONT + 4
        low, high = marks[0], marks[-1]
        for v in marks:
            at = y + STRIP - (v - low) / (high - low) * STRIP
            self.body += [rule(LEFT, at, LEFT + WIDE, at, FAINT if v else
                               'stroke="#000" stroke-width=".6"'),
                          text(LEFT - 6, at + 4, figure(v), "end")]
        for style, values in curves:
            self.curve(y, low, high, style, values)
        return y + STRIP + 2 * FONT

    def draw(self, title, more_ns):
        heat, rows = self.heat, self.heat.rows
        y = self.say(16, title, ' font-weight="600"')
        names = ["near", "best of each interval", "one placement"]
        self.body.append('<g transform="translate(0 %.1f)">%s</g>' %
                         (y - 10, "\n".join(key(names, LEFT))))
        y = self.strip(y + 26, "served by near memory, %% of the %s; best with "
                       "%s near" % (heat.of, size_text(heat.room * heat.grain)),
                       [0, 25, 50, 75, 100],
                       list(enumerate([[100 * r.served for r in rows],
                                       [100 * r.best for r in rows],
                                       [100 * v for v in heat.static]])))
        part = [100 * r.efficiency for r in rows]
        most = max([v for v in part if not math.isnan(v)] + [100])
        y = self.strip(y, "efficiency: near, % of the best of each interval" +
                       ("; at %d it is cut off" % MOST_PERCENT
                        if most > MOST_PERCENT else ""),
                       [0, 50, 100] if most <= 100 else [0, 50, 100, 150, 200],
                       [(0, part)])
        regret = [r.regret / (s.end - s.begin) if s.end > s.begin else math.nan
                  for s, r in zip(heat.spans, rows)]
        known = [v for v in regret if not math.isnan(v)] + [0]
        unit, name = max((u for u in ((1, ""), (1e3, "thousand "),
                                      (1e6, "million "))
                          if u[0] <= max(map(abs, known))), default=(1, ""))
        y = self.strip(y, "regret: %s%s a second that the best would have had "
                       "near%s" % (name, heat.of, "" if more_ns is None else
                                   " (each costs %.4g ns of modelled time)"
                                   % more_ns),
                       scale(min(known) / unit, max(known) / unit or 1),
                       [(0, [v / unit for v in regret])])
        return svg(self.axis(y - 2 * FONT), self.body)


# --- by page --------------------------------------------------------------------


class Curve:
    """Of the whole time: which part of the counts the hottest pages have."""

    def __init__(self, heat):
        self.heat, self.body = heat, []
        self.most = max(heat.whole.pages, heat.room, 2)

    def x(self, pages):
        return LEFT + math.log2(max(pages, 1)) / math.log2(self.most) * WIDE

    def axes(self, top):
        for share in (0, 25, 50, 75, 100):
            y = top + CURVE - share / 100 * CURVE
            self.body += [rule(LEFT, y, LEFT + WIDE, y, FAINT if share else
                               'stroke="#000" stroke-width=".6"'),
                          text(LEFT - 6, y + 4, figure(share), "end")]
        floor = top + CURVE
        step = max(1, math.ceil(math.log2(self.most) / 6))
        for i in range(0, int(math.log2(self.most)) + 1, step):
            at = self.x(2 ** i)
            # The last one is to be on the picture
            ends = ("middle", at) if at < WIDTH - 30 else ("end", WIDTH - 2)
            self.body += [rule(at, floor, at, floor + 4)] + [
                text(ends[1], floor + y, words, ends[0], more)
                for y, words, more in (
                    (16, "%d" % 2 ** i, ""),
                    (31, size_text(2 ** i * self.heat.grain), GREY))]
        lines, y = paragraph(LEFT, floor + 48, "the hottest so many pages, and "
                             "what these are of memory")
        self.body += lines
        return y

    def mark(self, top, part, pages):
        y = top + CURVE - part / 100 * CURVE
        x = self.x(pages)
        self.body += [
            rule(LEFT, y, x, y, 'stroke="#888" stroke-width=".8"'),
            rule(x, y, x, top + CURVE, 'stroke="#888" stroke-width=".8" '
                 'stroke-dasharray="1 2"')]
        return "%d %%: %d page%s, %s" % (part, pages, "" if pages == 1 else "s",
                                         size_text(pages * self.heat.grain))

    def line(self, top, points, style):
        path = " ".join("%.1f,%.1f" % (self.x(n), top + CURVE - share * CURVE)
                        for n, share in points if n)
        dash, colour = STYLES[style]
        self.body.append('<polyline points="%s" fill="none" stroke="%s" '
                         'stroke-width="1.5"%s/>' %
                         (path, colour, ' stroke-dasharray="%s"' % dash
                          if dash else ""))

    def draw(self, title, parts):
        w = self.heat.whole
        self.body, y = paragraph(LEFT, 16, title, ' font-weight="600"')
        lines, y = paragraph(LEFT, y + 2, "%% of the %s of the whole time that "
                             "the hottest pages have (frames: what moved counts "
                             "twice); dashed: were all pages alike" %
                             self.heat.of)
        self.body += lines
        if not w.all:
            lines, y = paragraph(LEFT, y + FONT, "there were none")
            return svg(y, self.body + lines)
        said = []
        top = y + (len(parts) + 1) * (FONT + 4) + 2
        floor = self.axes(top)
        for part, pages in zip(parts, w.hold):
            said.append(self.mark(top, part, pages))
        steps = {n for n, _ in self.heat.curve} | {1}
        self.line(top, [(n, n / w.pages) for n in sorted(steps)], 5)
        self.line(top, [(n, have / w.all) for n, have in self.heat.curve], 0)
        if self.heat.room:
            at = self.x(self.heat.room)
            self.body.append(rule(at, top, at, top + CURVE,
                                  'stroke="#000" stroke-width="1.2" '
                                  'stroke-dasharray="6 3"'))
            said.append("%.4g %%: what fits near, %s (the upright line)" %
                        (100 * w.best, size_text(self.heat.room *
                                                 self.heat.grain)))
        for i, words in enumerate(said):
            self.body.append(text(LEFT, y + i * (FONT + 4), words))
        return svg(floor, self.body)


# views: (number of the interval, what DAMON saw at its end)
Scene = collections.namedtuple("Scene", "origin since ranges views more_ns")


def since_what(timed, records):
    if not timed:
        return "the guest began"
    return "the program began" if records["run"] else "the updates began"


def write_pictures(heat, name, path, scene):
    """The three of them; where they are."""
    said = "%s: %s %% near, %s %% at best" % (
        name, percent(heat.whole.served), percent(heat.clairvoyant))
    base = path[:-4] if path.endswith(".svg") else path
    drawn = (
        (path, Map(heat, scene.origin, scene.since, scene.ranges,
                   scene.views).draw(said)),
        (base + "-time.svg", Course(heat, scene.origin, scene.since).draw(
            said, scene.more_ns)),
        (base + "-pages.svg", Curve(heat).draw(
            "%s: %d pages of %s" % (name, heat.whole.pages,
                                    size_text(heat.grain)), PARTS)))
    for file, picture in drawn:
        with open_out(file) as f:
            f.write(picture + "\n")
    return [file for file, _ in drawn]
