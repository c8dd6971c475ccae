#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Experiments over machines, for real: Slurm's daemons and an sshd on this one.
# What is killed is run again, a hundred short runs come back without a loss,
# and a run there is the run here: with instructions counted its updates, places
# and moves are the same bit for bit, and times but for the interrupts of the
# emulator's own threads (as test/matrix/icount.t has it).
# timeout: 2400

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh
# shellcheck source=test/lib/cluster.sh
. test/lib/cluster.sh

tmp=$(mktemp -d)
cluster=$tmp/cluster
trap 'stop_cluster; rm -rf "$tmp"' EXIT
mkdir "$cluster"
export OUT=$PWD/build/test/out/cluster
rm -rf "$OUT"
mkdir -p "$OUT"

unpack_cluster "$PWD/build/test/cluster" || {
	ok "the packages are there" false
	done_testing
}
ok "Slurm is up" start_slurm ||
	diag "$(tail -n 5 "$cluster"/{munged,slurmctld,slurmd}.out)"
ok "sshd is up" start_sshd || diag "$(tail -n 5 "$cluster/sshd.out")"
echo "2/$sshlogin" >"$tmp/logins"

# --- many short ones, some of which are killed -----------------------------------

# many slurm|parallel: a hundred runs, that take a second; every tenth kills its
# task the first time, and one always does
many()
{
	PYTHONPATH=experiments python3 - "$1" "$OUT/many-$1" "$tmp/logins" <<'P'
import pathlib, sys
from expt import cluster, run
kind, directory, logins = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
cells = [{"id": f"a.{i}", "cell": "a", "repeat": i, "words": ["--once"],
          "smp": "1", "mem": "64M", "cxl_mem": "64M", "topology": "cxl",
          "timeout": "60"} for i in range(1, 101)]
plan = {"name": "many", "icount": "", "cells": cells}
for name in ("cells", "commands"):
    (directory / name).mkdir(parents=True)
cluster.EMULATOR_MIB = 64
for i, cell in enumerate(cells):
    kill = "kill -9 $PPID; exit" if i == 55 else "[ -e $r.killed ] || " \
        "{ touch $r.killed; kill -9 $PPID; exit; }" if i % 10 == 3 else ":"
    (directory / "commands" / cell["id"]).write_text(
        f"cd {directory}; r={cell['id']}; echo >>$r.tries; {kill}; sleep 1; "
        f"mkdir -p cells/$r; echo passed >cells/$r/verdict; touch $r.done\n")
elsewhere = cluster.Slurm(directory, plan, 0) if kind == "slurm" else \
    cluster.Parallel(directory, 2, logins)
run.Runner(directory, plan, 0, elsewhere).run()
verdicts = [run.verdict(directory, c["id"]) for c in cells]
tries = [len((directory / f"{c['id']}.tries").read_text()) for c in cells]
print(verdicts.count("passed"), sum(t == 1 for t in tries),
      sum(t == 2 for t in tries), tries[55])
P
}

for how in slurm parallel; do
	begin=$SECONDS
	is "$(many "$how" 2>"$tmp/said")" "99 89 10 3" \
		"$how: all of 100 but one passed, 10 at the second try" ||
		diag "$(tail -n 20 "$tmp/said")"
	diag "$how: $((SECONDS - begin)) s"
	like "$(<"$tmp/said")" 'a.56: failed: did not run, .* \(100 of 100 done' \
		"$how: what is always killed is said, after three tries"
done
is "$(squeue --noheader)" "" "nothing is left in the queue"

# --- real ones -------------------------------------------------------------------

cat >"$tmp/two.exp" <<'X2'
title    Two cells
mem      512M
cxl_mem  256M
common   --hot 4M --duration 2 --timeline 500ms
cell     none   gups 16M node1 --policy none
cell     numab  gups 16M node1 --policy numab
X2

# asked NAME ARGUMENTS...: sets said and status; what is left is out/NAME
asked()
{
	local name=$1

	shift
	cp "$tmp/two.exp" "$tmp/$name.exp"
	status=0
	said=$(timeout 900 ./build.sh experiment "$tmp/$name.exp" --icount \
		"$@" 2>&1 </dev/null) || status=$?
	is "$status" 0 "$name: status 0" || diag "$said"
}

