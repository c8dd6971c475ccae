# SPDX-License-Identifier: GPL-2.0-only
"""Records to figures: what did not come, what is not known."""
import json

from expt import expression, metrics, pictures, records
from expt.common import Refused
from given import Case, records as given


def of(rows):
    found = {}
    for row in rows:
        found.setdefault(row["record"], []).append(row)
    return records.of(found)


class Reading(Case):
    def test_broken_lines(self):
        path = self.tmp / "records.jsonl"
        path.write_text('{"record":"a","x":1}\n[1]\n{"record":3}\n'
                        '{"record":"a","x":2}\n{"record":"b","x')
        self.assertEqual({k: len(v) for k, v in records.read(path).items()},
                         {"a": 2})
        self.assertEqual(records.read(self.tmp / "none"), {})

    def test_heat(self):
        """A run with --heat has one record more, that is made once."""
        path = self.tmp / "records.jsonl"
        path.write_text('{"record":"a"}\n')
        head = {"heat": 2, "grain": 4096, "of": "misses", "counts": ["all"],
                "interval_ns": 10 ** 9, "ranges": [
                    {"name": "near", "start": 0, "end": 4096},
                    {"name": "cxl", "start": 4096, "end": 16384}]}
        # A reading, of page 0 30 misses and of page 1 10; the end
        (self.tmp / "heat").write_bytes(
            json.dumps(head).encode() + b"\nI\x01\x01\x01\x00\x02\x00\x1e"
            b"\x00\x0aI\x02\x00\x02\x00\x00")
        found = records.read(path)
        self.assertEqual(len(found["heat"]), 1)
        self.assertEqual([found["heat"][0][key] for key in
                          ("counts", "near_share", "efficiency")],
                         [40, 0.75, 1])
        values = records.of(found)["values"]
        self.assertEqual((values["heat_near"], values["heat_efficiency"]),
                         (0.75, 1))
        shown = pictures.heat(self.tmp)
        self.assertEqual([p.name for p in shown],
                         ["heat", "heat-time", "heat-pages"])
        self.assertEqual([p.svg[:5] for p in shown], 3 * ["<svg "])
        # Drawn by a user, in another way: not drawn over
        (self.tmp / "heat-pages.svg").unlink()
        (self.tmp / "heat.svg").write_text("<svg mine")
        self.assertEqual([p.svg for p in pictures.heat(self.tmp)][0],
                         "<svg mine")
        self.assertEqual(len(pictures.heat(self.tmp)), 2)
        (self.tmp / "heat").write_text("none")
        self.assertEqual(records.read(path), found)
        (self.tmp / "heat.json").unlink()
        self.assertEqual(records.read(path), {"a": [{"record": "a"}]})

    def test_nothing(self):
        found = of([])
        self.assertEqual(set(found["values"].values()), {None})
        self.assertEqual((found["never"], found["timeline"], found["moves"],
                          found["perturbed"]), ({}, [], None, []))
        json.dumps(found)


