# shellcheck shell=bash
#
# The manual, the completion and the package, from the program's own tables:
# what tier --help, tier help VERB, tier check --list and tier policy list
# print.  So they cannot tell of what is not there, nor leave anything out;
# doc/tier.8.in has what no table knows.
#
# Sourced by build.sh.

NEED_DEB=("${NEED_DEPS[@]}" dpkg-dev gzip jq lintian)

# --- what the program says of itself ---------------------------------------

# tier_verbs: "NAME<tab>SUMMARY" each, from the first list of tier --help
tier_verbs()
{
	"$B/tier" --help | sed -nE '/^Options/q
		s/^  ([a-z]+( [a-z]+)?)  +(.*)$/\1\t\3/p'
}

# tier_options [VERB]: "LETTER<tab>NAME<tab>METAVAR<tab>HELP" each, a dash for
# what there is not
tier_options()
{
	# shellcheck disable=SC2086
	"$B/tier" ${1:-} --help | sed -nE \
		-e 's/^  (    |-(.), )--([a-z-]+)(( [A-Z][A-Z:=]*)*) +([^ ].*)$/\2\t\3\t\4\t\6/p' |
		awk -F'\t' -v OFS='\t' '{
			sub(/^ /, "", $3)
			for (i = 1; i <= 3; i++)
				if ($i == "")
					$i = "-"
			print
		}'
}

# tier_notes VERB: what stands between its summary and its options
tier_notes()
{
	# shellcheck disable=SC2086
	"$B/tier" help $1 | awk 'NR < 5 { next }
		/^  (    |-., )--[a-z]/ { exit }
		{ line[++n] = $0 }
		END {
			while (n && line[n] == "")
				n--
			for (i = 1; i <= n; i++)
				print line[i]
		}'
}

# --- the manual --------------------------------------------------------------

# Text as mdoc(7) takes it
mdoc_escape()
{
	sed -E -e 's/\\/\\e/g' -e "s/^([.'])/\\\\\&\1/"
}

# mdoc_options [VERB]: a list of its options; with a verb only those that not
# every verb has
mdoc_options()
{
	local letter name metavar help common=''

	[[ ! ${1:-} ]] || common=" $(tier_options | cut -f2 | xargs) "
	tier_options "${1:-}" | while IFS=$'\t' read -r letter name metavar help
	do
		[[ $common != *" $name "* ]] || continue
		printf '.It %sFl -%s%s\n' \
			"$([[ $letter = - ]] || echo "Fl $letter , ")" "$name" \
			"$([[ $metavar = - ]] || echo " Ar $metavar")"
		mdoc_escape <<<"$help"
	done | {
		read -r name || return 0
		echo ".Bl -tag -width Ds"
		echo "$name"
		cat
		echo ".El"
	}
}

mdoc_verb()
{
	local verb=$1 summary=$2 operands notes

	# shellcheck disable=SC2086
	operands=$("$B/tier" help $verb | sed -nE "1s/^usage: tier $verb ?//p")
	# Behind a bracket at the end mandoc would look for a macro's
	echo ".Ss tier $verb${operands:+ $operands\\&}"
	mdoc_escape <<<"${summary^}."
	notes=$(tier_notes "$verb")
	if [[ $notes ]]; then
		echo ".Bd -literal"
		mdoc_escape <<<"$notes"
		echo ".Ed"
	fi
	mdoc_options "$verb"
}

mdoc_verbs()
{
	local verb summary

	while IFS=$'\t' read -r verb summary; do
		mdoc_verb "$verb" "$summary"
	done < <(tier_verbs)
}

# The records of tier check --list, an item each: a sentence begins a line.
# What begins with an "at" sign here is a macro.
mdoc_findings()
{
	"$B/tier" check --list --json | jq -r 'select(.record == "finding_row") |
		"@It Sy \(.finding) Pq \(.level)", .means,
		"Found by: \(.found_by).", "@br", "What to do: \(.do)."' |
		sed -E 's/([.)]) ([A-Z])/\1\n\2/g' | fold -s -w 78 |
		sed 's/ *$//' | mdoc_escape | sed 's/^@/./'
}