# same NAME: what was done, of both cells
same()
{
	local cell

	for cell in none numab; do
		jq -c 'select(.record == "timeline") | {updates, near_share, hot,
			pages}' "$OUT/$1/cells/$cell.1/records.jsonl"
		jq -c 'select(.record == "gups") | {updates, digest, errors}' \
			"$OUT/$1/cells/$cell.1/records.jsonl"
		jq -c 'select(.record == "counters") | .whole.total' \
			"$OUT/$1/cells/$cell.1/records.jsonl"
	done
}

# as_here NAME HOW
as_here()
{
	local cell worst

	is "$(same "$1")" "$(same here)" "$2: the same, bit for bit"
	worst=$(for cell in none numab; do
		paste <(times here "$cell") <(times "$1" "$cell")
	done | awk '{ d = ($1 - $2) / $1; d = d < 0 ? -d : d; if (d > w) w = d }
		END { printf "%.6f", NR ? w : 1 }')
	ok "$2: at the same times but for $worst of them" \
		awk -v w="$worst" 'BEGIN { exit !(w < 0.001) }'
}

# times NAME CELL: of its rows
times()
{
	jq 'select(.record == "timeline" and .t_s > 0) | .t_s' \
		"$OUT/$1/cells/$2.1/records.jsonl"
}

asked here
ok "there is something to compare" [ "$(same here | wc -l)" -ge 10 ]
asked slurm --slurm
as_here slurm "by Slurm"
like "$(cat "$OUT"/slurm/slurm/1.sh)" '--cpus-per-task=1 --mem=1792M' \
	"as many CPUs and as much memory as the machine has"
asked ssh --sshloginfile "$tmp/logins"
as_here ssh "by ssh"
echo "failed: for this test" >"$OUT/ssh/cells/numab.1/verdict"
asked ssh --resume --sshloginfile "$tmp/logins"
like "$(sed 1d "$OUT/ssh/joblog")" 'numab.1$' "what failed is run again"
is "$(wc -l <"$OUT/ssh/joblog")" 2 "and nothing else, and once"

# --- a bundle: with nothing of this tree, which is hidden from it ----------------

cat >"$tmp/elsewhere" <<'X2'
mount --bind "$1" /mnt && mount -t tmpfs none "$2" && cd / &&
	exec env -i PATH=/usr/bin:/bin /mnt/run --jobs 2
X2
{
	cat "$tmp/two.exp"
	echo "cell large gups 4G node1"
} >"$tmp/bundle.exp"
status=0
./build.sh experiment "$tmp/bundle.exp" --icount --bundle "$tmp/x.tar" \
	>"$tmp/said" 2>&1 </dev/null || status=$?
is "$status" 0 "--bundle: status 0" || diag "$(<"$tmp/said")"
tar -xf "$tmp/x.tar" -C "$tmp"
shellcheck -s sh -e SC1083,SC2046 "$tmp/x/run"
is "$?" 0 "its script is one for any shell"
status=0
unshare --mount bash "$tmp/elsewhere" "$tmp/x" "$PWD" >"$tmp/said" 2>&1 ||
	status=$?
is "$status" 1 "it runs, and of three one fails" || diag "$(<"$tmp/said")"
like "$(<"$tmp/said")" 'large.1: failed: a table of 4 GiB does not fit' \
	"it says why"
cp -r "$tmp/x/cells/." "$OUT/bundle/cells/"
as_here bundle "in a bundle"
status=0
said=$(./build.sh report "$OUT/bundle" 2>&1 </dev/null) || status=$?
like "$said" 'FAILED +large.1: failed: a table' "the report has all of them"
like "$said" '1 of 3 runs failed' "and counts them"
like "$(<"$OUT/bundle/index.html")" 'kernels/.*vmlinuz' "with what ran on what"

# --- stopped ---------------------------------------------------------------------

cp "$tmp/two.exp" "$tmp/stopped.exp"
./build.sh experiment "$tmp/stopped.exp" --slurm >"$tmp/said" 2>&1 </dev/null &
pid=$!
for ((i = 0; i < 600; i++)); do
	[[ ! $(squeue --noheader --states=R) ]] || break
	sleep 0.1
done
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
is "$status" 1 "stopped: status 1"
for ((i = 0; i < 300; i++)); do
	[[ $(squeue --noheader) ]] || break
	sleep 0.1
done
is "$(squeue --noheader)" "" "and its tasks are cancelled"
like "$(<"$tmp/said")" 'interrupted; --resume goes on' "it says how to go on"
status=0
./build.sh experiment "$tmp/stopped.exp" --slurm --resume >"$tmp/said" 2>&1 \
	</dev/null || status=$?
is "$status" 0 "and it goes on"

done_testing
