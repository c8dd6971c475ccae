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
#   deps/tree.sh        somebody's, as a built tree  (KERNEL=TREE)
#   deps/vmlinux.sh     any of them, unpacked        (BOOT)
#   initramfs/image.sh  the guest's files            (initramfs)
#   initramfs/add.sh    what a user adds to them (run --add)
#   initramfs/packages.sh  Debian's packages for them (--package)
#   initramfs/share.sh  directories in common        (run --share)
#   initramfs/policy.sh a policy's file for them (run ... --policy FILE)
#   initramfs/script.sh a script for them, and files back (--script, --out)
#   initramfs/pmu.sh    the plugin that counts       (plugin)
#   initramfs/run.sh    booting it, and the verdict  (run, shell, qemu-line)
#   experiments/expt           many runs, side by side, in Python
#                              (experiment, compare, report, list)
#   experiments/heat           where the misses of a run went (heat)
#   doc/doc.sh          manual, completion, package  (man, install, deb)

# The verbs are called by the names in a table, which shellcheck cannot see
# shellcheck disable=SC2317

set -Eeuo pipefail
shopt -s inherit_errexit

VERSION=0.2

# Nothing of who runs this may have a say: not in sorting and messages, not in
# what a tool finds or does unasked
export LC_ALL=C
unset CDPATH CPATH C_INCLUDE_PATH LIBRARY_PATH GCC_EXEC_PREFIX COMPILER_PATH \
	MAKEFLAGS MAKEFILES TAR_OPTIONS XZ_OPT XZ_DEFAULTS ZSTD_CLEVEL GZIP \
	GREP_OPTIONS JQ_COLORS POSIXLY_CORRECT GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
# Nor is a file to be opened in place of a stream that is closed
[[ -e /dev/fd/0 ]] || exec 0</dev/null
[[ -e /dev/fd/1 ]] || exec 1>/dev/null
[[ -e /dev/fd/2 ]] || exec 2>/dev/null
# depmod and modprobe are where a user does not look
PATH=$PATH:/usr/sbin:/sbin

# Whoever reads it may leave: the signal of that ends the shell below alone
say()
{
	(printf '  %s\n' "$*" >&2 2>/dev/null) || true
}

# leave STATUS: the end, with a status that was meant
leave()
{
	trap - EXIT
	exit "$1"
}

# die STATUS MESSAGE: 1 it failed, 2 bad usage, 3 the machine lacks something.
# A shell below this one is told from a program that fails by 100 more, which
# ended() takes away.
die()
{
	local status=$1 text=${*:2}

	# What was given may be commands for a terminal
	(printf 'build.sh: %s\n' "${text//[[:cntrl:]]/?}" >&2) || true
	((BASH_SUBSHELL == 0)) || exit $((100 + status))
	leave "$status"
}

# ended: the end that a command has made which failed (set -e): whatever status
# that has, ours are those that are documented.  Signals are left as they are.
ended()
{
	local status=$?

	case $status in
	0 | 10[123]) leave $((status % 100));;
	129 | 130 | 131 | 141 | 143) [[ $broken ]] || return 0;;
	esac
	[[ $status = 1 ]] || printf 'build.sh: this ended with status %d: %s\n' \
		"$status" "$broken" >&2
	leave 1
}

broken=''
trap 'broken=$BASH_COMMAND' ERR
trap ended EXIT

# A name with a line break is two for most of what is called here
ROOT=${BASH_SOURCE[0]}
[[ ! -L $ROOT ]] || ROOT=$(readlink -f -- "$ROOT")
ROOT=$(cd -- "$(dirname -- "$ROOT")" && pwd && echo .)
ROOT=${ROOT%??}
[[ $ROOT != *$'\n'* ]] || die 3 "the name of this directory, or of one above" \
	"it, has a line break: rename it"
B=$ROOT/build

# --- verbs and variables ---------------------------------------------------

