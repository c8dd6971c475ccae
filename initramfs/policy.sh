# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A policy's file for the guest (run gups 1G --policy ./mine.policy): it is
# looked at here, and taken there with what it names beside itself: DAMON's
# file, programs, with their libraries.
#
# Sourced by build.sh.

# Where it is in the guest
POLICY_DIR=/etc/tier/policy
# Options of tier run that take a word, also behind its name
POLICY_VALUED='--(policy|set|hog|timeline|with|membind|preferred|preferred-many'
POLICY_VALUED+='|interleave|weighted-interleave|cpunodebind|cpubind|physcpubind'
POLICY_VALUED+='|records|deadline|root)|-[mpiwPNcC]'

# place_policy: the file that the arguments of the caller name, to placed; they
# name it in the guest then, and policy is the file here
place_policy()
{
	local i word verb=''

	policy=''
	for ((i = 0; i < ${#arguments[@]}; i++)); do
		word=${arguments[i]}
		case $word in
		--policy=*)
			is_policy_file "${word#*=}" || continue
			bring_policy "${word#*=}"
			arguments[i]=--policy=$POLICY_DIR/${policy##*/}
			;;
		# It takes two
		--at) ((i += 2));;
		--at=*) ((++i));;
		-*)
			[[ $word =~ ^($POLICY_VALUED)$ ]] || continue
			((++i < ${#arguments[@]})) || return 0
			[[ $word = --policy ]] || continue
			is_policy_file "${arguments[i]}" || continue
			bring_policy "${arguments[i]}"
			arguments[i]=$POLICY_DIR/${policy##*/}
			;;
		*)
			# From here on all is a program's
			[[ $verb != run ]] || return 0
			if [[ $verb = policy ]] && is_policy_file "$word"; then
				bring_policy "$word"
				arguments[i]=$POLICY_DIR/${policy##*/}
			fi
			[[ $verb ]] || verb=$word
			;;
		esac
	done
}

# As tier tells them from the names of its own; but for what --add has placed
is_policy_file()
{
	[[ $1 = */* || $1 = ?*.policy ]] && [[ ! ${placed[${1#/}]:-} ]]
}

# bring_policy FILE: with what it names
bring_policy()
{
	local file=$1 said name status=0 add=()

	said=$("$B/tier" policy show "$file" --file --json 2>&1) || status=$?
	((status == 0)) ||
		die 2 "$(sed -n 's/^tier: //p' <<<"$said" | head -n 1)"
	policy=$(realpath -- "$file")
	add+=("$policy:$POLICY_DIR/${policy##*/}")
	while IFS= read -r name; do
		[[ -e ${policy%/*}/$name ]] || die 2 "policy $file:" \
			"$name is not beside it"
		add+=("${policy%/*}/$name:$POLICY_DIR/$name")
	done < <(jq -r 'select(.record == "policy_text") | .files[]' \
		<<<"$said" | sort -u)
	check_added
}

# keep_policy: as it was, beside the run's results
keep_policy()
{
	[[ ! $policy ]] || cp -- "$policy" "$out/policy"
}
