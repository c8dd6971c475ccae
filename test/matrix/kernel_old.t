#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kernels that make no node of volatile CXL memory: Debian's 6.1, and 5.10, which is
# older than tiers, demotion and DAMON.  On a node that is declared, with latency
# injected, they run and are verified; what they lack is absent, and a policy that
# cannot be is refused by name.
# timeout: 1800

# What the tests of a run look at is set by boot()
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/guest.sh
. test/lib/guest.sh

export MEM=1G CXL_MEM=512M TOPOLOGY=numa

# refused NAME REGEX: that policy, for want of what matches
refused()
{
	is "$(said "$1")" 3 "$kernel: $1: refused: the kernel lacks something"
	like "$(of "$1" end .reason)" "$2" "$kernel: $1: by name"
}

for kernel in 5.10 6.1; do
	KERNEL=$kernel BOOT=pvh boot_script "kernel-$kernel" test/matrix/kernel.guest \
		--latency far=+250ns -- old check
	like "$(said release)" "^${kernel/./\\.}\\." "$kernel: it is that"
	is "$(jq -r .guest.boot "$run/manifest.json")" \
		"$(type -P lz4 >/dev/null && echo pvh || echo bzimage)" \
		"$kernel: started unpacked, where there is lz4"
	is "$(said regions)" 1 "$kernel: without regions"
	is "$(said plain)" 0 "$kernel: gups 16M node1: status 0"
	so plain gups '.[0].verified and .[0].errors == 0' "verified"
	so plain gups '.[0].pages_at_start.node1 == 4096' "all of it was far"
	# NUMA balancing is on unless a policy turns it off
	so plain moves '.[0].whole.numa_other > 1000' \
		"NUMA balancing brings them to their CPUs"
	so plain moves '.[0].timed.demoted_proactive == null' \
		"what it does not count is absent"
	so plain modelled '.[0].updates_per_s > 0' "the modelled rate"
	ok "$kernel: no complaints" [ "$(said complaints)" = 0 ]
	if [[ $kernel = 5.10 ]]; then
		so plain moves '.[0].whole | .numa_promoted == null and
			.demoted_kswapd == null' "neither promotes nor demotes"
		refused tpp 'numa_balancing=2: .*does not promote'
	fi
	refused hmsdk '(demotion_enabled|DAMON|damon|migrate)'
done
done_testing
