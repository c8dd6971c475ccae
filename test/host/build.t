#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh itself: what it refuses before it boots anything, and that the
# same input makes the same image.
#
# alone: it removes what others build with

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=test/lib/tap.sh
. test/lib/tap.sh

export OUT=$PWD/build/test/out
mkdir -p "$OUT"

# refused STATUS REGEX NAME [VARIABLE=VALUE]... ARGUMENTS...
refused()
{
	local want=$1 regex=$2 name=$3 text status=0

	shift 3
	text=$(env "${vars[@]}" timeout 60 ./build.sh "$@" 2>&1 </dev/null) ||
		status=$?
	is "$status" "$want" "$name: status $want"
	like "$text" "$regex" "$name: says so"
}

# Called by ok
# shellcheck disable=SC2317
quietly()
{
	"$@" >/dev/null 2>&1
}

vars=()
refused 2 'Verbs:' "no verb"
refused 2 'initramfs' "an unknown verb, with the nearest" initramf
refused 2 '31|32|33' "more words than the kernel hands to init" \
	run --name words $(seq 40)
refused 2 'double quote' "a word with a double quote" run --name quote 'a"b'
refused 2 'cannot be handed' "a second --" run --name dashes gups -- 1G
refused 2 '2047' "more than the kernel's command line takes" \
	run --name long "$(printf '%2100s' x | tr ' ' x)"
refused 2 'cannot read' "a file to add that is not there" \
	run --add /nonexistent
refused 2 '--name' "a name with a slash" run --name a/b
vars=(MEM=abc) && refused 2 'MEM=abc' "MEM that is no size" run
vars=(CXL_MEM=100M) && refused 2 '256M' "CXL_MEM that no window holds" run
vars=(SMP=0) && refused 2 'SMP=0' "no CPU" run
vars=(TOPOLOGY=nosuch) && refused 2 'there are .*cxl.*none' "an unknown topology" run
vars=(ACCEL=xen) && refused 2 'tcg or kvm' "an unknown accelerator" run
vars=(ICOUNT=11) && refused 2 '0 to 10' "an instruction of no such length" run
vars=(ICOUNT=1 ACCEL=kvm) && refused 2 'ACCEL' "KVM counts no instructions" run
vars=() && refused 2 'host.s time' "latency with --icount" \
	run --icount --latency cxl=+250ns
vars=(QEMU=/bin/false) &&
	refused 3 '11.1 or newer' "a QEMU that is none" run --name q
vars=(QEMU=/nonexistent) &&
	refused 3 '11.1 or newer' "a QEMU that is not there" run --name q
vars=(OUT=/proc/nowhere) && refused 3 'OUT=' "no place for the results" run
vars=()

before=$(sha256sum <build/initramfs.cpio)
ok "clean" quietly ./build.sh clean
ok "and built again" quietly ./build.sh initramfs
is "$(sha256sum <build/initramfs.cpio)" "$before" \
	"the image is the same, bit for bit"
ok "it has 3 MB at most" [ "$(stat -Lc %s build/initramfs.cpio)" -le 3000000 ]

# What the guest is to load, in an order in which it can
base=$(dirname "$(readlink -f build/initramfs.cpio)")/base.cpio
image=$(mktemp -d)
trap 'rm -rf "$image"' EXIT
zstd -qdc "$base" | (cd "$image" && cpio -id --quiet 'lib/*' 'etc/*')
mapfile -t modules <"$image/etc/tier/modules"
is "$(printf '%s\n' "${modules[@]}" | sort)" \
	"$(cd "$image" && find lib -name '*.ko' -printf '/%p\n' | sort)" \
	"the list of modules names those in the image"
like "${modules[*]}" 'cxl_mem\.ko.*kmem\.ko' "there are some"
early=
for i in "${!modules[@]}"; do
	for name in $({
		modinfo -F depends "$image${modules[i]}" | tr , ' '
		modinfo -F softdep "$image${modules[i]}" | sed -n 's/.*pre: //p'
	}); do
		[[ " ${modules[*]:i}" != *"/$name.ko"* ]] ||
			early+="${modules[i]} is before $name; "
	done
done
is "$early" "" "what a module needs is before it in the list"

started=$EPOCHREALTIME
./build.sh initramfs >/dev/null 2>&1
ok "with everything made, nothing is done for long (1 s)" \
	awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a < 1) }'

done_testing
