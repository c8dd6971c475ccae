#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tier in docker's containers, for real: an image of tier and a shell, docker's
# own filter of system calls and its own capabilities, 256 MiB of memory and one
# CPU.  It is no init there, works inside the limits and says which they are
# before it is killed by them, and takes no program out of them.  The daemon is
# Debian's, unpacked and not installed; all it writes is below a directory of its
# own.
# timeout: 900

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

((EUID == 0)) || {
	skip "docker" "its daemon needs root"
	done_testing
}
root=$PWD/build/test/docker
# A socket's name is short
home=$(mktemp -d /tmp/tier-docker.XXXXXX)
daemon=
# shellcheck disable=SC2317
stop()
{
	[[ ! $daemon ]] || kill "$daemon" 2>/dev/null
	wait
	umount "$home"/* 2>/dev/null
	rm -rf "$home"
}
trap stop EXIT

# --- a daemon of one's own ---------------------------------------------------------

mkdir -p "$root/archives/partial"
fetch=(apt-get -qq -y --no-install-recommends -o
	"Dir::Cache::archives=$root/archives" install --download-only)
packages=(docker.io)
apt-cache show docker-cli >/dev/null 2>&1 && packages+=(docker-cli)
"${fetch[@]}" "${packages[@]}" >"$home/apt" 2>&1 || {
	apt-get -qq update
	"${fetch[@]}" "${packages[@]}"
} >"$home/apt" 2>&1 || diag "$(tail -n 5 "$home/apt")"
for deb in "$root"/archives/*.deb; do
	[[ ! -e $deb ]] || dpkg -x "$deb" "$root/root"
done
PATH=$root/root/usr/bin:$root/root/usr/sbin:$PATH:/usr/sbin:/sbin
lib=$root/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null ||
	echo "$(uname -m)-linux-gnu")
export LD_LIBRARY_PATH=$lib DOCKER_HOST=unix://$home/socket HOME=$home

dockerd --data-root "$home/data" --exec-root "$home/exec" --pidfile "$home/pid" \
	--host "$DOCKER_HOST" --storage-driver vfs --bridge none \
	--iptables=false --ip6tables=false >"$home/log" 2>&1 </dev/null &
daemon=$!
for ((i = 0; i < 240; i++)); do
	! docker version >/dev/null 2>&1 || break
	kill -0 "$daemon" 2>/dev/null || break
	sleep 0.5
done
docker version >/dev/null 2>&1 || {
	skip "docker" "no daemon can be begun here: $(tail -n 1 "$home/log")"
	done_testing
}

# --- an image of tier --------------------------------------------------------------

mkdir -p "$home"/image/{bin,tmp,run,sys,proc}
cp "${TIER:-build/tier}" "$home/image/bin/tier"
cp "$(command -v busybox || echo build/busybox)" "$home/image/bin/busybox"
for word in sh cat grep sleep head tail sed; do
	ln -s busybox "$home/image/bin/$word"
done
tar -C "$home/image" -c . | docker import - tier >"$home/said" 2>&1 ||
	diag "$(<"$home/said")"

# inside OPTIONS... tier WORDS...: in a container; sets status and said
inside()
{
	status=0
	said=$(timeout 120 docker run --rm --network none --memory 256m \
		--memory-swap 256m --cpuset-cpus 0 "$@" 2>&1 </dev/null) ||
		status=$?
}

# ends STATUS REGEX NAME
ends()
{
	is "$status" "$1" "$3: status $1" || diag "$(tail -n 12 <<<"$said")"
	like "$said" "$2" "$3: says so"
}

brief="--threads 1 --loop plain --tlb-refresh off --timeline off --duration 50ms"
nice="--cap-add SYS_NICE --security-opt seccomp=unconfined"
inside tier tier --version
ends 0 '^tier ' "PID 1 of a container, --version"
inside tier tier status
ends 0 DRAM "status"
inside tier tier frobnicate
ends 2 'unknown verb' "bad usage"
# shellcheck disable=SC2086
{
inside tier tier --once gups 16M any $brief
ends 1 "seccomp filter forbids.*docker: --cap-add SYS_NICE" \
	"docker's own filter: a benchmark"
inside $nice tier tier --once gups 16M any $brief
ends 0 'Found 0 errors' "without the filter: a benchmark"
inside $nice tier tier --once gups 400M any $brief
ends 3 'the memory limit of cgroup .* leaves 2[0-9.]* MiB' \
	"a table larger than the container"
inside $nice tier tier hog node0:400M --duration 1
ends 3 'the memory limit of cgroup .* leaves 2[0-9.]* MiB' \
	"a hog larger than the container"
inside $nice tier tier --once gups 16M any --deadline 2s $brief --duration 60s
ends 1 'deadline of 2.0 s' "a deadline"
}
inside tier tier run --timeline 100ms sh -c 'cat /proc/self/cgroup; sleep 0.3; exit 7'
ends 7 'ended with status 7' "a program"
is "$(grep -o '[0-9]*:.*:/.*' <<<"$said" | grep -c tier-run)" 0 \
	"a program: it stays in the container's groups"
like "$said" 'at peak .* on node 0' "a program: its pages are seen"
inside tier tier run sh -c '(sleep 60 &); exit 4'
ends 4 'ended with status 4' "a program that leaves a daemon"
inside tier tier run --timeline off sh -c 'tail -c 900000000 /dev/zero >/dev/null; exit $?'
ends 137 'ended with status 137' "a program above the container's memory"
inside tier tier policy none
ends 1 '(Read-only|not permitted|denied|DAMON is running already)' "a policy"
inside tier tier policy restore
ends 0 'nothing to restore' "policy restore"
inside --read-only tier tier status
ends 0 DRAM "a read-only container"
inside --user 65534:65534 tier tier status
ends 0 DRAM "a user in a container"
inside --pids-limit 1 tier tier status
like "$status" '^[01]$' "one process alone: it ends"
inside --env-file /dev/null --cap-drop ALL tier tier run sh -c 'exit 3'
ends 3 'ended with status 3' "no capability at all"
docker run --rm --network none --name tier-stop tier tier run sleep 300 \
	>"$home/said" 2>&1 &
client=$!
for ((i = 0; i < 240; i++)); do
	! grep -q '^kernel' "$home/said" || break
	sleep 0.5
done
begin=$SECONDS
docker stop --time 60 tier-stop >/dev/null
wait "$client"
status=$? said=$(<"$home/said")
ends 1 'interrupted by SIGTERM' "docker stop"
ok "docker stop: by itself" test $((SECONDS - begin)) -lt 45
inside --pid host tier tier run sh -c 'exit 6'
ends 6 'ended with status 6' "the host's processes"
diag "$(docker version --format '{{.Server.Version}}'), $(docker info --format \
	'cgroup {{.CgroupVersion}}, {{.SecurityOptions}}')"
done_testing
