#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds tier and everything around it, and runs it: a verb each.
# ./build.sh help lists the verbs and the variables.
#
# Every verb does what is missing or stale and nothing else, also of the
# verbs it needs; nothing is downloaded twice.  The parts:
#   deps/debian.sh      packages of other Debian suites
#   deps/libs.sh        static libraries             (deps)
#   deps/guest.sh       emulator and kernel          (qemu, kernel)
#   deps/kernel.sh      kernels of our own           (kernel --own, --debug)
#   initramfs/image.sh  the guest's files            (initramfs)
#   initramfs/add.sh    what a user adds to them (run --add)
#   initramfs/pmu.sh    the plugin that counts       (plugin)
#   initramfs/run.sh    booting it, and the verdict  (run, shell, qemu-line)
#   experiments/experiment.sh  many runs, side by side (experiment)
#   experiments/report.sh      tables and pictures of them
#   doc/doc.sh          manual, completion, package  (man, install, deb)

# The verbs are called by the names in a table, which shellcheck cannot see
# shellcheck disable=SC2317

set -euo pipefail
shopt -s inherit_errexit

VERSION=0.1

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
B=$ROOT/build

# sorting and messages must not depend on who runs this
export LC_ALL=C
umask 022
# depmod and modprobe are where a user does not look
PATH=$PATH:/usr/sbin:/sbin

say()
{
	printf '  %s\n' "$*" >&2
}

# die STATUS MESSAGE: 1 it failed, 2 bad usage, 3 the machine lacks something
die()
{
	local status=$1

	shift
	printf 'build.sh: %s\n' "$*" >&2
	exit "$status"
}

# --- verbs and variables ---------------------------------------------------

# verb | arguments | what it does | function
VERBS=(
	"deps||static libcjson, libcxl, libdaxctl, libnuma, libuuid and \
musl|verb_deps"
	"tier||the program: build/tier|verb_tier"
	"plugin||QEMU's plugin that counts accesses: build/tier-pmu.so|verb_plugin"
	"qemu||QEMU 11.1 or newer: the machine's own, or Debian's|verb_qemu"
	"kernel|[--own or --debug]|Debian's cloud kernel, or one built from its \
source: build/vmlinuz|verb_kernel"
	"initramfs||the guest's files: build/initramfs.cpio|verb_initramfs"
	"run|[--name N] [--add FILE[:PATH]]... [--count] [--latency \
cxl=+250ns]... [--icount] [TIER ARGUMENTS]|boot, run tier \
(--once gups 1G node1), power off; see out/N|cmd_run"
	"shell|[--name N] [--add FILE[:PATH]]... [TIER ARGUMENTS]|the same \
guest with its console on this terminal|cmd_shell"
	"experiment|list, or NAME [OPTIONS]|cells in guests of their own, side by side: \
experiment --help|cmd_experiment"
	"qemu-line|[TOPOLOGY [TIER ARGUMENTS]]|print the QEMU command|cmd_qemu_line"
	"test|[ARGUMENTS]|the tests: test/run|cmd_test"
	"coverage|[NAME...]|which lines the tests run: test/coverage|cmd_coverage"
	"bench|[ARGUMENTS]|the measurements: test/bench|cmd_bench"
	"lint|[--deep]|shellcheck, clang-format, cppcheck; --deep: also \
clang-tidy and gcc -fanalyzer, minutes|cmd_lint"
	"man||the manual, from the program's tables: build/tier.8|verb_man"
	"install|PREFIX|the program, its manual, bash completion (DESTDIR)|cmd_install"
	"deb||a Debian package, which passes lintian: build/tier_*.deb|cmd_deb"
	"clean|[--all]|remove what was compiled; --all: also what was fetched|cmd_clean"
	"help||this|cmd_help"
)

