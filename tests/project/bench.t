#!/bin/sh
# SPDX-License-Identifier: ISC
# The benchmark runs whole on a small number of pictures; its figures are not judged here.
. "${0%/*}/../lib.sh"

ok "make bench" make -C "$ROOT" --no-print-directory BUILD="$BUILD" PYTHON="$PYTHON" bench \
	BENCH_FLAGS="--items 300 --repeat 1 --teacher 784-32-10"
is "every step has a row of numbers" "$(grep -c '^[a-z].*	-*[0-9][0-9.]*	-*[0-9][0-9]*	' "$OUT")" 8
done_testing
