# SPDX-License-Identifier: GPL-2.0-only
"""A page as Markdown."""


def row(cells):
    return f"| {' | '.join(c.replace('|', chr(92) + '|') for c in cells)} |"


def table(head, rows):
    rule = "|" + "".join(" --- |" if i == 0 else " ---: |"
                         for i in range(len(head)))
    return [row(head), rule, *map(row, rows), ""]


def fold(title, lines):
    return ["<details>", f"<summary>{title}</summary>", "", *lines,
            "</details>", ""]


def page(p):
    lines = [f"# {p.title}", "", *(f"{c}\n" for c in p.conclusion)]
    lines += [f"![{picture.caption}]({picture.name}.svg)\n"
              for picture in p.pictures[:1]]
    for name, texts in p.alarms.items():
        lines += [f"**{name}:**", "", *(f"* {t}" for t in texts), ""]
    for t in p.tables:
        body = table(t.head, t.rows)
        if t.notes:
            body += [*(f"* {n}" for n in t.notes), ""]
        lines += fold(t.title, body) if t.folded else \
            [f"## {t.title}", "", *body]
    lines += [f"{a}\n" for a in p.about]
    lines += [f"{p.notes}\n"] if p.notes else []
    lines += [f"* [{picture.caption}]({picture.name}.svg)"
              for picture in p.pictures[1:]]
    return "\n".join(lines).rstrip("\n") + "\n"
