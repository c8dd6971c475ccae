# SPDX-License-Identifier: GPL-2.0-only
"""A page as HTML: one file, which needs no network, for paper and phones."""
from .common import escape

STYLE = """
body { font: 16px/1.5 sans-serif; max-width: 64em; margin: 1.5em auto;
  padding: 0 1em; color: #111; background: #fff; }
h1 { font-size: 1.5em; line-height: 1.2; } h2 { font-size: 1.15em; }
p, ul, figcaption { max-width: 46em; }
.lead { font-size: 1.1em; } .about, figcaption, .notes { color: #444;
  font-size: .9em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums;
  font-size: .9em; }
th, td { padding: .15em .6em; text-align: right; white-space: nowrap;
  vertical-align: top; }
th { border-bottom: 1px solid #111; font-weight: 600; }
td { border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; padding-left: 0;
  position: sticky; left: 0; background: #fff; }
small { color: #666; } .left, #cells td, #cells th { text-align: left; }
#cells td + td { white-space: normal; overflow-wrap: anywhere; }
figure { margin: 1.2em 0; } figure svg { width: 100%; max-width: 42em;
  height: auto; }
.bad { border-left: 4px solid #111; padding-left: .8em; }
details { margin: 1em 0; } summary { font-weight: 600; cursor: pointer; }
pre { overflow-x: auto; font-size: .8em; }
@media (max-width: 40em) { body { margin: .5em auto; padding: 0 .7em; }
  th, td { padding: .15em .35em; } th { white-space: normal; }
  #summary td, #figures td, #expected td { white-space: normal; min-width: 6.5em; }
  small { display: block; } ul { padding-left: 1.2em; } }
@media print { body { font-size: 9pt; max-width: none; margin: 0; }
  .scroll { overflow: visible; } table { font-size: 8pt; }
  th:first-child, td:first-child { position: static; }
  th, td { white-space: normal; padding: .1em .4em; }
  pre { white-space: pre-wrap; font-size: 7pt; }
  h2 { break-after: avoid; } figure, tr { break-inside: avoid; }
  details::details-content { content-visibility: visible; height: auto; } }
"""
LEFT = ("cell", "tier", "expected")


def table(head, rows):
    """Unit and direction stand with the name, which keeps a table narrow."""
    at = head.index("unit") - 1 if "unit" in head else None

    def line(tag, cells):
        small = ", ".join(filter(None, [
            cells[at + 1], cells[at + 2] and f"{cells[at + 2]} is better"])) \
            if tag == "td" and at is not None else ""
        return "<tr>" + "".join(
            f"<{tag}{' class=left' if i == at or h in LEFT else ''}>"
            + escape(c) + (f" <small>{escape(small)}</small>"
                           if small and i == at else "") + f"</{tag}>"
            for i, (h, c) in enumerate(zip(head, cells))
            if at is None or i not in (at + 1, at + 2)) + "</tr>"
    return ["<div class=scroll><table>", line("th", head),
            *(line("td", cells) for cells in rows), "</table></div>"]


def items(texts, kind=""):
    return [f"<ul{kind}>", *(f"<li>{escape(t)}</li>" for t in texts), "</ul>"]


def figure(picture):
    return [f"<figure>{picture.svg}<figcaption>{escape(picture.caption)}"
            "</figcaption></figure>"]


def section(t):
    body = table(t.head, t.rows)
    body += items(t.notes, " class=notes") if t.notes else []
    if t.folded:
        return [f"<details id={t.id}><summary>{escape(t.title)}</summary>",
                *body, "</details>"]
    return [f"<section id={t.id}><h2>{escape(t.title)}</h2>", *body,
            "</section>"]


def page(p):
    lines = ["<!DOCTYPE html>", '<html lang="en"><head><meta charset="utf-8">',
             '<meta name="viewport" content="width=device-width">',
             f"<title>{escape(p.title)}</title>",
             f"<style>{STYLE}</style></head><body>",
             f"<h1>{escape(p.title)}</h1>",
             *(f"<p class=lead>{escape(c)}</p>" for c in p.conclusion)]
    pictures = {picture.name: figure(picture) for picture in p.pictures}
    lines += pictures.pop("over-time", [])
    for name, texts in p.alarms.items():
        lines += [f"<div class=bad><h2>{name}</h2>", *items(texts), "</div>"]
    for t in p.tables:
        lines += section(t)
        if t.id == "rank":
            lines += pictures.pop("values", [])
    lines += [line for lines_ in pictures.values() for line in lines_]
    lines += [f"<p>{escape(p.notes)}</p>"] if p.notes else []
    lines += [f"<p class=about>{escape(a)}</p>" for a in p.about]
    for title, text in p.details:
        lines += [f"<details><summary>{escape(title)}</summary>",
                  f"<pre>{escape(text)}</pre></details>"]
    return "\n".join([*lines, "</body></html>", ""])
