# shellcheck shell=bash
#
# The static libraries tier is linked with, and the C library below them.
#
# The few files that are needed are compiled directly with a small config.h
# each: ndctl's meson wants json-c and iniparser even for its libraries,
# numactl's tarball has no configure, and util-linux' takes longer than all
# of this.  musl comes compiled from Debian (the release with its security
# fixes), and so do the kernel's headers, so that the machine's own do not
# matter.
#
# The result has to be small (TIER_MAX_BYTES): hence -Oz, the stack protector
# where there are strings and no further (-strong: 2 % more), the stand-ins
# in deps/udev and deps/kmod, and the C library's functions compiled again
# (deps/musl).  LTO saves nothing but the stack protector's checks,
# which gcc forgets on the way.
#
# Sourced by build.sh.

LIB_CFLAGS=(-std=gnu11 -Oz -fno-caller-saves -fno-move-loop-invariants
	-fno-tree-loop-im -g0 -D_GNU_SOURCE -ffunction-sections
	-fdata-sections -fstack-protector -malign-data=abi
	-fno-asynchronous-unwind-tables -w)
# and what musl's own configure adds to that
MUSL_CFLAGS=(-std=c99 -ffreestanding -frounding-math
	-fexcess-precision=standard -fno-strict-aliasing)

# They are made in build/deps.new, and called build/deps when all is there: what
# an interrupted build leaves is not taken for them.
NEW=$B/deps.new

# verb deps
build_deps()
{
	local key

	need "${NEED_DEPS[@]}"
	key=$(deps_key)
	fresh deps "$key" && return
	may_write "the static libraries"
	say "building the static libraries"
	rm -rf "$NEW" "$B/src"
	mkdir -p "$NEW"/{bin,lib,include} "$B/src"
	install_musl
	install_uapi
	install -m 755 "$ROOT/deps/musl-cc" "$NEW/bin/musl-cc"
	build_libraries
	write_versions >"$NEW/versions.json"
	unstamp deps
	rm -rf "$B/deps" "$B/src"
	mv "$NEW" "$B/deps"
	stamp deps "$key"
	say "libraries: $B/deps/lib"
}

# What the result depends on
deps_key()
{
	local package

	echo "${LIB_CFLAGS[@]}" "$(gcc -dumpfullversion)" \
		"$(for package in musl util-linux numactl cjson ndctl; do
			sums_line "$package"
		done)" \
		"$(cat "$ROOT"/deps/{libs.sh,musl-cc} \
			"$ROOT"/deps/*/* | sha256sum)"
}

install_musl()
{
	local deb to=$NEW/musl

	deb=$(fetch_deb trixie musl-dev)
	mkdir -p "$to"
	dpkg-deb -x "$deb" "$B/src/musl"
	mv "$B/src/musl/usr/include/x86_64-linux-musl" "$to/include"
	mv "$B/src/musl/usr/lib/x86_64-linux-musl" "$to/lib"
	dpkg-deb -f "$deb" Version >"$NEW/musl.version"
}

# The kernel's headers, and nothing else of /usr/include: glibc's would
# win against musl's.
install_uapi()
{
	local deb to=$B/src/uapi

	deb=$(fetch_deb trixie linux-libc-dev)
	mkdir -p "$to" "$NEW/uapi"
	dpkg-deb --fsys-tarfile "$deb" | untar "$to" ./usr/include/linux \
		./usr/include/asm-generic ./usr/lib/linux/uapi/x86/asm
	mv "$to"/usr/include/{linux,asm-generic} \
		"$to/usr/lib/linux/uapi/x86/asm" "$NEW/uapi"
	dpkg-deb -f "$deb" Version >"$NEW/linux-libc-dev.version"
}

# Debian compiles musl for speed and to be shared: that is a third of what
# tier has of it.  The sources that deps/musl/files names, of the same
# release, are compiled again, into one object that is linked before libc.a.
# Debian's patches must not touch them; qsort has one, and so is not named.
small_libc()
{
	local files

	[[ $(<"$NEW/musl.version") = "$(source_version musl)"-* ]] ||
		die 1 "Debian's musl-dev is $(<"$NEW/musl.version"), but" \
			"deps/SHA256SUMS pins musl $(source_version musl)"
	unpack musl arch include src
	mapfile -t files < <(grep -v '^#' "$ROOT/deps/musl/files")
	objects libc-small musl "${MUSL_CFLAGS[*]} -Iarch/x86_64 \
-Iarch/generic -Isrc/include -Isrc/internal -Iinclude" "${files[@]/#/src/}"
	cp "$B/src/obj/libc-small.o" "$NEW/lib"
}

# The order is that of their needs: a later one includes what an earlier
# one installed.
build_libraries()
{
	small_libc

	unpack util-linux libuuid/src include
	headers util-linux uuid libuuid/src/uuid.h
	library libuuid util-linux 'uuid_*' 'include libuuid/src' \
		libuuid/src/{parse,unparse,pack,unpack,copy}.c

	unpack numactl
	headers numactl . numa.h numaif.h numacompat1.h
	library libnuma numactl 'numa_* mbind *_mempolicy* m*_pages*' . \
		{libnuma,syscall,distance,affinity,sysfs,rtnetlink}.c

	# The tests compile it again, for the sanitizers
	unpack cjson cJSON.c cJSON.h
	headers cjson cjson cJSON.h
	library libcjson cjson 'cJSON_*' . cJSON.c
	mkdir -p "$NEW/src/cjson"
	cp "$B"/src/cjson/{cJSON.c,cJSON.h,config.h} "$NEW/src/cjson"

	unpack ndctl cxl daxctl util ccan
	cp "$ROOT"/deps/{udev,kmod}/* "$B/src/ndctl"
	headers ndctl daxctl daxctl/libdaxctl.h
	headers ndctl cxl cxl/libcxl.h cxl/cxl_mem.h
	library libdaxctl ndctl 'daxctl_*' . daxctl/lib/libdaxctl.c \
		util/{sysfs,log,iomem}.c
	library libcxl ndctl 'cxl_*' . cxl/lib/libcxl.c util/{sysfs,log}.c \
		udev.c
}

# unpack PACKAGE [PATHS...]: its tarball, or these paths of it, to
# build/src/PACKAGE, without the directory around it
unpack()
{
	local package=$1 tar

	shift
	tar=$(fetch_source "$package")
	mkdir -p "$B/src/$package"
	untar "$B/src/$package" -f "$tar" --strip-components=1 \
		--no-same-owner --wildcards --no-wildcards-match-slash \
		"${@/#/*/}"
	cp "$ROOT/deps/$package/config.h" "$B/src/$package/config.h"
}

