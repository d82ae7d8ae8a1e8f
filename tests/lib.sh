# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# For shell tests: tests/cli/NAME.t is a POSIX sh script that sources this file and prints
# TAP for prove. It starts in an empty scratch folder, which is removed when it ends:
#
#	#!/bin/sh
#	# SPDX-License-Identifier: ISC
#	. "${0%/*}/../lib.sh"
#	ok "it says hello" hello --to world
#	is "to the world" "$(cat "$OUT")" "hello, world"
#	fails "nobody to greet" 2 "needs --to" hello
#	done_testing
#
# Helpers (the first argument of each is what the test claims):
#	ok    CLAIM COMMAND...                 it exits 0
#	not_ok CLAIM COMMAND...                it does not (for test, grep; for tools say fails, for cmp differ)
#	fails CLAIM STATUS PATTERN COMMAND...  it exits with STATUS (1 or 2), prints nothing on stdout
#	                                       and one line on stderr that matches PATTERN (grep -E);
#	                                       behind a usage error the line "see 'TOOL --help'" may follow
#	is    CLAIM GOT EXPECTED               two texts are equal
#	like  CLAIM TEXT PATTERN               a line of the text matches PATTERN (grep -E)
#	same  CLAIM FILE FILE                  two files have the same bytes
#	differ CLAIM FILE FILE                 two files are there, neither empty, and have other bytes
#	skip  N REASON                         stands for N tests that cannot run here
#	skip_all REASON                        the whole script cannot run here; ends it
#	need_data FILE...                      skip_all unless each file is in the data folder
#	done_testing                           prints the plan; the last line of every script
# COMMAND is a program, a shell function or `sh -c '...'`; stdin is /dev/null unless the
# call redirects it. ok, not_ok and fails leave its output in the files $OUT and $ERR.
# Variables: ROOT (the source tree), BUILD (build folder; its bin/ is first in PATH),
# SCRATCH (the scratch folder), PYTHON (has numpy), POTSTILL_DATA (folder of real data).

set -u
LC_ALL=C
ROOT=$(cd "${0%/*}/../.." && pwd) || exit 1
BUILD=${BUILD:-build}
POTSTILL_DATA=${POTSTILL_DATA:-../shared/data}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
case $POTSTILL_DATA in /*) ;; *) POTSTILL_DATA=$ROOT/$POTSTILL_DATA ;; esac
PATH=$BUILD/bin:$PATH
if [ -z "${PYTHON:-}" ]; then
	PYTHON=python3
	python3 -c 'import numpy' 2>/dev/null || PYTHON=/usr/bin/python3
fi
TESTS=0
FAILED=0
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/potstill.XXXXXX") || exit 1
OUT=$SCRATCH/.stdout
ERR=$SCRATCH/.stderr
unset MAKEFLAGS MFLAGS MAKELEVEL # of the make that runs us; a test's own make starts anew
export LC_ALL ROOT BUILD POTSTILL_DATA PATH PYTHON SCRATCH
trap 'cd / && rm -rf "$SCRATCH"' EXIT
trap 'exit 1' HUP INT TERM
cd "$SCRATCH" || exit 1
exec </dev/null

# result STATUS CLAIM: one TAP line
result() {
	TESTS=$((TESTS + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $TESTS - $2"
	else
		FAILED=$((FAILED + 1))
		echo "not ok $TESTS - $2"
	fi
}

# Shows the start of a file below a failed test.
show() {
	head -n 20 "$2" | sed "s/^/# $1: /"
}

ok() {
	claim=$1
	shift
	"$@" >"$OUT" 2>"$ERR"
	status=$?
	result $status "$claim"
	[ $status -eq 0 ] && return
	echo "# exit status $status: $*"
	show stdout "$OUT"
	show stderr "$ERR"
}

not_ok() {
	claim=$1
	shift
	if "$@" >"$OUT" 2>"$ERR"; then
		result 1 "$claim"
		echo "# exit status 0: $*"
	else
		result 0 "$claim"
	fi
}

fails() {
	claim=$1 expected=$2 pattern=$3
	shift 3
	"$@" >"$OUT" 2>"$ERR"
	status=$?
	why=
	[ $status -eq "$expected" ] || why="exit status $status, not $expected"
	[ -s "$OUT" ] && why="${why:+$why; }something on stdout"
	# Below a net's fault are what stands there and a caret.
	[ "$(grep -cv -e "^[a-z0-9-]*: see '[a-z0-9-]* --help'\$" -e '^    ' "$ERR")" -eq 1 ] || why="${why:+$why; }not one line on stderr"
	grep -Eq -e "$pattern" "$ERR" || why="${why:+$why; }stderr does not match $pattern"
	[ -z "$why" ]
	result $? "$claim"
	[ -z "$why" ] && return
	echo "# $why: $*"
	show stdout "$OUT"
	show stderr "$ERR"
}

is() {
	[ "$2" = "$3" ]
	result $? "$1"
	[ "$2" = "$3" ] && return
	printf '%s\n' "$2" | sed 's/^/#      got: /'
	printf '%s\n' "$3" | sed 's/^/# expected: /'
}

like() {
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then
		result 0 "$1"
		return
	fi
	result 1 "$1"
	echo "# no line matches: $3"
	printf '%s\n' "$2" | head -n 20 | sed 's/^/# text: /'
}

same() {
	ok "$1" cmp "$2" "$3"
}

# cmp exits 1 for other bytes and 2 where a file is missing.
differ() {
	cmp "$2" "$3" >"$OUT" 2>"$ERR"
	status=$?
	[ $status -eq 1 ] && [ -s "$2" ] && [ -s "$3" ]
	result $? "$1"
	[ $status -eq 1 ] || echo "# exit status $status: cmp $2 $3"
	show stderr "$ERR"
}

skip() {
	skipped=0
	while [ $skipped -lt "$1" ]; do
		skipped=$((skipped + 1))
		TESTS=$((TESTS + 1))
		echo "ok $TESTS # SKIP $2"
	done
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

need_data() {
	for needed; do
		[ -e "$POTSTILL_DATA/$needed" ] || skip_all "no $needed in POTSTILL_DATA"
	done
}

done_testing() {
	echo "1..$TESTS"
	exit $((FAILED > 0))
}