class Values(Case):
    def test_of_gups(self):
        found = of(given(2e6, 0.75))
        values = found["values"]
        self.assertEqual((values["updates_per_s"], values["near_mean"],
                          values["errors"]), (2e6, 0.75, 0))
        self.assertEqual(values["promoted_mib"], 2)
        self.assertEqual(values["demoted_mib"], None)
        self.assertEqual(values["migrated_mib"], 2)
        self.assertEqual(of(given() + [{"record": "run", "max_rss_bytes": 3 << 20}])
                         ["values"]["max_rss_mib"], 3)
        self.assertEqual(found["counters"], {"numa_hit": 7})
        self.assertEqual(found["moves"]["NUMA balancing, promoted"], 512)
        self.assertEqual(found["loop"], "plain")
        self.assertTrue(found["emulated"])

    def test_modelled_time_from_wherever_it_is(self):
        for kind, member in (("gups", "modelled_updates_per_s"),
                             ("modelled", "updates_per_s")):
            values = of(given(**{kind: {member: 9e6}}))["values"]
            self.assertEqual(values["modelled_updates_per_s"], 9e6)

    def test_tier_has_these_records(self):
        """What is read from records is what tier says that it writes."""
        for metric in metrics.METRICS:
            found = [m for m in metric.members.split() if expression.typed(m)]
            # heat is experiments/heat's: test_heat
            if metric.members and not metric.key.startswith(
                    ("modelled_updates_per_s", "heat_", "damon_",
                     "hint_", "placement_")):
                self.assertTrue(found, metric.key)
        for name in """placement.hot_near_at_end placement.hot_near_90_s
                placement.arrivals_after_move placement.arrival_mean_s
                timeline.t_s timeline.near_share timeline.near_share_low
                timeline.near_share_high timeline.near_share_counted
                timeline.updates_per_s timeline.hot.near timeline.hot_set_moved
                timeline.pages.promoted_numab timeline.pages.moved_damon
                timeline.free_bytes.node0 run_timeline.program_bytes.node0
                moves.timed.numa_promoted moves.timed.strayed_allocations
                moves.timed.adds_up moves.zeros[0].why
                moves.nodes[0].unreclaimable counters.whole.total.numa_hit
                pmu.ranges[0].timed.waited_s accessed_bits.blind_share
                gups.loop node.tier damon_region.access_rate
                environment.emulated""".split():
            self.assertTrue(expression.typed(name), name)
        for name in metrics.MOVES:
            self.assertTrue(expression.typed(f"moves.timed.{name}"), name)

    def test_of_run(self):
        """Its rows have their own form, of late with another name and t_s."""
        rows = [{"t_s": t, "program_bytes": {"node0": t, "node1": 4 - t},
                 "promoted_pages": 256, "demoted_pages": None,
                 "free_bytes": {"node0": 1}} for t in range(5)]
        nodes = [{"record": "node", "node": 0, "tier": 4},
                 {"record": "node", "node": 1, "tier": 22}]
        run = {"record": "run", "elapsed_s": 4, "user_s": 3, "system_s": 1,
               "max_rss_bytes": 2 ** 20}
        old = [{**row, "record": "timeline", "at_s": row["t_s"]}
               for row in rows]
        for row in old:
            del row["t_s"]
        for all_of in ([{**r, "record": "run_timeline"} for r in rows], old):
            found = of([*nodes, *all_of, run])
            self.assertEqual([r["t_s"] for r in found["timeline"]],
                             [0, 1, 2, 3, 4])
            self.assertEqual(found["timeline"][1]["near_share"], 0.25)
            self.assertEqual(found["timeline"][1]["pages"]["promoted"], 256)
            self.assertEqual(found["values"]["elapsed_s"], 4)
            self.assertEqual(found["values"]["user_s"], 3)
        # Without records of nodes: by CXL regions; without these it is absent
        rows = [{**r, "record": "run_timeline"} for r in rows]
        found = of([{"record": "region", "node": 1}, *rows, run])
        self.assertEqual(found["timeline"][1]["near_share"], 0.25)
        found = of([*rows, run])
        self.assertNotIn("near_share", found["timeline"][1])

    def test_waited(self):
        pmu = {"near_share": 0.5, "ranges": [
            {"timed": {"waited_s": 1}}, {"timed": {"waited_s": 2.5}},
            {"timed": {}}]}
        values = of(given(pmu=pmu))["values"]
        self.assertEqual((values["waited_s"], values["near_counted"]),
                         (3.5, 0.5))


class Never(Case):
    def test_to_90(self):
        found = of(given())
        # The hot set moved away after 2 s
        self.assertEqual((found["values"]["to_90_s"], found["never"]),
                         (None, {"to_90_s": 2, "arrival_s": 2}))
        found = of(given(timeline={"hot_set_moved": False}))
        self.assertEqual(found["never"], {"to_90_s": 4})
        found = of(given(placement={"hot_near_90_s": 1.5}))
        self.assertEqual(found["values"]["to_90_s"], 1.5)
        self.assertNotIn("to_90_s", found["never"])

    def test_without_a_hot_set_nothing_is_waited_for(self):
        found = of(given(placement={"hot_near_at_end": None,
                                    "arrivals_after_move": None}))
        self.assertEqual(found["never"], {})

    def arrival(self, arrived, mean, near=lambda t: 0, end=38):
        """After moves at 10, 20, 30 s."""
        rows = [{"record": "timeline", "t_s": t, "near_share": 1,
                 "hot_set_moved": t in (10, 20, 30),
                 "hot": {"near": near(t)}} for t in range(end + 1)]
        found = of(rows + [{
            "record": "placement", "hot_near_at_end": 1,
            "arrivals_after_move": arrived, "arrival_mean_s": mean}])
        return found["values"]["arrival_s"], found["never"].get("arrival_s")

    def test_arrivals(self):
        self.assertEqual(self.arrival(3, 2.5), (2.5, None))
        # The third had 8 s at least: the mean is more than (2 + 2 + 8) / 3
        self.assertEqual(self.arrival(2, 2), (None, 4))
        value, bound = self.arrival(0, None)
        self.assertEqual(value, None)
        self.assertAlmostEqual(bound, 28 / 3)

    def test_too_short_to_tell(self):
        """It was near when the run ended, but for less than 3 s."""
        always = self.arrival(2, 0, lambda t: 1, 32)
        self.assertEqual(always, (0, None))
        self.assertEqual(self.arrival(0, None, lambda t: int(t >= 37)),
                         (None, 10))
        # And nothing is known of one that never had the time
        rows = [{"record": "timeline", "t_s": t, "hot_set_moved": t == 2,
                 "hot": {"near": 1}} for t in range(5)]
        found = of(rows + [{"record": "placement", "hot_near_at_end": 1,
                            "arrivals_after_move": 0}])
        self.assertNotIn("arrival_s", found["never"])
        # From when on it was near is not less than when it came
        self.assertEqual(found["never"], {"to_90_s": 0})