# variable | default | meaning
VARIABLES=(
	"QEMU||emulator: a program, or a version of Debian's (10.0)"
	"QEMU_MIN|11.1|the oldest QEMU that is accepted from this machine"
	"KERNEL|6.12|kernel: a version of Debian's (6.12, 7.3), own, debug \
(own-7.3, ...) or a bzImage"
	"MODULES||where lib/modules of KERNEL=FILE is, if it has modules"
	"TOPOLOGY|cxl|the machine: a file of initramfs/topologies"
	"MEM|3G|memory of node 0"
	"CXL_MEM|2G|memory of a CXL device, in steps of 256M"
	"SMP|2|virtual CPUs"
	"ACCEL|tcg|tcg or kvm"
	# A stock kernel refuses regions under the hypervisor bit.  With erms
	# and fsrm it clears and copies by the byte, which an emulator does one
	# by one: without them the table is populated in two thirds of the time.
	# Four levels of page tables are walked faster than the five of la57.
	"CPU|max,-hypervisor,-erms,-fsrm,-la57|processor: QEMU's -cpu"
	"ICOUNT||N: an instruction takes 2^N ns, and a run repeats (run --icount: 1)"
	"APPEND||more words for the kernel"
	"TIMEOUT|3900|seconds after which a run is ended"
	"OUT|$ROOT/out|where runs leave their results"
	"MIRROR||Debian mirror, instead of this machine's own"
)

set_variables()
{
	local row name default

	for row in "${VARIABLES[@]}"; do
		IFS='|' read -r name default _ <<<"$row"
		[[ ${!name:-} ]] || printf -v "$name" %s "$default"
	done
}

cmd_help()
{
	local row name arguments text

	printf 'Usage: [VARIABLE=VALUE]... ./build.sh VERB [ARGUMENTS]\n\nVerbs:\n'
	for row in "${VERBS[@]}"; do
		IFS='|' read -r name arguments text _ <<<"$row"
		printf '  %-10s %s\n' "$name" "$text"
		[[ ! $arguments ]] || printf '  %-10s   %s\n' '' "$arguments"
	done
	printf '\nVariables:\n'
	for row in "${VARIABLES[@]}"; do
		IFS='|' read -r name arguments text <<<"$row"
		printf '  %-10s %s%s\n' "$name" "$text" \
			"${arguments:+ ($arguments)}"
	done
	printf '\nTopologies: %s\n' \
		"$(topologies)"
	printf 'Status: 0 done, 1 it failed, 2 bad usage, 3 the machine lacks %s\n' \
		'something; of run, its own.'
}

# nearest WORD: the verbs within two letters of it, or that it begins
nearest()
{
	printf '%s\n' "${VERBS[@]%%|*}" | awk -v word="$1" '
		function min(a, b) { return a < b ? a : b }
		function distance(a, b,		i, j, d) {
			for (i = 0; i <= length(a); i++)
				d[i, 0] = i
			for (j = 0; j <= length(b); j++)
				d[0, j] = j
			for (i = 1; i <= length(a); i++)
				for (j = 1; j <= length(b); j++)
					d[i, j] = min(min(d[i-1, j], d[i, j-1]) + 1,
						d[i-1, j-1] + (substr(a, i, 1) != \
							substr(b, j, 1)))
			return d[length(a), length(b)]
		}
		index($0, word) == 1 || distance($0, word) <= 2' |
		paste -sd' '
}

main()
{
	local verb=${1:-} row near

	[[ $verb ]] || {
		cmd_help >&2
		exit 2
	}
	shift
	[[ $verb != -h && $verb != --help ]] || verb=help
	set_variables
	for row in "${VERBS[@]}"; do
		[[ ${row%%|*} = "$verb" ]] || continue
		[[ $row != *'||'* || $# -eq 0 ]] ||
			die 2 "$verb takes no arguments"
		"${row##*|}" "$@"
		exit
	done
	near=$(nearest "$verb")
	die 2 "no verb '$verb'${near:+; nearest: $near} (./build.sh help)"
}

verb_deps()
{
	lock
	build_deps
}

verb_tier()
{
	lock
	build_tier
}

verb_plugin()
{
	lock
	build_plugin
}

verb_qemu()
{
	lock
	build_qemu
	say "QEMU $qemu_version: $qemu_bin"
}

# verb kernel [--own | --debug]: of the version that KERNEL says
verb_kernel()
{
	case $* in
	'') ;;
	--own | --debug)
		[[ $KERNEL =~ ^[0-9.]+$ ]] ||
			die 2 "kernel $1: KERNEL=$KERNEL is no version"
		KERNEL=${1#--}-$KERNEL
		;;
	*) die 2 "kernel: only --own or --debug";;
	esac
	lock
	build_kernel
	say "Linux $kernel_version: $kernel_image"
}

