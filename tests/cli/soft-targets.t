#!/bin/sh
# SPDX-License-Identifier: ISC
# soft-targets against NumPy, and what it refuses. tests/measure.py makes the files.
. "${0%/*}/../lib.sh"

numpy() {
	"$PYTHON" "$ROOT/tests/measure.py" "$@"
}

numpy make || exit 1

# check CLAIM OPTIONS: targets of the teacher a, and their report, are what NumPy makes of them
check() {
	claim=$1
	shift
	ok "$claim" soft-targets -o soft.safetensors --report report.json "$@" data.safetensors a.safetensors
	cp "$ERR" told
	ok "NumPy agrees" numpy targets soft.safetensors report.json a.safetensors
}

check "logits in f32" --values logits --dtype f32
check "logits in f16" --values logits
check "zero-mean logits in bf16" --dtype bf16
check "log-probabilities in f16" --values log-probabilities --temperature 5
check "probabilities in f32" --values probabilities --temperature 3 --dtype f32
check "probabilities in f16" --values probabilities --temperature 20
check "zero-mean logits in f16"

like "it tells the rows" "$(cat told)" '^300 rows, zero-mean-logits of 7 classes from 1 teacher$'
like "and their size" "$(cat told)" '^14 bytes a row as F16, [0-9.]+ in the file of [0-9.]+ KiB: [0-9.]+ times smaller than F32$'
like "and whether they agree with the labels" "$(cat told)" '^200 of 300 rows agree with the labels \(66\.67 %\)$'
is "and their entropy" "$(grep -c '^T = [0-9]*: entropy [0-9.]* nats$' told)" 3
is "and what encoding costs" "$(grep -c '^T = [0-9]*: encoding costs KL [0-9.e-]* on average, [0-9.e-]* at most$' told)" 3
ok "-q is quiet" soft-targets -q -o soft.safetensors data.safetensors a.safetensors
is "even on stderr" "$(cat "$ERR" "$OUT")" ""

ok "two teachers" soft-targets -o two.safetensors --report two.json data.safetensors a.safetensors b.safetensors
ok "are their mean logits, says NumPy" numpy targets two.safetensors two.json a.safetensors b.safetensors
ok "three teachers" soft-targets -o two.safetensors --report two.json --dtype f32 --values logits \
	data.safetensors a.safetensors b.safetensors c.safetensors
ok "are their mean logits too" numpy targets two.safetensors two.json a.safetensors b.safetensors c.safetensors
soft-targets -q --values logits --dtype f32 -o one.safetensors data.safetensors a.safetensors
soft-targets -q --values logits --dtype f32 -o twice.safetensors data.safetensors a.safetensors a.safetensors
"$PYTHON" -c "
import sys
sys.path.insert(0, '$ROOT/tests')
import measure
one, two = measure.read('one.safetensors'), measure.read('twice.safetensors')
a, b = one[1]['potstill.teacher'], two[1]['potstill.teacher']
sys.exit((one[0]['values'] != two[0]['values']).any() or b != a + ' ' + a)"
is "the same teacher twice is the teacher, named twice" $? 0

for model in a.safetensors b.safetensors "a.safetensors b.safetensors"; do
	# shellcheck disable=SC2086
	soft-targets -q --values logits --dtype f32 data.safetensors $model | tensor2npy -o "$model.npy" -
done
"$PYTHON" -c "
import sys, numpy
a, b, both = (numpy.load(n + '.npy') for n in ('a.safetensors', 'b.safetensors', 'a.safetensors b.safetensors'))
sys.exit(bool(a.dtype != numpy.float32 or (a == b).all() or (both != (a + b) / numpy.float32(2)).any()))"
is "numpy.load sees the mean of two to the bit" $? 0

for threads in 1 2 4; do
	soft-targets -q --threads $threads --views 3 --jitter 2 --report $threads.json data.safetensors \
		a.safetensors b.safetensors >$threads.zst
	sed '/file_bytes\|ratio/d' $threads.json >$threads.steady
done
same "two threads write the same" 1.zst 2.zst
same "four threads write the same" 1.zst 4.zst
same "and tell the same" 1.steady 4.steady
soft-targets -q -o compact.safetensors.zst data.safetensors a.safetensors
soft-targets -q - a.safetensors <data.safetensors >piped.zst
mkfifo fifo
cat fifo >from-fifo &
soft-targets -q -o fifo data.safetensors a.safetensors
wait
same "targets into a named pipe" compact.safetensors.zst from-fifo
mkfifo fifo-report
timeout 20 sh -c 'cat fifo >from-fifo && cat fifo-report >from-report' &
ok "targets and report into named pipes that are read in turn" \
	timeout 20 soft-targets -q -o fifo --report fifo-report data.safetensors a.safetensors
wait
like "... both whole" "$(cat from-report)" "\"file_bytes\": $(wc -c <from-fifo | tr -d ' '),"
same "data from a pipe, targets into one" compact.safetensors.zst piped.zst
soft-targets -q --report piped.json data.safetensors - <a.safetensors | cat >piped.zst
same "a teacher from a pipe" compact.safetensors.zst piped.zst
like "the report knows a pipe's bytes" "$(cat piped.json)" "\"file_bytes\": $(wc -c <piped.zst | tr -d ' '),"