# The records and their members, from the program's own descriptions
mdoc_records()
{
	"$B/tier" records --json | jq -rs '
		map(select(.record == "record" or .record == "member"))[] |
		if .record == "record" then "@It Sy \(.name)", .meaning
		else "@br", "\(.member) (\([.type, .unit] | map(values) |
			join(", ")))\(if .meaning == "" then ""
			else ": " + .meaning end)" end' | fold -s -w 78 |
		sed 's/ *$//' | mdoc_escape | sed 's/^@/./'
}

# verb man
build_man()
{
	local verbs findings options records

	build_tier
	need jq
	verbs=$(mdoc_verbs)
	findings=$(mdoc_findings)
	records=$(mdoc_records)
	options=$(mdoc_options)
	[[ $verbs && $findings && $options && $records ]] || die 1 "tier prints no help"
	may_write "the manual"
	mkdir -p "$B/doc"
	put "$B/doc/VERBS" "$verbs"
	put "$B/doc/FINDINGS" "$findings"
	put "$B/doc/RECORDS" "$records"
	put "$B/doc/OPTIONS" "$options"
	# In the environment, as -v reads escapes in a name
	PARTS=$B/doc awk '
		/^@[A-Z]+@$/ {
			file = ENVIRON["PARTS"] "/" substr($0, 2, length($0) - 2)
			while ((getline line <file) > 0)
				print line
			close(file)
			next
		}
		{ print }' "$ROOT/doc/tier.8.in" >"$B/tier.8.new"
	mv "$B/tier.8.new" "$B/tier.8"
}

# --- completion ----------------------------------------------------------------

# words TEXT...: in one line, sorted, each once
words()
{
	printf '%s\n' "$@" | grep . | sort -u | paste -sd' '
}

