# SPDX-License-Identifier: GPL-2.0-only
"""Files, sweeps and grids to cells; mistakes by line and column."""
import os
import textwrap

from expt import parse
from expt.common import EXPERIMENTS
from given import SETTINGS, Case


class File(Case):
    def read(self, text):
        path = self.tmp / "x.exp"
        path.write_bytes(text if isinstance(text, bytes) else
                         textwrap.dedent(text).encode())
        return parse.Reader(path, SETTINGS).read()

    def wrong(self, at, regex, text):
        self.refused(2, f"^{self.tmp}/x.exp:{at}: {regex}", self.read, text)

    def test_policies_files_are_beside_the_experiment(self):
        e = self.read("""\
            title x
            cell a gups 1G any --policy ./a.policy --policy=../b.policy
            cell b gups 1G any --policy c.policy --set x=./y
            common --policy /d.policy
            cell c gups 1G any
            cell d gups 1G any --policy numab
            """)
        words = [w.partition("=")[2] or w for x in e.cells for w in x.words
                 if "policy" in w and w != "--policy"]
        self.assertEqual(words, [
            f"{self.tmp}/a.policy", f"{self.tmp.parent}/b.policy",
            f"{self.tmp}/c.policy", "/d.policy", "/d.policy"])
        self.assertIn("numab", e.cells[3].words)

    def test_settings_hold_for_the_cells_below(self):
        e = self.read("""\
            # a comment
              title   A title  of words
            mem 8G
            timeout 15m
            cell a  gups {1G}  node1
            latency cxl=+250ns,llc=2M
            count
            common --policy none --duration 5
            mem 4G
            kernel 7.3
            cell b gups 1G any
            note one
            note two
            rank near_mean updates_per_s
            theirs numa_hit 1 2
            reference a
            expect b: near_end > 90% * @a
            """)
        self.assertEqual([(x.whole, x.cell) for x in e.expect],
                         [("b: near_end > 90% * @a", "b")])
        self.assertEqual(e.title, "A title  of words")
        a, b = e.cells
        self.assertEqual(a.words, ["gups", "{1G}", "node1"])
        self.assertEqual(a.settings["mem"], "8G")
        self.assertEqual(a.settings["timeout"], "900")
        self.assertNotIn("latency", a.settings)
        self.assertEqual(a.at, f"{self.tmp}/x.exp:5:9")
        self.assertEqual(b.words, "gups 1G any --policy none --duration 5"
                         .split())
        self.assertEqual((b.settings["mem"], b.settings["latency"],
                          b.settings["count"], b.settings["kernel"]),
                         ("4G", "cxl=+250ns,llc=2M", "", "7.3"))
        self.assertEqual(e.notes, ["one", "two"])
        self.assertEqual(e.theirs, {"numa_hit": ["1", "2"]})
        self.assertEqual((e.rank, e.reference),
                         ("near_mean updates_per_s", "a"))

    def test_machines_may_be_files(self):
        (self.tmp / "mine").write_text("-m 1G\n")
        e = self.read("title x\ntopology ./mine\ncell a gups 1M any\n")
        self.assertEqual(e.cells[0].settings["topology"],
                         f"{self.tmp}/mine")
        self.wrong("1:10", "no topology './moon'; there are .* and files: "
                   "./NAME", "topology ./moon")
        e = parse.grid({"topology": ["cxl", f"{self.tmp}/mine"]},
                       "gups 1M any", SETTINGS)
        self.assertEqual([(c.name, c.settings["topology"]) for c in e.cells],
                         [("cxl", "cxl"), ("mine", f"{self.tmp}/mine")])
        self.refused(2, "--topology ./moon: there are", parse.a_machine,
                     "./moon")

    def test_words_are_quoted_as_for_a_shell(self):
        e = self.read(
            "title x\ncommon --set a=b \"--at\" 5s 'plug cxl1'\n"
            r"""cell a run -- sh -c "echo \"$1 \x\" '" 'it''s' a\ b '' """
            r"""\'\" \\""" "\ncell b gups {1G} any\n")
        at = ["--set", "a=b", "--at", "5s", "plug cxl1"]
        self.assertEqual(e.cells[0].words, [
            "run", "--", "sh", "-c", "echo \"$1 \\x\" '", "its", "a b", "",
            "'\"", "\\", *at])
        self.assertEqual(e.cells[1].words, ["gups", "{1G}", "any", *at])
        e = parse.sweep("a=1", "run --with 'x 5' y", SETTINGS)
        self.assertEqual(e.cells[0].words[:4], ["run", "--with", "x 5", "y"])
        self.refused(2, "--workload, character 12: the ' that begins here",
                     parse.sweep, "a=1", "run --with 'x 5", SETTINGS)

    def test_shipped_files(self):
        cells = {"cxl-gups": 4, "cxl-gups-causes": 7, "cxl-membind": 2,
                 "graph": 3, "hmsdk": 8, "judges": 12, "lookups": 4,
                 "masim": 3, "memcached": 3, "oracle": 6, "policies": 7, "quick": 2, "redis": 3,
                 "sqlite": 3, "stream": 3}
        found = {path.stem: len(parse.Reader(path, SETTINGS).read().cells)
                 for path in EXPERIMENTS.glob("*.exp")}
        self.assertEqual(found, cells)

    def test_mistakes_have_a_place(self):
        for at, regex, text in (
                ("1:1", "no title", ""),
                ("2:1", "no cell", "title x"),
                ("2:1", "unknown word 'tilte'; there are title.*nearest: "
                 "title", "title x\ntilte y\n"),
                ("1:12", "no topology 'moon'; there are .*cxl2",
                 "topology   moon"),
                ("1:5", "mem: '8 G' is no size", "mem 8 G"),
                ("1:5", "smp: 'two'", "smp two"),
                ("2:17", "expect: '=>' is no number",
                 "mem 8G\nexpect near_end => 1"),
                ("1:9", "timeout: '1d'", "timeout 1d"),
                ("1:6", "loop: 'plane' is none of", "loop plane"),
                ("1:8", "icount: an instruction takes 2\\^N ns, 0 to 10: '11'",
                 "icount 11"),
                ("1:4", "mem: nothing behind it", "mem"),
                ("1:6", "cell 'a/b': letters", "cell a/b gups"),
                ("1:6", "cell a: what shall it run", "cell a  \n"),
                ("1:14", "the ' that begins here ends nowhere; one that is "
                 "meant is written \\\\'", "cell a  gups 'plug cxl1"),
                ("1:12", 'the " that begins here', 'cell a gups" x\\"'),
                ("1:17", "a backslash, and nothing behind it",
                 "common --set a=b\\"),
                ("2:7", "there is a cell a already",
                 "cell  a gups\ncell  a gups"),
                ("3:8", "theirs numa_hit: 1 cells, but 2 figures",
                 "title x\ncell a gups\ntheirs numa_hit 1 2"),
                ("1:8", "theirs: no counter 'numa_hits'; nearest: numa_hit",
                 "theirs numa_hits 1"),
                ("1:6", "no metric 'updates'; nearest: updates_per_s",
                 "rank updates"),
                ("1:6", "promoted_mib: neither more nor less",
                 "rank promoted_mib"),
                ("3:11", "reference: no cell 'b'",
                 "title x\ncell a gups\nreference b"),
                ("3:11", "reference: a cell of that name",
                 "title x\ncell reference gups\nreference reference"),
                ("1:7", "not UTF-8", b"title \xff"),
                ("2:3", "a control character", b"title x\nme\0m 1G"),
                ("66:1", "65 cells: no more than 64",
                 "title x\n" + "".join(f"cell c{i} gups\n"
                                       for i in range(65)))):
            with self.subTest(text):
                at = "67:1" if at == "66:1" else at
                self.wrong(at, regex, text)


