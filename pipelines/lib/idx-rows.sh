#!/bin/sh
# SPDX-License-Identifier: ISC
# idx-rows.sh FIRST COUNT <FILE.gz >OUT: COUNT rows of a gzip'ed IDX file of bytes, from FIRST on
# (counted from 0), as a plain IDX file: to hold out the end of a training set, or to try a
# pipeline on a few items.
set -eu
first=$1
count=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/idx-rows.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
gzip -dc >"$work/idx"

# bytes OFFSET COUNT: in decimal
bytes() {
	od -An -v -tu1 -j "$1" -N "$2" "$work/idx"
}

# number OFFSET: four bytes, the highest first
number() {
	bytes "$1" 4 | awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4 }'
}

# shellcheck disable=SC2046
set -- $(bytes 0 4)
if [ "$*" != "0 0 8 $4" ] || [ "$4" -eq 0 ]; then
	echo "idx-rows: no IDX file of bytes" >&2
	exit 1
fi
dims=$4
header=$((4 + 4 * dims))
[ $((first + count)) -le "$(number 4)" ] || {
	echo "idx-rows: has only $(number 4) rows" >&2
	exit 1
}
row=1
offset=8
while [ $offset -lt $header ]; do
	row=$((row * $(number $offset)))
	offset=$((offset + 4))
done
# printf writes bytes as octal escapes.
octal() {
	awk -v n="$1" 'BEGIN {
		for (d = 16777216; d >= 1; d /= 256)
			printf "\\%03o", int(n / d) % 256
	}'
}
head -c 4 "$work/idx"
# shellcheck disable=SC2059
printf "$(octal "$count")"
tail -c +9 "$work/idx" | head -c $((header - 8))
tail -c +$((header + 1 + first * row)) "$work/idx" | head -c $((count * row))
