#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier in a step of Slurm's, which tracks it by cgroups, for real: Slurm's daemons
# on this machine, a job of 256 MiB and one CPU.  tier takes no program out of the
# job, ends as Slurm wants it; and where Slurm confines the job's memory says what
# that is before it is killed by it.
# timeout: 900

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh
# shellcheck source=test/lib/cluster.sh
. test/lib/cluster.sh

((EUID == 0)) || {
	skip "slurm" "its cgroups need root"
	done_testing
}
tier=$(readlink -f "${TIER:-build/tier}")
tmp=$(mktemp -d)
cluster=$tmp/cluster
made=()
for controller in freezer memory cpuset cpuacct; do
	group=/sys/fs/cgroup/$controller/slurm_$(hostname -s)
	[[ -d $group ]] || made+=("$group")
done
# Slurm leaves its groups
# shellcheck disable=SC2317
stop()
{
	stop_cluster
	find "${made[@]}" -depth -type d -exec rmdir {} \; 2>/dev/null
	rm -rf "$tmp"
}
trap stop EXIT
mkdir "$cluster"

unpack_cluster "$PWD/build/test/cluster" || {
	ok "the packages are there" false
	done_testing
}
ok "Slurm is up" start_slurm confined ||
	diag "$(tail -n 5 "$cluster"/{munged,slurmctld,slurmd}.out)"

# step WORDS...: in a step; sets status and said
step()
{
	status=0
	said=$(timeout 120 srun --mem=256M --cpus-per-task=1 --ntasks=1 \
		--time=5 "$@" 2>&1 </dev/null) || status=$?
}

# ends STATUS REGEX NAME
ends()
{
	is "$status" "$1" "$3: status $1" || diag "$(tail -n 12 <<<"$said")"
	like "$said" "$2" "$3: says so"
}

step cat /proc/self/cgroup
ends 0 slurm "a step is in a group of Slurm's"
confined=''
! grep -Eq '(:memory|^0:).*slurm' <<<"$said" || confined=yes
step "$tier" status
ends 0 DRAM "status"
brief=(--threads 1 --loop plain --tlb-refresh off --timeline off --duration 50ms)
step "$tier" --once gups 16M any "${brief[@]}"
ends 0 'Found 0 errors' "a benchmark"
step "$tier" --once gups 16M any --deadline 2s "${brief[@]}" --duration 60s
ends 1 'deadline of 2.0 s' "a deadline"
step "$tier" run --timeline 100ms sh -c 'cat /proc/self/cgroup; sleep 0.3; exit 7'
ends 7 'ended with status 7' "a program"
like "$said" 'slurm.*/job_' "a program: in the job's groups"
is "$(grep -c '^[0-9]*:.*tier-run' <<<"$said")" 0 "a program: and in no other"
like "$said" 'at peak .* on node 0' "a program: its pages are seen"
if [[ $confined ]]; then
	step "$tier" --once gups 400M any "${brief[@]}"
	ends 3 'the memory limit of cgroup [^ ]*slurm.* leaves 2[0-9.]* MiB' \
		"a table larger than the job"
	step "$tier" hog node0:400M --duration 1
	ends 3 'the memory limit of cgroup [^ ]*slurm.* leaves 2[0-9.]* MiB' \
		"a hog larger than the job"
	step "$tier" --json --once gups 1M any --tlb-refresh off --timeline off \
		--duration 50ms
	ends 0 '"threads":1,' "threads: the CPUs of the job"
	step "$tier" run --timeline off sh -c \
		"head -c 900000000 /dev/zero | tail -c 800000000 >/dev/null"
	ends 137 "ended with status 137" "a program above the job's memory"
else
	skip "the job's memory" "Slurm does not confine it here"
fi

# A job that is told beforehand, and one that is cancelled
cat >"$tmp/job" <<END
#!/bin/sh
exec srun "$tier" run --records $tmp/records sh -c \
	'trap "echo told >$tmp/told" USR1; echo begun >$tmp/begun
	while :; do sleep 0.2; done'
END
id=$(sbatch --parsable --mem=256M --output="$tmp/out" "$tmp/job")
for ((i = 0; i < 600; i++)); do
	[[ ! -e $tmp/begun ]] || break
	sleep 0.1
done
scancel --signal=USR1 "$id"
for ((i = 0; i < 200; i++)); do
	[[ ! -e $tmp/told ]] || break
	sleep 0.1
done
is "$(cat "$tmp/told")" told "scancel --signal=USR1: the program is told"
scancel "$id"
for ((i = 0; i < 400; i++)); do
	! grep -qs '"record":"end"' "$tmp/records" || break
	sleep 0.1
done
is "$(jq -r 'select(.record == "end") | .verdict' "$tmp/records")" failed \
	"scancel: the run ends, and says how"
like "$(jq -r 'select(.record == "end") | .reason' "$tmp/records")" \
	'interrupted by SIG(TERM|CONT)' "scancel: by what"
for ((i = 0; i < 400; i++)); do
	[[ $(squeue --noheader) ]] || break
	sleep 0.1
done
is "$(squeue --noheader)" "" "nothing is left in the queue"
diag "$(slurmd-wlm -V 2>/dev/null), $(head -n 1 "$cluster/cgroup.conf")"
done_testing
