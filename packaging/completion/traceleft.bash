# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bash completion for traceleft(1). Verbs and options are compared with --help by the tests.

_traceleft_events() {
	# Names and groups from the program itself: a table that cannot be stale.
	"$1" events 2>/dev/null | awk 'NR == 1 { at = index($0, "GROUPS"); end = index($0, "SUMMARY"); next }
		{ print $1; n = split(substr($0, at, end - at), words); for (i = 1; i <= n; i++) group["@" words[i]] }
		END { for (g in group) print g }'
}

_traceleft_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_traceleft_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# Argument of the option before the word; fails if that takes none.
_traceleft_argument() {
	case $1 in
	-f | --format) _traceleft_words 'text json proto' "$2" ;;
	--attach) _traceleft_words 'auto fexit kprobe raw_tp' "$2" ;;
	-p | --pid) _traceleft_words "$(cd /proc && echo [0-9]*)" "$2" ;;
	-o | --output | --policy | --aggregation-spec | --config | --file | --socket | --html) _traceleft_files "$2" ;;
	--battery | --out)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$2")
		;;
	--where | --buffer | -n | --lines | --seal | --since | --until) COMPREPLY=() ;;
	*) return 1 ;;
	esac
}

_traceleft_operand() {
	case $2 in
	trace | events) _traceleft_words "$(_traceleft_events "$1")" "$3" ;;
	check | report | decode | verify | import-audit) _traceleft_files "$3" ;;
	battery) _traceleft_words 'list build' "$3" ;;
	help) _traceleft_words "$4" "$3" ;;
	esac
}

_traceleft() {
	local verbs='trace events check status reload tail top battery report decode verify import-audit help'
	local -A options=(
		[trace]='-f --format -o --output -p --pid --where --policy --aggregation-spec -c --summary -q --quiet --attach --buffer --battery -h --help'
		[events]='--json -h --help'
		[check]='--explain --json -h --help'
		[status]='--json --prometheus --file -h --help'
		[reload]='--socket -h --help'
		[tail]='--json --where -n --lines --socket -h --help'
		[top]='--json -n --lines --socket -h --help'
		[battery]='--json --battery --config --out --keep-source -h --help'
		[report]='--journal -n --lines --since --until --html --json -h --help'
		[decode]='-o --output -h --help'
		[verify]='--json --partial --seal -q --quiet -h --help'
		[import-audit]='-h --help'
		[help]='-h --help'
	)
	local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} i

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_traceleft_words "$verbs --help --version" "$word"
		return
	fi
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [[ $verb == trace && ${COMP_WORDS[i]} == -- ]]; then
			declare -F _command_offset >/dev/null && _command_offset $((i + 1))
			return
		fi
	done
	if _traceleft_argument "${COMP_WORDS[COMP_CWORD - 1]}" "$word"; then
		return
	fi
	if [[ $word == -* ]]; then
		_traceleft_words "${options[$verb]:-}" "$word"
	else
		_traceleft_operand "${COMP_WORDS[0]}" "$verb" "$word" "$verbs"
	fi
}

complete -F _traceleft traceleft
