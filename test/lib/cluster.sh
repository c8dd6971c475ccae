# shellcheck shell=bash
#
# A cluster of this machine alone: munged, slurmctld and slurmd, and an sshd, of
# Debian's packages.  They are unpacked and not installed, so that no daemon of
# the host is begun or changed; all they write is below $cluster.
#
# Sourced by tests, which set cluster, a directory that is theirs alone.

# shellcheck disable=SC2154

CLUSTER_PACKAGES="slurmctld slurmd slurm-client munge openssh-server \
openssh-client"
cluster_pids=() made_run=''

# unpack_cluster DIR: the programs
unpack_cluster()
{
	local deb options

	mkdir -p "$1/archives/partial"
	options=(-qq -y --no-install-recommends -o "Dir::Cache::archives=$1/archives")
	# shellcheck disable=SC2086
	apt-get "${options[@]}" install --download-only $CLUSTER_PACKAGES >&2 || {
		apt-get -qq update
		apt-get "${options[@]}" install --download-only \
			$CLUSTER_PACKAGES
	} >&2 || return
	for deb in "$1"/archives/*.deb; do
		[[ ! -e $deb ]] || dpkg -x "$deb" "$1/root" || return
	done
	PATH=$PATH:$1/root/usr/bin:$1/root/usr/sbin:/usr/sbin
	lib=/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null ||
		echo "$(uname -m)-linux-gnu")
	plugins=$1/root$lib/slurm-wlm
	[[ -d $plugins ]] || plugins=$lib/slurm-wlm
	export LD_LIBRARY_PATH=$1/root$lib:$plugins
}

# free_port: that nobody listens on now
free_port()
{
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# daemon NAME COMMAND...: in the background, what it says to DIR/NAME.out
daemon()
{
	local name=$1

	shift
	"$@" >"$cluster/$name.out" 2>&1 </dev/null &
	cluster_pids+=($!)
}

# start_slurm [confined]: sets SLURM_CONF; waits for the node to be there.
# Confined: jobs are in cgroups, and where Slurm can do it have the memory and CPUs
# that they asked for
start_slurm()
{
	local host i track=linuxproc task=none

	[[ ${1:-} != confined ]] || {
		track=cgroup task=cgroup
		printf '%s\n' "CgroupPlugin=$([[ -e \
			/sys/fs/cgroup/cgroup.controllers ]] &&
			echo cgroup/v2 || echo cgroup/v1)" \
			CgroupMountpoint=/sys/fs/cgroup \
			ConstrainRAMSpace=yes ConstrainSwapSpace=yes \
			ConstrainCores=yes >"$cluster/cgroup.conf"
		[[ ! -e /sys/fs/cgroup/cgroup.controllers ]] ||
			printf '%s\n' IgnoreSystemd=yes EnableControllers=yes \
				>>"$cluster/cgroup.conf"
	}

	host=$(hostname -s)
	mkdir -p "$cluster"/{state,spool}
	(umask 077 && head -c 1024 /dev/urandom >"$cluster/munge.key")
	daemon munged munged --foreground --force \
		--socket="$cluster/munge.socket" \
		--key-file="$cluster/munge.key" \
		--pid-file="$cluster/munged.pid" \
		--log-file="$cluster/munged.log" \
		--seed-file="$cluster/munged.seed"
	cat >"$cluster/slurm.conf" <<X2
ClusterName=tier
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$cluster/munge.socket
CredType=cred/munge
PluginDir=$plugins
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd.pid
ProctrackType=proctrack/$track
TaskPlugin=task/$task
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=5
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_interval=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(($(sed -nE \
	's/^MemTotal: *([0-9]+) kB/\1/p' /proc/meminfo) / 1024 - 256))
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
X2
	export SLURM_CONF=$cluster/slurm.conf
	daemon slurmctld slurmctld-wlm -D
	daemon slurmd slurmd-wlm -D -N "$host" \
		-d "$(command -v slurmstepd-wlm)"
	for ((i = 0; i < 60; i++)); do
		[[ $(sinfo --noheader --format=%T 2>/dev/null) != idle ]] ||
			return 0
		sleep 1
	done
	return 1
}

# start_sshd: sets sshlogin, as GNU parallel takes it
start_sshd()
{
	local port i

	port=$(free_port)
	ssh-keygen -q -t ed25519 -N '' -f "$cluster/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$cluster/key"
	# It wants a user and a directory of its own; where no sshd was ever
	# installed, they are there for this one alone
	cp /etc/passwd "$cluster/passwd"
	getent passwd sshd >/dev/null || echo \
		"sshd:x:64999:65534::/run/sshd:/usr/sbin/nologin" \
		>>"$cluster/passwd"
	[[ -d /run/sshd ]] || { mkdir /run/sshd && made_run=1; }
	cat >"$cluster/sshd_config" <<X2
Port $port
ListenAddress 127.0.0.1
HostKey $cluster/host_key
AuthorizedKeysFile $cluster/key.pub
PidFile $cluster/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
X2
	# shellcheck disable=SC2016
	daemon sshd unshare --mount bash -c '
		mount --bind "$1" /etc/passwd && exec "$2" -D -e -f "$3"' \
		sshd "$cluster/passwd" "$(command -v sshd)" \
		"$cluster/sshd_config"
	sshlogin="ssh -p $port -i $cluster/key -o StrictHostKeyChecking=no \
-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes \
$(id -un)@127.0.0.1"
	for ((i = 0; i < 30; i++)); do
		! $sshlogin true 2>/dev/null || return 0
		sleep 1
	done
	return 1
}

# stop_cluster: what was begun here, and nothing else
stop_cluster()
{
	local pid

	((${#cluster_pids[@]})) || return 0
	kill "${cluster_pids[@]}" 2>/dev/null || true
	for pid in "${cluster_pids[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
	cluster_pids=()
	[[ ! $made_run ]] || rmdir /run/sshd
	made_run=''
}