views() {
	soft-targets --views 2 --jitter 2 --seed "$1" --dtype f32 -o "$2" data.safetensors a.safetensors 2>told
}
ok "views" views 1 views1.safetensors
like "are told" "$(cat told)" '^600 rows \(2 views of 300 items\), '
ok "views by another seed" views 2 views2.safetensors
for seed in 1 2; do # not of the seed in the metadata
	tensor2npy views$seed.safetensors >views$seed.npy
done
differ "another seed makes other views" views1.npy views2.npy
"$PYTHON" -c "
import sys
sys.path.insert(0, '$ROOT/tests')
import measure
t, meta = measure.read('views1.safetensors')
v = t['values']
assert v.shape == (600, 7), v.shape
assert (v[:300] != v[300:]).any(axis=1).mean() > 0.9
assert (meta['potstill.views'], meta['potstill.jitter'], meta['potstill.view-seed']) == ('2', '2', '1'), meta
assert meta['potstill.options'] == '--values zero-mean-logits --dtype f32 --views 2 --jitter 2 --seed 1', meta"
is "two views are twice the rows, and the file says how to replay them" $? 0
ok "unlabelled data will do" soft-targets -o soft.safetensors unlabelled.safetensors a.safetensors
is "and nothing is said of labels" "$(grep -c label "$ERR")" 0
ok "features will do" soft-targets -o soft.safetensors features.safetensors features-model.safetensors

fails "a seed without views that are shifted" 2 '^soft-targets: --seed needs --jitter, --crop or --flip: nothing else is drawn at random$' \
	soft-targets -o none.safetensors --seed 0 data.safetensors a.safetensors
fails "f16 overflows" 1 '"none.safetensors": row [0-9]+, class [0-9]+: -?[0-9.e+]+ does not fit F16 \(at most 65504\)' \
	soft-targets -o none.safetensors data.safetensors huge.safetensors
ok "bf16 does not" soft-targets -q -o soft.safetensors --dtype bf16 data.safetensors huge.safetensors
fails "logits that are no numbers" 1 '"endless.safetensors": the logits of item 0 are not finite' \
	soft-targets -o none.safetensors data.safetensors endless.safetensors
fails "a parameter that is none" 1 '"nan.safetensors": tensor "2.bias" holds -?nan' \
	soft-targets -o none.safetensors data.safetensors nan.safetensors
fails "a teacher for larger pictures" 1 '"wide.safetensors": takes inputs of 1x7x7' \
	soft-targets -o none.safetensors data.safetensors wide.safetensors
fails "a teacher of fewer classes than the data" 1 '"few.safetensors": .*5 classes' \
	soft-targets -o none.safetensors data.safetensors few.safetensors
fails "a teacher of more classes than the data" 1 '"many.safetensors": has 9 classes where the data set has 7' \
	soft-targets -o none.safetensors data.safetensors many.safetensors
fails "teachers that differ in classes" 1 '"many.safetensors": has 9 classes where the first teacher has 7' \
	soft-targets -o none.safetensors unlabelled.safetensors a.safetensors many.safetensors
fails "no teacher but data" 1 '"data.safetensors"' soft-targets -o none.safetensors data.safetensors data.safetensors
fails "too much memory" 1 'the targets: .* is over the memory limit' \
	soft-targets --max-memory 1M --views 1000 --jitter 1 -o none.safetensors data.safetensors a.safetensors
fails "jitter of features" 1 '"features.safetensors": --jitter, --crop and --flip are for pictures' \
	soft-targets --jitter 1 -o none.safetensors features.safetensors features-model.safetensors
mkdir folder
fails "no such folder" 1 'none/soft.safetensors": ' \
	soft-targets -q -o none/soft.safetensors data.safetensors a.safetensors
fails "no such folder, seen before a long run" 1 'none/soft.safetensors": ' \
	soft-targets -q -o none/soft.safetensors missing.safetensors a.safetensors
fails "nor for the report" 1 'none/report.json": ' \
	soft-targets -q -o none.safetensors --report none/report.json data.safetensors a.safetensors
fails "a folder" 1 '"folder": ' soft-targets -q -o folder data.safetensors a.safetensors
fails "a full disk" 1 'dev/full": ' soft-targets -q -o /dev/full data.safetensors a.safetensors
echo old >none.zst
fails "a full disk for the report" 1 '"/dev/full": .*No space' \
	soft-targets -q -o none.zst --report /dev/full data.safetensors a.safetensors
is "... leaves the old targets" "$(cat none.zst)" old
rm none.zst
is "nothing is left behind" "$(find . -name '*none*')" ""

# usage MESSAGE OPTIONS: refused before anything is read
usage() {
	message=$1
	shift
	soft-targets "$@" data.safetensors a.safetensors >"$OUT" 2>"$ERR"
	is "usage: $message" "$?: $(head -n 1 "$ERR")" "2: soft-targets: $message"
}
usage "--values probabilities needs a --temperature" --values probabilities
usage "--values log-probabilities needs a --temperature" --values log-probabilities
usage "logits have no temperature: students choose theirs" --temperature 5
usage "--views needs --jitter, --crop or --flip: the views would all be the same" --views 2
usage "targets and report cannot both go to standard output" --report -
usage "only one input can be standard input" - -
usage '--dtype: "f64" is none of f16|bf16|f32' --dtype f64
done_testing