# headers PACKAGE DIRECTORY FILES...
headers()
{
	local package=$1 to=$NEW/include/$2

	shift 2
	mkdir -p "$to"
	(cd "$B/src/$package" && cp "$@" "$to")
}

# library NAME PACKAGE SYMBOLS INCLUDES FILES...
#
# One object a library in which only the library's own names stay global:
# libcxl and libdaxctl both have a log_init(), and all of util/sysfs.c.
library()
{
	local name=$1 package=$2 symbols=$3 includes=$4 keep=() word

	shift 4
	set -f
	for word in $symbols; do
		keep+=(--keep-global-symbol="$word")
	done
	set +f
	# shellcheck disable=SC2086
	objects "$name" "$package" "$(printf ' -I%s' $includes)" "$@"
	objcopy -w "${keep[@]}" "$B/src/obj/$name.o"
	ar -rcD "$NEW/lib/$name.a" "$B/src/obj/$name.o"
}

# objects NAME PACKAGE FLAGS FILES...: build/src/obj/NAME.o of all the files
objects()
{
	local name=$1 package=$2 flags

	flags=("${LIB_CFLAGS[@]}" -I. -include config.h)
	# shellcheck disable=SC2206
	flags+=($3)
	shift 3
	mkdir -p "$B/src/obj/$name"
	cd "$B/src/$package"
	# shellcheck disable=SC2016
	printf '%s\n' "${@%.c}" | xargs -P "$(nproc)" -I{} sh -c \
		'n=$1 o=$2; shift 2; exec "$@" -c "$n.c" -o "$o/${n##*/}.o"' \
		compile {} "../obj/$name" ../../deps.new/bin/musl-cc \
		"${flags[@]}" || die 1 "$name of $package does not compile"
	cd "$ROOT"
	ld -r -o "$B/src/obj/$name.o" "$B/src/obj/$name"/*.o
}

write_versions()
{
	local ndctl

	ndctl=$(source_version ndctl)
	cat <<-END
		{
		  "libcjson": "$(source_version cjson)",
		  "libcxl": "$ndctl",
		  "libdaxctl": "$ndctl",
		  "libnuma": "$(source_version numactl)",
		  "libuuid": "$(source_version util-linux)",
		  "musl": "$(<"$NEW/musl.version")",
		  "linux-libc-dev": "$(<"$NEW/linux-libc-dev.version")",
		  "gcc": "$(gcc -dumpfullversion)"
		}
	END
}
