# SPDX-License-Identifier: GPL-2.0-only
"""Pictures, as SVG: lines are told apart by dashes, shades are of grey, so that
they are read on paper; each is as wide as a phone can still show."""
import collections
import math

from .common import escape

WIDTH = 520
FONT = 12
# Of a line: dashes and grey
STYLES = (("", "#000"), ("6 3", "#000"), ("2 2", "#000"), ("", "#888"),
          ("8 3 2 3", "#444"), ("4 4", "#888"))

Picture = collections.namedtuple("Picture", "name caption svg")
# points: (t, value or None); band: (t, low, high)
Line = collections.namedtuple("Line", "name points band", defaults=((),))
# top: of the axis; None: as high as the values
Column = collections.namedtuple("Column", "title top")
# lines: those of each column; marks: times at which something happened
Strip = collections.namedtuple("Strip", "title lines marks")


def svg(height, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
            f'{height:.0f}" font-family="sans-serif" font-size="{FONT}" '
            'role="img">\n'
            f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>\n'
            + "\n".join(body) + "\n</svg>")


def text(x, y, words, anchor="start", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>' \
        f"{escape(words)}</text>"


def rule(x1, y1, x2, y2, more='stroke="#000" stroke-width=".6"'):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" ' \
        f"{more}/>"


def polyline(points, style):
    dash, colour = STYLES[style % len(STYLES)]
    dash = f' stroke-dasharray="{dash}"' if dash else ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" ' \
        f'stroke-width="1.3" stroke-linejoin="round"{dash}/>'


def nice(top):
    """The least 1, 2, 2.5 or 5 times a power of ten that is not below."""
    if not top or not math.isfinite(top) or top <= 0:
        return 1
    power = 10 ** math.floor(math.log10(top))
    return next(m * power for m in (1, 2, 2.5, 5, 10)
                if m * power >= top * (1 - 1e-9))


def figure(value):
    return f"{value:.10g}"


def ticks(high, most):
    """From 0 to high, no more than so many steps."""
    step = nice(high / most)
    return [i * step for i in range(int(high / step + 1e-9) + 1)]


# --- lines over time ----------------------------------------------------------

def strips(columns, rows, x_title):
    """A strip a row and column, one scale for all of a column: each is read by
    itself, and all are compared at a glance."""
    tops = [column.top or nice(max(
        (p[1] for row in rows for line in row.lines[i] for p in line.points
         if p[1] is not None), default=1)) for i, column in enumerate(columns)]
    high, head = 52, 24
    left = max(40, 10 + max(len(figure(t)) for t in tops) * FONT * 0.65)
    gap = 6 + left
    wide = (WIDTH - left - 12 - gap * (len(columns) - 1)) / len(columns)
    end = max((p[0] for row in rows for lines in row.lines for line in lines
               for p in line.points), default=1) or 1
    names = list(dict.fromkeys(line.name for row in rows for lines in row.lines
                               for line in lines if line.name))
    body, y = key(names, left), 18 if len(names) > 1 else 0
    for i, column in enumerate(columns):
        body.append(text(left + i * (wide + gap), y + 14, column.title,
                         more=' fill="#444"'))
    y += 22
    for row in rows:
        body.append(text(left, y + 13, row.title, more=' font-weight="600"'))
        for i, lines in enumerate(row.lines):
            x = left + i * (wide + gap)
            body += panel(x, y + head, wide, high, end, tops[i], lines,
                          row.marks, names)
        y += head + high + 6
    for i in range(len(columns)):
        x = left + i * (wide + gap)
        for t in ticks(end, 5):
            at = x + t / end * wide
            body += [rule(at, y - 6, at, y - 2),
                     text(at, y + 10, figure(t), "middle")]
    body.append(text(left, y + 26, x_title, more=' fill="#444"'))
    return svg(y + 34, body)


def key(names, x):
    body = []
    for i, name in enumerate(names if len(names) > 1 else []):
        body += [polyline([(x, 10), (x + 26, 10)], i), text(x + 30, 14, name)]
        x += 48 + FONT * 0.56 * len(name)
    return body


def panel(x, y, wide, high, end, top, lines, marks, names):
    def at(t, value):
        return x + t / end * wide, y + high - min(value / top, 1) * high
    body = [rule(x, y + high, x + wide, y + high),
            text(x - 5, y + high + 4, "0", "end"),
            text(x - 5, y + 8, figure(top), "end"),
            rule(x, y, x + wide, y, 'stroke="#ddd" stroke-width=".6"')]
    for t in marks:
        body.append(rule(at(t, 0)[0], y, at(t, 0)[0], y + high,
                         'stroke="#888" stroke-width=".8" '
                         'stroke-dasharray="1 2"'))
    for line in lines:
        band = [at(t, low) for t, low, _ in line.band] \
            + [at(t, up) for t, _, up in reversed(line.band)]
        if band:
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in band)
            body.append(f'<polygon points="{path}" fill="#000" '
                        'fill-opacity=".15"/>')
    for line in lines:
        style = names.index(line.name) if line.name in names else 0
        for part in parts(line.points):
            body.append(polyline([at(*p) for p in part], style))
    return body