verb_initramfs()
{
	lock
	build_initramfs
}

# The tests use the other verbs themselves
cmd_test()
{
	[[ -x $ROOT/test/run ]] || die 1 "there is no test/run"
	exec "$ROOT/test/run" "$@"
}

cmd_coverage()
{
	[[ -x $ROOT/test/coverage ]] || die 1 "there is no test/coverage"
	exec "$ROOT/test/coverage" "$@"
}

cmd_bench()
{
	[[ -x $ROOT/test/bench ]] || die 1 "there is no test/bench"
	need "${NEED_RUN[@]}"
	lock
	HPCC=$(fetch_source hpcc)
	unlock
	export HPCC
	exec "$ROOT/test/bench" "$@"
}

cmd_clean()
{
	[[ $# -eq 0 || $* = --all ]] || die 2 "clean: only --all"
	lock
	if (($#)); then
		rm -rf "$B"
	else
		rm -rf "$B"/{obj,coverage,doc,tier,tier.8,tier.completion,deb,tier-pmu.so,image,initramfs.cpio}
	fi
}

cmd_lint()
{
	local scripts sources status=0

	[[ $# -eq 0 || $* = --deep ]] || die 2 "lint: only --deep"
	need "${NEED_LINT[@]}"
	# cppcheck wants the libraries' macros
	verb_deps
	unlock
	cd "$ROOT"
	mapfile -t scripts < <(grep -slE '^#!.*[/ ](ba)?sh( |$)' \
		-- test/* test/*/* .ci/* | sort)
	mapfile -t sources < <(find . -path ./build -prune -o -path ./out \
		-prune -o -name '*.[ch]' -print | sort)
	# -a: also the parts it reads
	shellcheck -x -a build.sh || status=1
	((${#scripts[@]} == 0)) || shellcheck -x "${scripts[@]}" || status=1
	clang-format --dry-run -Werror "${sources[@]}" || status=1
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
		--enable=warning,performance -D_GNU_SOURCE \
		-I. -I build/deps/include --suppress='*:build/deps/*' \
		"${sources[@]}" || status=1
	(($# == 0)) || lint_deep || status=1
	return "$status"
}

# Static analysis of each path, in the current directory: what is found there is
# cured, or said to be none at its place (NOLINT)
lint_deep()
{
	local sources flags=(-std=gnu11 -D_GNU_SOURCE -I.
		'-DTIER_VERSION="lint"' -isystem build/deps/src
		-idirafter build/deps/include)

	need clang-tidy
	mapfile -t sources < <(find . -maxdepth 2 -name '*.c' ! -path './test/*' \
		! -path './deps/*' ! -path './build/*' | sort)
	printf '%s\0' "${sources[@]}" | xargs -0 -P "$(nproc)" -I FILE \
		clang-tidy --quiet FILE -- "${flags[@]}" 2>/dev/null || return 1
	printf '%s\0' "${sources[@]}" | xargs -0 -P "$(nproc)" -I FILE \
		gcc "${flags[@]}" -O1 -Wall -Wextra -Werror -fanalyzer -c \
		-o /dev/null FILE
}

# --- helpers ---------------------------------------------------------------

# Debian's packages, by what they are for: one list a run, so that a user
# who cannot install them is told once
NEED_DEPS=(gcc make xz-utils)
NEED_KERNEL=(kmod xz-utils)
# libelf-dev: objtool, without which there is no x86 kernel
NEED_OWN_KERNEL=(gcc libc6-dev make bc flex bison libelf-dev xz-utils zstd)
NEED_IMAGE=("${NEED_DEPS[@]}" cpio kmod zstd)
NEED_RUN=("${NEED_IMAGE[@]}" jq)
NEED_LINT=("${NEED_DEPS[@]}" shellcheck clang-format cppcheck)

# need PACKAGES...: install the machine's missing ones, or say how
need()
{
	local missing

	command -v dpkg-query >/dev/null ||
		die 3 "this needs Debian, or the packages $* by other means"
	missing=$(comm -13 <(dpkg-query -W -f \
		'${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^installed //p' | sort) \
		<(printf '%s\n' "$@" | sort) | tr '\n' ' ')
	missing=${missing% }
	[[ $missing ]] || return 0
	if ((EUID)); then
		die 3 "missing packages: $missing; install them with:" \
			"sudo apt-get install --no-install-recommends $missing"
	fi
	say "installing $missing"
	# shellcheck disable=SC2086
	install_packages $missing
}

# The lists of a fresh machine are empty, those of an old one stale: then
# the first attempt fails.
install_packages()
{
	local get=(apt-get -qq -y --no-install-recommends install "$@") said

	export DEBIAN_FRONTEND=noninteractive
	"${get[@]}" >/dev/null 2>&1 && return
	apt-get -qq update >&2 || true
	said=$("${get[@]}" 2>&1) || {
		printf '%s\n' "$said" >&2
		die 3 "apt-get could not install $*"
	}
}

# fresh NAME KEY: was NAME made, and from this KEY?
fresh()
{
	[[ -e $B/stamps/$1 && $(<"$B/stamps/$1") = "$2" ]]
}

stamp()
{
	mkdir -p "$B/stamps"
	printf '%s\n' "$2" >"$B/stamps/$1"
}

# newer_than FILE OTHERS...: is any of the others newer?
newer_than()
{
	local file=$1 other

	shift
	for other; do
		[[ $other -nt $file ]] && return
	done
	return 1
}

# Two build.sh at once take turns in build/; the emulator runs unlocked.
lock()
{
	mkdir -p "$B" || die 3 "cannot write to $ROOT"
	exec 9>"$B/.lock"
	flock -n 9 || {
		say "waiting for another build.sh"
		flock 9
	}
}

unlock()
{
	exec 9>&-
}

# --- what is compiled --------------------------------------------------------

# compile TARGET: what the Makefile makes, as many files at once as there are
# CPUs; nothing where nothing is stale
compile()
{
	make -s -C "$ROOT" -j "$(nproc)" B=build VERSION="$VERSION" \
		${COVERAGE:+COVERAGE="$COVERAGE"} "$1" >&2 9>&- ||
		die 1 "$1 does not compile"
}

# verb tier
build_tier()
{
	build_deps
	compile tier
}

# --- parts -----------------------------------------------------------------

# shellcheck source=deps/debian.sh
. "$ROOT/deps/debian.sh"
# shellcheck source=deps/libs.sh
. "$ROOT/deps/libs.sh"
# shellcheck source=deps/guest.sh
. "$ROOT/deps/guest.sh"
# shellcheck source=deps/kernel.sh
. "$ROOT/deps/kernel.sh"
# shellcheck source=initramfs/image.sh
. "$ROOT/initramfs/image.sh"
# shellcheck source=initramfs/add.sh
. "$ROOT/initramfs/add.sh"
# shellcheck source=initramfs/pmu.sh
. "$ROOT/initramfs/pmu.sh"
# shellcheck source=initramfs/run.sh
. "$ROOT/initramfs/run.sh"
# shellcheck source=experiments/experiment.sh
. "$ROOT/experiments/experiment.sh"
# shellcheck source=experiments/report.sh
. "$ROOT/experiments/report.sh"
# shellcheck source=doc/doc.sh
. "$ROOT/doc/doc.sh"

main "$@"
