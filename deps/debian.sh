# shellcheck shell=bash
#
# Packages of other Debian suites, without root and without touching the
# machine's own package lists: apt-get with a configuration of its own under
# build/apt.  Signatures are checked as ever, with the machine's keyring.
#
# apt's configuration knows no quoting: the directories in it are relative ones,
# and apt works in one of build/cache/* (priv_apt).
#
# Sourced by build.sh.

# The mirror the machine itself uses for Debian's component main: not the
# security archive and not a third party's, which have no other suites.
mirror()
{
	local uri

	if [[ $MIRROR ]]; then
		echo "${MIRROR%/}"
		return
	fi
	# A machine that never ran apt-get update knows no origins: there,
	# the release's own name in the sources must do.
	# shellcheck disable=SC2016
	uri=$(apt-get indextargets \
		--format '$(COMPONENT) $(ORIGIN) $(LABEL) $(RELEASE) $(REPO_URI)' \
		'Created-By: Packages' 2>/dev/null |
		awk -v code="$(os_codename)" '
			$1 != "main" || uri { next }
			$2 == "Debian" && $3 == "Debian" { uri = $NF }
			NF == 3 && ($2 == code || $2 == "stable") { uri = $NF }
			END { print uri }')
	[[ $uri ]] || die 3 "no Debian mirror in this machine's apt" \
		"configuration: name one with MIRROR=URL"
	echo "${uri%/}"
}

os_codename()
{
	sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

keyring()
{
	local file

	for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		if [[ -r $file ]]; then
			echo "$file"
			return
		fi
	done
	die 3 "no Debian archive keyring on this machine: install the" \
		"package debian-archive-keyring"
}

# apt_config SUITE: a configuration for SUITE, and trixie's backports.  The
# machine's apt.conf.d still counts (proxies), but its hooks do not: they
# would tend the machine's own caches.
apt_config()
{
	local suite=$1 dir=$B/apt/$1 from=../../apt/$1 signed uri suites=("$1")

	[[ $(dpkg --print-architecture) = amd64 ]] ||
		die 3 "this needs an amd64 machine with Debian"
	uri=$(mirror)
	signed="[signed-by=$(keyring)]"
	mkdir -p "$dir"/lists/partial "$B"/cache/debs/partial
	# an empty status: dependencies are resolved from nothing, whatever
	# this machine has installed
	: >"$dir/status"
	# Those of a release that is no longer tended are elsewhere
	[[ $suite != trixie ]] || suites+=(trixie-backports)
	for suite in "${suites[@]}"; do
		printf '%s\n' "deb $signed $uri $suite main" \
			"deb-src $signed $uri $suite main"
	done >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-END
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		#clear DPkg::Pre-Install-Pkgs;
		#clear DPkg::Post-Invoke;
		#clear APT::Default-Release;
		Dir::State "$from";
		Dir::State::lists "$from/lists";
		Dir::State::status "$from/status";
		Dir::Cache "$from";
		Dir::Cache::archives "../debs";
		Dir::Etc::sourcelist "$from/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::Log "$from";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Install-Recommends "false";
		APT::Keep-Downloaded-Packages "true";
		APT::Sandbox::User "$(id -un)";
		Acquire::Languages "none";
		Acquire::Retries "3";
		Debug::NoLocking "true";
	END
}

# apt_update SUITE: fetch the indices once, and again after a day, but not
# more than once in one call of build.sh.
apt_update()
{
	local suite=$1 dir=$B/apt/$1

	# Not with a configuration of an older build.sh
	if [[ -e $dir/updated && $(find "$dir/updated" -mmin -1440) ]] &&
		grep -qF '"../debs"' "$dir/apt.conf"; then
		return
	fi
	need apt
	rm -f "$dir/updated"
	apt_config "$suite"
	say "fetching Debian's package indices ($suite)"
	priv_apt "$suite" get update >&2 ||
		die 3 "cannot fetch the package indices of $suite from" \
			"$(mirror): see above; MIRROR=URL names another" \
			"mirror, and a keyring older than the suite is" \
			"cured by upgrading debian-archive-keyring"
	touch "$dir/updated"
}

# priv_apt SUITE get|cache ARGUMENTS: what it downloads into the directory that
# it works in goes to build/cache/debs
priv_apt()
{
	in_cache debs "$@"
}

# in_cache DIRECTORY SUITE get|cache ARGUMENTS: apt, in build/cache/DIRECTORY
in_cache()
{
	local directory=$1 suite=$2 tool=$3

	shift 3
	(cd "$B/cache/$directory" && exec "apt-$tool" -qq \
		-c "../../apt/$suite/apt.conf" "$@")
}

# deb_version SUITE PACKAGE: the candidate's version, "" if there is none.  apt takes
# a name that it does not know for an expression, and answers of others.
deb_version()
{
	priv_apt "$1" cache policy "$2" | awk -v name="$2:" '
		/^[^ ]/ { of = $0 }
		of == name && $1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

# fetch_deb SUITE PACKAGE[=VERSION]: prints the .deb's path
fetch_deb()
{
	local suite=$1 package=$2 file

	apt_update "$suite"
	say "fetching $package"
	priv_apt "$suite" get download "$package" >&2 ||
		die 3 "cannot fetch the package $package of $suite"
	# apt writes an epoch's colon as %3a
	file=$(find "$B/cache/debs" -maxdepth 1 -name "${package%%=*}_*.deb" \
		-printf '%T@ %p\n' | sort -rn | sed -n '1s/^[^ ]* //p')
	echo "$file"
}

# sums_line PACKAGE: the line of deps/SHA256SUMS that pins its source
sums_line()
{
	grep -E "  $1_[^_]+\.orig\.tar\.[a-z0-9]+\$" "$ROOT/deps/SHA256SUMS" ||
		die 1 "deps/SHA256SUMS pins no source of $1"
}

# source_version PACKAGE: the upstream version that is pinned
source_version()
{
	sums_line "$1" | sed -E 's/.*_([^_]+)\.orig\.tar\..*/\1/'
}

# fetch_source PACKAGE: prints the path of the pinned tarball, verified.
# A copy put into build/cache/sources by hand serves as well.
fetch_source()
{
	local package=$1 version line file full

	line=$(sums_line "$package")
	version=$(source_version "$package")
	file=$B/cache/sources/${line##* }
	mkdir -p "${file%/*}"
	if [[ ! -e $file ]]; then
		apt_update trixie
		full=$(source_candidate "$package" "$version")
		download_source "$package=$full" "$file"
	fi
	(cd "${file%/*}" && sha256sum --quiet -c - <<<"$line" >&2) || {
		rm -f "$file"
		die 1 "${file##*/} is not the file deps/SHA256SUMS pins:" \
			"deleted"
	}
	echo "$file"
}

# Debian's full version of an upstream one.  Only the .orig tarball is
# wanted, so any revision will do.
source_candidate()
{
	local package=$1 version=$2 have

	have=$(priv_apt trixie cache showsrc --only-source "$package" |
		awk '$1 == "Version:" { print $2 }' | sort -rV)
	grep -m1 -E "^([0-9]+:)?${version//./\\.}-" <<<"$have" ||
		die 3 "the pinned source $package $version has left Debian's" \
			"suites (there is: ${have//$'\n'/ }): put its .orig" \
			"tarball into build/cache/sources, or review the new" \
			"version and change deps/SHA256SUMS"
}

# apt writes into the working directory: the name appears only when the
# download is complete.
download_source()
{
	local what=$1 file=$2 dir=$B/cache/partial

	say "fetching the source ${what%%=*} ${what#*=}"
	rm -rf "$dir"
	mkdir -p "$dir"
	in_cache partial trixie get source --tar-only --download-only \
		"$what" >"$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		die 3 "cannot fetch the source of $what"
	}
	mv "$dir/${file##*/}" "$file"
	rm -rf "$dir"
}
