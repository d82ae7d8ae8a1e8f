#!/bin/sh
# SPDX-License-Identifier: ISC
# The benchmark runs whole on a few pictures, and prints the rows that its README speaks of. Its
# figures are not judged here.
. "${0%/*}/../lib.sh"

bench() {
	"$ROOT/tests/bench/run" "$@"
}

# cells N: the Nth column of the table's rows, without spaces around
cells() {
	grep '^| ' "$OUT" | cut -d '|' -f $(($1 + 1)) | sed 's/^ *//; s/ *$//'
}

# numbers N: how many rows have a number there
numbers() {
	cells "$1" | grep -c '^-\{0,1\}[0-9][0-9.]*$'
}

ok "the benchmark runs" bench --quick --threads 2 --no-peers
blas=$(/sbin/ldconfig -p | grep -cE 'lib(blis|openblas|dnnl)[.0-9_a-z]*\.so')
if [ "$blas" -gt 0 ]; then
	like "it says what the machine can do" "$(cat "$OUT")" "^# SGEMM 128x128x128, .*: [0-9]+ GFLOP/s on 1, [0-9]+"
else
	skip 1 "no BLIS, OpenBLAS or oneDNN to measure the machine by"
fi
like "and its memory" "$(cat "$OUT")" "^# memory read and written, in .*: [0-9]+ GB/s on 1, [0-9]+"
real=3
[ -d "$POTSTILL_DATA/mnist" ] || real=0
rows=$((37 + real)) differences=12
is "every work has its rows, those on real data where there is some" "$(numbers 3)" $((rows + differences))
is "training a net without its way forward has rows, too" "$(cells 1 | grep -c ', back and step$')" 6
# Those that are differences of two runs may be below 0 on a busy machine, with so few items.
is "seconds are a median between two others" \
	"$(grep '^| ' "$OUT" | awk -F '|' '$4 ~ /^ *-?[0-9.]+ *$/ && $5 ~ /[0-9]/ && $5 + 0 <= $4 + 0 && $4 + 0 <= $6 + 0' | wc -l)" $rows
is "GFLOP/s are told where the work is products" "$(numbers 6)" $((34 + real + differences))
if [ "$blas" -gt 0 ]; then
	is "so is the share of the machine's rate" "$(cells 7 | grep -c '^[0-9]* %$')" $((34 + real + differences))
else
	skip 1 "no BLIS, OpenBLAS or oneDNN to measure the machine by"
fi
is "one thread is compared with two" "$(cells 2 | grep -c '^potstill, 1 thread$')" 22
is "memory is told of all" "$(numbers 9)" $rows

ok "CPU time is measured where the machine is busy" bench --quick --no-peers --cpu-time --only student-64 --only first
like "and said to be that" "$(cat "$OUT")" "; seconds of CPU time, one thread$"
is "of one thread only" "$(cells 2 | grep '^potstill')" "potstill
potstill"

ok "growth is measured" bench grow --quick --threads 2
for what in items width batch threads; do
	like "$what grow" "$(cells 1)" "^$what, "
done
is "every row has its seconds" "$(numbers 4)" "$(cells 1 | grep -c ', 784')"
is "and the power of its growth but for the first of each sort" "$(cells 5 | grep -Ec '^-?[0-9]\.[0-9]+$')" 7

not_ok "a work that is none is refused" bench --only nothing
like "and told from those that are" "$(cat "$ERR")" "invalid choice: 'nothing' .*student-100"

if "$PYTHON" -c 'import torch' 2>/dev/null; then
	ok "PyTorch works beside it" bench --quick --threads 2 --only student-64 --only conv-keras-student
	is "as installed, and tuned" "$(cells 2 | grep -c '^PyTorch as installed$')$(cells 2 | grep -c '^PyTorch tuned$')" 22
	is "and is compared" "$(cells 8 | grep -c '^[0-9.]* x$')" $(($(cells 2 | grep -c '^PyTorch') + 2))
else
	skip 3 "no PyTorch"
fi
done_testing
