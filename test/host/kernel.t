#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernels of our own, as far as nothing needs to be built: what is refused,
# and that an option which is lost is noticed.  test/matrix/kernel.t builds
# and boots them.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# refused REGEX NAME [VARIABLE=VALUE]... ARGUMENTS...: status 2, and says so
refused()
{
	local regex=$1 name=$2 text status=0

	shift 2
	text=$(timeout 60 env "$@" 2>&1 </dev/null) || status=$?
	is "$status" 2 "$name: status 2"
	like "$text" "$regex" "$name: says so"
}

refused 'only --own or --debug, or --config' "no such option" ./build.sh kernel --tiny
refused 'only --own or --debug, or --config' "two options" ./build.sh kernel --own --debug
refused 'is no version' "an own kernel of a file" \
	KERNEL=/boot/vmlinuz ./build.sh kernel --own
refused '6.12 and 7.3, not for 5.10' "a series without options" \
	KERNEL=own-5.10 ./build.sh kernel
refused 'not for 5.10' "and by its option" \
	KERNEL=5.10 ./build.sh kernel --debug
refused 'MODULES=DIR needs' "modules for an own kernel" \
	KERNEL=own MODULES=/tmp ./build.sh kernel
refused 'neither a version .*own.*debug' "no such kernel" \
	KERNEL=owned ./build.sh kernel
for kernel in '6.1*' 6.12. $'6.12\n' '6.12 x'; do
	refused 'neither a version .*own.*debug' "KERNEL=$kernel" \
		KERNEL="$kernel" ./build.sh kernel
done

# Of ROOT the functions below need where the options are
# shellcheck disable=SC2034
ROOT=$PWD
# shellcheck source=deps/kernel.sh
. deps/kernel.sh

for series in 6.12 7.3; do
	mapfile -t files < <(kernel_options debug "$series")
	is "${#files[@]}" 3 "$series: base, its own and debug"
	is "$(grep -hvE '^(#.*|CONFIG_[A-Z0-9_]+=(y|[0-9]+|".*"))?$' \
		"${files[@]}")" "" "$series: each line is an option, or a comment"
	# The second would win, and the first be called lost
	is "$(grep -hoE '^CONFIG_[A-Z0-9_]+' \
		"$KERNEL_CONFIG"{,"-$series"}.config | sort | uniq -d)" "" \
		"$series: no option is asked for twice"
done
is "$(kernel_options own 6.12 | grep -c debug)" 0 "own: without debug's"

printf '%s\n' CONFIG_A=y 'CONFIG_B="b c"' '# CONFIG_C is not set' \
	'# CONFIG_D is not set' '# a comment' '' >"$tmp/one"
printf '%s\n' CONFIG_A=y CONFIG_E=12 >"$tmp/two"
printf '%s\n' '#' CONFIG_A=y CONFIG_AB=y 'CONFIG_B="b c"' \
	'# CONFIG_C is not set' CONFIG_E=12 >"$tmp/config"
is "$(lost_options "$tmp/config" "$tmp/one" "$tmp/two")" "" \
	"all there: nothing is lost"
printf '%s\n' '#' CONFIG_AB=y 'CONFIG_B="b"' CONFIG_C=y \
	'# CONFIG_D is not set' CONFIG_E=123 >"$tmp/config"
is "$(lost_options "$tmp/config" "$tmp/one" "$tmp/two" | paste -sd' ')" \
	'CONFIG_A=y CONFIG_B="b c" # CONFIG_C is not set CONFIG_A=y CONFIG_E=12' \
	"what is missing, or other than asked for, is named"

for built in build/kernel/{own,debug}-[0-9]*/config; do
	[[ -e $built ]] || continue
	name=$(basename "$(dirname "$built")")
	mapfile -t files < <(kernel_options "${name%%-*}" "${name#*-}")
	# Not one of older options
	cat "${files[@]}" | cmp -s - "${built%/*}/options" || continue
	is "$(lost_options "$built" "${files[@]}")" "" \
		"$name, built here, has all of them"
done
done_testing