class Matrix(Case):
    def test_sweep(self):
        e = parse.sweep("hot_threshold_ms=1,20", "gups 1M", SETTINGS)
        self.assertEqual([c.name for c in e.cells], ["1", "20"])
        self.assertEqual(e.cells[1].words, [
            "gups", "1M", "--policy", "numab", "--set", "hot_threshold_ms=20"])
        e = parse.sweep("a=1", "gups 1M --policy=tpp", SETTINGS)
        self.assertNotIn("numab", e.cells[0].words)
        for spec, workload, regex in (
                ("a=", "gups", "give KEY=VALUE"), ("a=1", "", "which --work"),
                ("a=1,1", "gups", "1 is there twice"),
                ("a=1/2", "gups", "letters, digits"),
                ("a=" + ",".join(map(str, range(65))), "gups", "no more")):
            with self.subTest(spec):
                self.refused(2, regex, parse.sweep, spec, workload, SETTINGS)

    def test_grid(self):
        e = parse.grid({"policy": ["none", "./mine"],
                        "kernel": ["6.12", "/boot/vmlinuz"],
                        "topology": ["cxl"]}, "gups 1M node1", SETTINGS)
        self.assertEqual([c.name for c in e.cells], [
            "none-6.12", "none-vmlinuz", "mine-6.12", "mine-vmlinuz"])
        self.assertEqual(e.cells[3].words[-2:],
                         ["--policy", os.path.abspath("mine")])
        self.assertEqual(e.cells[3].settings["kernel"], "/boot/vmlinuz")
        self.assertIn("policy x kernel", e.title)
        e = parse.grid({"policy": ["none"]}, "gups 1M", SETTINGS)
        self.assertEqual([c.name for c in e.cells], ["none"])
        e = parse.grid({}, "gups 1M --policy tpp", SETTINGS)
        self.assertEqual([c.name for c in e.cells], ["cell"])
        for axes, workload, regex in (
                ({"policy": ["a"]}, "", "which --workload"),
                ({"policy": ["a"]}, "gups --policy b", "a --policy in"),
                ({"policy": ["a", "a"]}, "gups", "a is there twice"),
                ({"policy": ["a", ""]}, "gups", "an empty value"),
                ({"policy": ["a/x", "b/x"]}, "gups", "two cells .* x"),
                ({"topology": ["moon"]}, "gups", "--topology moon")):
            with self.subTest(regex):
                self.refused(2, regex, parse.grid, axes, workload, SETTINGS)