# verb completion
build_completion()
{
	local verb summary name all=() rows=() groups=() files=()

	build_tier
	while IFS=$'\t' read -r verb summary; do
		mapfile -t all < <(tier_options "$verb" | cut -f2)
		rows+=("	[$verb]='$(words "${all[@]/#/--}")'")
		groups+=("${verb% *}")
	done < <(tier_verbs)
	mapfile -t all < <(tier_options | cut -f2)
	mapfile -t files < <(tier_verbs | cut -f1 | while read -r verb; do
		tier_options "$verb"
	done | awk -F'\t' '$3 != "-" { print "--" $2 }' | sort -u)
	{
		sed -n '1,/^@OPTIONS@$/p' "$ROOT/doc/completion.in" |
			sed '$d'
		printf '%s\n' "${rows[@]}"
		printf "	[none]='%s'\n" "$(words "${all[@]/#/--}")"
		sed '1,/^@OPTIONS@$/d' "$ROOT/doc/completion.in" |
			sed -e "s/@FIRST@/$(words "${groups[@]}")/" \
			-e "s/@POLICIES@/$("$B/tier" policy list |
				sed -nE 's/^([a-z][a-z-]*)  +.*/\1/p' | paste -sd' ')/" \
			-e "s/@VALUED@/$(words "${files[@]}")/"
	} >"$B/tier.completion.new"
	mv "$B/tier.completion.new" "$B/tier.completion"
}

# --- installing ----------------------------------------------------------------

verb_man()
{
	lock
	build_man
	say "the manual: $B/tier.8"
}

# install_into DIRECTORY: the program, its manual, its completion
install_into()
{
	local dir=$1

	build_man
	build_completion
	install -D -m 755 "$B/tier" "$dir/bin/tier" &&
		install -D -m 644 "$B/tier.8" "$dir/share/man/man8/tier.8" &&
		install -D -m 644 "$B/tier.completion" \
			"$dir/share/bash-completion/completions/tier" &&
		install -D -m 644 "$ROOT/doc/troubleshooting.md" \
			"$dir/share/doc/tier/troubleshooting.md"
}

# verb install PREFIX: below DESTDIR, if that is set
cmd_install()
{
	(($# == 1)) || die 2 "install: name one directory, e.g. /usr/local"
	[[ $1 = /* ]] || die 2 "install $1: not an absolute path"
	lock
	install_into "${DESTDIR:-}${1%/}" || die 1 "could not install to $1"
	say "installed below ${DESTDIR:-}${1%/}: bin/tier, its manual, completion, documents"
}

# --- the package -----------------------------------------------------------------

# The maintainer is whoever makes it, as Debian's own tools ask for it
deb_maintainer()
{
	echo "${DEBFULLNAME:-tier} <${DEBEMAIL:-tier@packages.invalid}>"
}

deb_control()
{
	cat <<END
Package: tier
Version: $VERSION
Architecture: $(dpkg --print-architecture)
Maintainer: $(deb_maintainer)
Installed-Size: $(du -k --apparent-size -s "$1/usr" | cut -f1)
Section: admin
Priority: optional
Description: how Linux moves pages between DRAM and CXL memory
 tier makes CXL memory devices NUMA nodes, sets memory tiering policies (NUMA
 balancing, demotion, DAMON), runs the GUPS benchmark or any program on them,
 and says what the kernel did: who moved which pages.
 .
 tier check says what is wrong with a machine's tiering, what it means and
 what to do.
END
}

# CHANGES in the form of a Debian changelog; its date is that of the file's
# last commit, so that the same source makes the same package
deb_changelog()
{
	echo "tier ($VERSION) unstable; urgency=medium"
	echo
	sed -n '2,$s/^	\([A-Z].*\)/  * \1/p; 2,$s/^	\([^A-Z].*\)/    \1/p' \
		"$ROOT/CHANGES"
	echo
	echo " -- $(deb_maintainer)  $(date -R -u -d "@$(deb_epoch)")"
}

deb_epoch()
{
	git -C "$ROOT" log -1 --format=%ct -- CHANGES 2>/dev/null |
		grep . || stat -c %Y "$ROOT/CHANGES"
}

deb_copyright()
{
	cat <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: tier

Files: *
Copyright: 2026 the authors of tier
License: GPL-2.0-only
Comment: Linked in statically: libcxl and libdaxctl (LGPL-2.1; two of ndctl's
 helper files are GPL-2.0-only), libnuma (LGPL-2.1), libuuid (BSD-3-Clause),
 cJSON (MIT) and musl (MIT). The source's deps/ names versions and checksums.

License: GPL-2.0-only
 On Debian systems the text of version 2 of the GNU General Public License is
 in /usr/share/common-licenses/GPL-2.
END
}

# What lintian is right about, and why it is so
deb_overrides()
{
	cat <<END
# One file that runs in an initramfs, and on machines without Debian
tier: statically-linked-binary [usr/bin/tier]
END
}

# deb_tree DIRECTORY: the package's files, with the modes that they shall have
deb_tree()
{
	local dir=$1 doc=$1/usr/share/doc/tier

	rm -rf "$dir"
	mkdir -p "$dir/DEBIAN" "$doc" "$dir/usr/share/lintian/overrides"
	install_into "$dir/usr"
	gzip -9n "$dir/usr/share/man/man8/tier.8"
	deb_changelog | gzip -9n >"$doc/changelog.gz"
	deb_copyright >"$doc/copyright"
	deb_overrides >"$dir/usr/share/lintian/overrides/tier"
	deb_control "$dir" >"$dir/DEBIAN/control"
	(cd "$dir" && find usr -type f -print0 | sort -z | xargs -0 md5sum) \
		>"$dir/DEBIAN/md5sums"
}

# verb deb
cmd_deb()
{
	local deb

	need "${NEED_DEB[@]}"
	lock
	deb=$B/tier_${VERSION}_$(dpkg --print-architecture).deb
	may_write "the package"
	# The package's modes are its own, whatever umask is here
	(umask 022 && deb_tree "$B/deb")
	SOURCE_DATE_EPOCH=$(deb_epoch) dpkg-deb --root-owner-group --build \
		"$B/deb" "$deb" >/dev/null
	# Nobody's word on it but lintian's, which is lost in an odd TMPDIR
	TMPDIR=/tmp lintian --allow-root --fail-on error,warning "$deb" >&2 ||
		die 1 "lintian finds fault with $deb"
	say "the package: $deb"
}