def parts(points):
    """Without the places where there is no value."""
    part = []
    for t, value in points:
        if value is None:
            if part:
                yield part
            part = []
        else:
            part.append((t, value))
    if part:
        yield part


# --- values -------------------------------------------------------------------

def dots(rows, title):
    """rows: (name, values, median): a ring a run, a line as far as they go."""
    left = min(190, 14 + max(len(name) for name, *_ in rows) * FONT * 0.58)
    wide, high = WIDTH - left - 24, 22
    top = nice(max((v for _, values, _ in rows for v in values), default=1))
    body, y = [text(left, 14, title, more=' fill="#444"')], 24

    def at(value):
        return left + value / top * wide
    for name, values, median in rows:
        middle = y + high / 2
        body += [text(left - 8, middle + 4, name, "end"),
                 rule(left, middle, left + wide, middle,
                      'stroke="#ddd" stroke-width=".6"'),
                 rule(at(min(values)), middle, at(max(values)), middle,
                      'stroke="#888" stroke-width="1.2"')]
        body += [f'<circle cx="{at(v):.1f}" cy="{middle:.1f}" r="3.2" '
                 'fill="#fff" stroke="#000" stroke-width="1.2"/>'
                 for v in values]
        body.append(rule(at(median), y + 3, at(median), y + high - 3,
                         'stroke="#000" stroke-width="2"'))
        y += high
    body.append(rule(left, y, left + wide, y))
    for value in ticks(top, 5):
        body += [rule(at(value), y, at(value), y + 4),
                 text(at(value), y + 17, figure(value), "middle")]
    return svg(y + 26, body)


# --- DAMON's regions ----------------------------------------------------------

def heat(rows):
    """rows: (name, [(start, end, rate)]): GiB and a part of 1."""
    left, high = 46, 70
    wide, y, body = WIDTH - left - 16, 0, []
    low = min(start for _, regions in rows for start, *_ in regions)
    top = max(end for _, regions in rows for _, end, _ in regions)

    def at(gib):
        return left + (gib - low) / ((top - low) or 1) * wide
    for name, regions in rows:
        floor = y + 20 + high
        body += [text(left, y + 14, f"{name}: accessed, %"),
                 rule(left, floor, left + wide, floor),
                 text(left - 5, floor + 4, "0", "end"),
                 text(left - 5, y + 28, "100", "end")]
        body += [f'<rect x="{at(start):.1f}" y="{floor - rate * high:.1f}" '
                 f'width="{max(0.5, at(end) - at(start)):.1f}" '
                 f'height="{rate * high:.1f}" fill="#777"/>'
                 for start, end, rate in regions]
        y += high + 30
    for gib in ticks(top, 8):
        if gib >= low:
            body.append(text(at(gib), y + 6, figure(gib), "middle"))
    body.append(text(left, y + 22, "physical address, GiB",
                     more=' fill="#444"'))
    return svg(y + 30, body)