# verb | arguments | what it does | function
VERBS=(
	"deps||static libcjson, libcxl, libdaxctl, libnuma, libuuid and \
musl|verb_deps"
	"tier||the program: build/tier|verb_tier"
	"plugin||QEMU's plugin that counts accesses: build/tier-pmu.so|verb_plugin"
	"qemu||QEMU 11.1 or newer: the machine's own, or Debian's|verb_qemu"
	"kernel|[--own, --debug, --config TREE]|Debian's cloud kernel, or one built \
from its source: build/vmlinuz; or what to configure in yours|verb_kernel"
	"initramfs||the guest's files: build/initramfs.cpio|verb_initramfs"
	"run|[--name N] [--add FILE[:PATH]]... [--package NAME]... \
[--script FILE or -] [--out PATH]... [--share DIR[:PATH]]... [--gdb] \
[--count] [--heat] [--scope S] [--latency cxl=+250ns]... [--at TIME 'unplug cxl0']... [--icount] [--expect EXPR]... [--ktap] [TIER ARGUMENTS]|boot, run tier \
(--once gups 1G node1), power off; see out/N|cmd_run"
	"shell|[--name N] [--add FILE[:PATH]]... [--package NAME]... \
[--out PATH]... [--share DIR[:PATH]]... [--gdb] [TIER ARGUMENTS]|the same \
guest with its console on this terminal|cmd_shell"
	"heat|out/NAME [OPTIONS]|where the misses of a run with --heat went, and \
the best that could be: heat --help|cmd_heat"
	"experiment|list, or NAME [OPTIONS]|cells in guests of their own, side by side: \
experiment --help|cmd_experiment"
	"compare|RUN RUN...|runs or experiments (out/NAME) against the first of \
them|cmd_compare"
	"report|RUN|the page of a run or an experiment, again|cmd_report"
	"expect|RUN EXPR...|whether a run, or an experiment, is as expected: status 4 \
if not; --names|cmd_expect"
	"list||runs and experiments, newest first: verdict, main figure|cmd_list"
	"guest||all that a run needs, and its versions, for programs|verb_guest"
	"need|PACKAGE...|Debian packages, where they are missing|need"
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

# variable | default | meaning; an @ is this directory, whose name may have
# anything in it
VARIABLES=(
	"QEMU||emulator: a program, or a version of Debian's (10.0)"
	"QEMU_MIN|11.1|the oldest QEMU that is accepted from this machine"
	"KERNEL|6.12|kernel: a version of Debian's (5.10, 6.1, 6.12, 7.3), own, debug \
(own-7.3, ...), a bzImage, or a tree of Linux that was built"
	"MODULES||where lib/modules of KERNEL=FILE is, if it has modules"
	"BOOT|bzimage|bzimage: the kernel unpacks itself in the guest, at each boot; \
pvh: it is unpacked here, once, if it has CONFIG_PVH (see README)"
	"TOPOLOGY|cxl|the machine: a file of initramfs/topologies, or one of yours \
by a name with a slash"
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
	"QEMU_ARGS||more words for QEMU, quoted as for a shell"
	"TIMEOUT|3900|time after which a run is ended: seconds, 90s, 5m or 1h"
	"SILENCE|120|seconds without a word of the guest, from its start on, after \
which a run is ended"
	"OUT|@/out|where runs leave their results"
	"MIRROR||Debian mirror, instead of this machine's own"
)

set_variables()
{
	local row name default

	for row in "${VARIABLES[@]}"; do
		IFS='|' read -r name default _ <<<"$row"
		[[ ${!name:-} ]] || printf -v "$name" %s "${default/#@/"$ROOT"}"
	done
}

cmd_help()
{
	local row name arguments text default

	printf 'Usage: [VARIABLE=VALUE]... ./build.sh VERB [ARGUMENTS]\n\nVerbs:\n'
	for row in "${VERBS[@]}"; do
		IFS='|' read -r name arguments text _ <<<"$row"
		help_row "$name" "$text"
		[[ ! $arguments ]] || help_row '' "$arguments" '  '
	done
	printf '\nVariables:\n'
	for row in "${VARIABLES[@]}"; do
		IFS='|' read -r name default text <<<"$row"
		help_row "$name" "$text${default:+ (${default/#@/"$ROOT"})}"
	done
	printf '\n'
	help_row Topologies "$(topologies)"
	help_row Status "0 done, 1 it failed, 2 bad usage, 3 the machine lacks \
something; of run, its own."
}

# help_row NAME TEXT [MARGIN]: in 79 columns; a longer path is cut
help_row()
{
	local name=$1 margin=${3:-} line

	while IFS= read -r line; do
		printf '  %-10s %s%s\n' "$name" "$margin" "${line% }"
		name=
	done < <(fold -s -w $((66 - ${#margin})) <<<"$2")
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
		leave 2
	}
	shift
	[[ $verb != -h && $verb != --help ]] || verb=help
	need "${NEED_ALWAYS[@]}"
	set_variables
	for row in "${VERBS[@]}"; do
		[[ ${row%%|*} = "$verb" ]] || continue
		[[ $row != *'||'* || $# -eq 0 ]] ||
			die 2 "$verb takes no arguments"
		"${row##*|}" "$@"
		leave 0
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

cmd_heat()
{
	in_python heat "$@"
}

verb_qemu()
{
	lock
	build_qemu
	say "QEMU $qemu_version: $qemu_bin"
}

# verb kernel [--own | --debug]: of the version that KERNEL says; --config TREE:
# what a tree should have
verb_kernel()
{
	[[ ${1:-} != --config=* ]] || set -- --config "${1#*=}" "${@:2}"
	case $* in
	'') ;;
	'--config '?*)
		(($# == 2)) || die 2 "kernel --config: give one tree"
		tree_config "$2"
		return
		;;
	--own | --debug)
		[[ $KERNEL =~ ^[0-9.]+$ ]] ||
			die 2 "kernel $1: KERNEL=$KERNEL is no version"
		KERNEL=${1#--}-$KERNEL
		;;
	*) die 2 "kernel: only --own or --debug, or --config TREE";;
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

verb_guest()
{
	need "${NEED_RUN[@]}"
	lock
	build_initramfs
	build_boot_image
	build_qemu
	unlock
	printf 'kernel %s\nqemu %s\nplugin %s\n' "$kernel_version" \
		"$qemu_version" "$(at_least "$qemu_version" "$PLUGIN_QEMU" &&
			echo yes || echo no)"
}

cmd_experiment()
{
	in_python expt experiment "$@"
}

cmd_compare()
{
	in_python expt compare "$@"
}

cmd_report()
{
	in_python expt report "$@"
}

cmd_expect()
{
	in_python expt expect "$@"
}

cmd_list()
{
	in_python expt list
}

# in_python PACKAGE ARGUMENTS...: of experiments/, which is told the variables
# and compiled below build/
in_python()
{
	command -v python3 >/dev/null || need python3
	VARIABLES_TABLE=$(printf '%s\n' "${VARIABLES[@]}") \
		exec python3 -ES -X pycache_prefix="$B/pycache" \
		"$ROOT/experiments/python.py" "$@"
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
	may_write clean
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
	leave "$status"
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
NEED_ALWAYS=(coreutils diffutils sed grep mawk findutils util-linux)
NEED_DEPS=(gcc binutils make xz-utils tar dpkg)
# The plugin is compiled with the machine's own C library
NEED_PLUGIN=(gcc libc6-dev make)
NEED_KERNEL=(kmod xz-utils tar dpkg)
# libelf-dev: objtool, without which there is no x86 kernel
NEED_OWN_KERNEL=(gcc libc6-dev make bc flex bison libelf-dev xz-utils zstd)
NEED_IMAGE=("${NEED_DEPS[@]}" cpio kmod zstd)
NEED_RUN=("${NEED_IMAGE[@]}" jq python3)
NEED_PACKAGES=(dpkg tar jq erofs-utils)
NEED_LINT=("${NEED_DEPS[@]}" shellcheck clang-format cppcheck)

# What of a package is called.  Where all of it is found nobody asks whether
# the package is installed, or who installed it; a package without an entry is
# looked up.
declare -A COMMANDS=([apt]="apt-get apt-cache" [bc]=bc [binutils]="ld ar objcopy
	readelf strip" [bison]=bison [clang-format]=clang-format
	[clang-tidy]=clang-tidy [coreutils]="basename cat chmod cksum comm cp
	cut date dd df dirname env fold head id install ln mkdir mv nproc od paste
	readlink realpath rm sha256sum sort stat tail touch tr uname wc"
	[diffutils]=cmp [cpio]=cpio [cppcheck]=cppcheck [dpkg]="dpkg dpkg-deb" [erofs-utils]=mkfs.erofs
	[findutils]="find xargs" [flex]=flex [gcc]=gcc [gnuplot-nox]=gnuplot [grep]=grep
	[gzip]=gzip
	[jq]=jq [kmod]="depmod modprobe" [lintian]=lintian
	[make]=make [mawk]=awk [parallel]=parallel [python3]=python3 [sed]=sed
	[shellcheck]=shellcheck [tar]=tar [util-linux]="flock setpriv" [xz-utils]=xz
	[zstd]=zstd)

# need PACKAGES...: install the machine's missing ones, or say how
need()
{
	local missing=() package

	for package; do
		has_package "$package" || missing+=("$package")
	done
	((${#missing[@]})) || return 0
	command -v dpkg-query >/dev/null || die 3 "this machine lacks" \
		"${missing[*]} (that is how Debian's packages are called)"
	for package in "${missing[@]}"; do
		! installed "$package" || die 3 "Debian's package $package is" \
			"installed, but one of its programs is not in PATH:" \
			"$(tr -s ' \n\t' ' ' <<<"${COMMANDS[$package]}")"
	done
	((EUID == 0)) || die 3 "missing packages: ${missing[*]}; install them" \
		"with: sudo apt-get install --no-install-recommends ${missing[*]}"
	say "installing ${missing[*]}"
	install_packages "${missing[@]}"
}

# has_package NAME: are its programs there, or, where none is known, itself?
has_package()
{
	local name

	[[ ${COMMANDS[$1]:-} ]] || {
		installed "$1"
		return
	}
	for name in ${COMMANDS[$1]}; do
		type -P "$name" >/dev/null || return
	done
}

installed()
{
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) = \
		installed ]]
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

# A stamp says from what a thing was made.  It is removed before the thing is
# touched, and comes when the thing is there: what an interrupted build leaves
# has none.

# fresh NAME KEY: was NAME made, and from this KEY?
fresh()
{
	[[ -e $B/stamps/$1 && $(<"$B/stamps/$1") = "$2" ]]
}

stamp()
{
	mkdir -p "$B/stamps"
	put "$B/stamps/$1" "$2"
}

unstamp()
{
	rm -f "$B/stamps/$1"
}

# try_put FILE TEXT: the file has all of the text, or is what it was
try_put()
{
	{ printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1"; } 2>/dev/null &&
		return
	rm -f "$1.new"
	return 1
}

put()
{
	try_put "$@" || die 3 "cannot write $1: $(why_unwritten "$1")"
}

# why_unwritten FILE: of what could not be written
why_unwritten()
{
	local directory free

	directory=$(dirname "$1")
	if [[ ! -d $directory ]]; then
		echo "there is no directory $directory"
		return
	fi
	free=$(df -Pk "$directory" 2>/dev/null | awk 'NR == 2 { print $4 }')
	if [[ ! -w $directory ]]; then
		echo "$(id -un) may not write there"
	elif ((${free:-0} < 64)); then
		echo "no space left on that disk"
	else
		echo "there are $free KiB free, and it may be written"
	fi
}

# untar DIRECTORY ARGUMENTS...: into it (tar -C reads escapes in its name)
untar()
{
	(cd "$1" && shift && exec tar -x "$@")
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

# link_to FILE LINK: for people; who may not write there goes without
link_to()
{
	[[ $(readlink "$2") = "$1" || $sealed ]] || ln -sfn "$1" "$2"
}

# Two build.sh at once take turns in build/; the emulator runs unlocked.  Where
# build/ cannot be written, what is made can be used all the same: sealed
# says what is in the way, and nothing is made (may_write).
lock()
{
	# What was found sealed by the first of several stays so
	[[ ${locked:-} ]] || sealed=''
	if ! mkdir -p "$B" 2>/dev/null; then
		sealed=$ROOT
	elif [[ ! -w $B ]]; then
		sealed=$B
	elif [[ ! ${locked:-} ]]; then
		# What was made as root is not ours to replace
		sealed=$(find "$B" -maxdepth 2 ! -type l ! -writable -print -quit)
	fi
	# Who cannot make the file has nobody to wait for, or waits as a reader
	if ! { exec 9>>"$B/.lock"; } 2>/dev/null; then
		sealed=${sealed:-$B/.lock}
		{ exec 9<"$B/.lock"; } 2>/dev/null || return 0
	fi
	flock -n 9 || {
		say "waiting for another build.sh$(lock_holder)"
		flock 9
	}
	locked=1
}

# lock_holder: " (process N: COMMAND)", from the kernel's list of locks
lock_holder()
{
	local inode pid

	inode=$(stat -c %i "$B/.lock")
	pid=$(awk -v inode=":$inode" '$2 == "FLOCK" &&
		substr($6, length($6) - length(inode) + 1) == inode {
			print $5; exit }' /proc/locks 2>/dev/null) || true
	[[ ! $pid ]] || echo " (process $pid: $({ tr '\0' ' ' \
		<"/proc/$pid/cmdline"; } 2>/dev/null))"
}

unlock()
{
	{ exec 9>&-; } 2>/dev/null || true
}

# may_write WHAT: is to be made (or removed) in build/
may_write()
{
	[[ ! $sealed ]] || die 3 "$1: $(id -un) cannot write $sealed, which is" \
		"$(stat -c %U "$sealed")'s: do that as $(stat -c %U "$sealed")," \
		"make it yours (chown -R), or take a copy of the project"
}

# --- what is compiled --------------------------------------------------------

# compile TARGET: what the Makefile makes, as many files at once as there are
# CPUs; nothing where nothing is stale
compile()
{
	local command=(make -s -C "$ROOT" -j "$(nproc)" B=build
		VERSION="$VERSION" ${COVERAGE:+COVERAGE="$COVERAGE"} "$1")

	[[ ! $sealed ]] || "${command[@]}" -q >/dev/null 2>&1 || may_write "$1"
	"${command[@]}" >&2 || die 1 "$1 does not compile"
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
# shellcheck source=deps/tree.sh
. "$ROOT/deps/tree.sh"
# shellcheck source=deps/vmlinux.sh
. "$ROOT/deps/vmlinux.sh"
# shellcheck source=initramfs/image.sh
. "$ROOT/initramfs/image.sh"
# shellcheck source=initramfs/add.sh
. "$ROOT/initramfs/add.sh"
# shellcheck source=initramfs/packages.sh
. "$ROOT/initramfs/packages.sh"
# shellcheck source=initramfs/share.sh
. "$ROOT/initramfs/share.sh"
# shellcheck source=initramfs/policy.sh
. "$ROOT/initramfs/policy.sh"
# shellcheck source=initramfs/script.sh
. "$ROOT/initramfs/script.sh"
# shellcheck source=initramfs/pmu.sh
. "$ROOT/initramfs/pmu.sh"
# shellcheck source=initramfs/run.sh
. "$ROOT/initramfs/run.sh"
# shellcheck source=doc/doc.sh
. "$ROOT/doc/doc.sh"

main "$@"