class Promoted(Case):
    def test_those_that_strayed_are_none(self):
        moves = {"timed": {"numa_promoted": 256, "damon_hot": 512,
                           "strayed_allocations": 512}}
        self.assertEqual(of(given(moves=moves))["values"]["promoted_mib"], 1)
        moves["timed"]["strayed_allocations"] = 256
        self.assertEqual(of(given(moves=moves))["values"]["promoted_mib"], 2)

    def test_a_huge_page_strays_as_one_allocation(self):
        moves = {"timed": {"numa_promoted": 0, "damon_hot": 1024,
                           "strayed_allocations": 1}}
        for pages, hog, thp, mib in (("4k", False, "always", 1023 / 256),
                                     ("thp", False, "madvise", 2),
                                     ("4k", True, "always", 2),
                                     ("4k", True, "madvise", 1023 / 256),
                                     ("thp", False, "never", 1023 / 256),
                                     (None, False, "madvise", 2)):
            kinds = {"moves": moves, "tunables": {"transparent_hugepage": thp}}
            if pages:
                kinds["gups"] = {"pages": pages}
            if hog:
                kinds["hog"] = {"node": 0}
            self.assertEqual(of([dict(of, record=kind) for kind, of
                                 in kinds.items()])["values"]["promoted_mib"],
                             mib, kinds)

    def test_with_one_tier_nothing_is(self):
        moves = {"timed": {"numa_promoted": 0, "damon_hot": 512}}
        self.assertEqual(of(given(moves=moves, node={"tier": 4}))["values"][
            "promoted_mib"], 0)

    def test_perturbed(self):
        moves = {"timed": {"to_a_node": 1000, "strayed": True,
                           "strayed_allocations": 900, "adds_up": False},
                 "nodes": [{"node": 0, "unreclaimable": True}, {"node": 1}]}
        said = of(given(moves=moves, probe={"node": 1, "trapped": True},
                        accessed_bits={"blind_share": 0.37},
                        hint_view={"t_s": 1}))["perturbed"]
        for text in ("a probe (--heat) took time", "node 1 is trapped", "blind in 37 %",
                     "node 0 is unreclaimable", "up to 900 of 1000 pages",
                     "does not add up"):
            self.assertTrue(any(text in s for s in said), text)
        self.assertEqual(len(said), 6)

    def test_few_that_strayed_are_no_doubt(self):
        timed = {"to_a_node": 1319, "strayed_allocations": 132,
                 "strayed": False}
        self.assertEqual(of(given(moves={"timed": timed}))["perturbed"], [])


class Metrics(Case):
    def test_each_has_a_name_and_a_direction(self):
        keys = [m.key for m in metrics.METRICS]
        self.assertEqual(len(set(keys)), len(keys))
        for m in metrics.METRICS:
            self.assertIn(m.better, ("more", "less", ""))
            self.assertTrue(m.name)
        for words in (metrics.MAIN, metrics.MAIN_AT_A_RATE):
            self.assertEqual(metrics.check(words), words)

    def test_names(self):
        self.refused(2, "no metric 'near_men'; nearest: near_mean",
                     metrics.check, "near_men")
        with self.assertRaisesRegex(Refused, "no metric 'zzz'$"):
            metrics.check("zzz")

    def test_the_one_to_rank_by(self):
        def main(wanted, rated, *known):
            found = metrics.main(wanted, rated, list(known))
            return found and found.key
        both = {"updates_per_s", "modelled_updates_per_s", "near_mean"}
        self.assertEqual(main("", False, both, both),
                         "modelled_updates_per_s")
        # What all cells have comes before what is preferred
        self.assertEqual(main("", False, both, {"updates_per_s"}),
                         "updates_per_s")
        self.assertEqual(main("", True, both), "near_mean")
        self.assertEqual(main("", False, {"elapsed_s"}), "elapsed_s")
        self.assertEqual(main("to_90_s", False, both), "to_90_s")
        self.assertEqual(main("near_end near_mean", False, both), "near_mean")
        self.assertEqual(main("", False, {"errors"}), None)
        self.assertEqual(main("", False), None)
