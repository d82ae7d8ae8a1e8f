#!/bin/sh
# SPDX-License-Identifier: ISC
# Whole training runs, from the same weights in the same order, end where PyTorch's end: against
# the numbers kept in tests/golden, and against PyTorch itself where it is installed.
. "${0%/*}/../lib.sh"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

compare() {
	"$PYTHON" "$ROOT/tests/oracle/compare.py" "$@"
}

# train FOLDER CASE TOOL OPTIONS...: writes CASE.safetensors and CASE.log
train() {
	folder=$1 case=$2 tool=$3
	shift 3
	[ "$tool" = train-student ] && set -- "$@" --targets soft.safetensors
	case "$*" in *--net*) ;; *) set -- "$@" --net 64-32-16-4 ;; esac
	"$tool" "$@" --init "$folder/start.safetensors" --mean .25 --sd .5 -q \
		--log "$case.log" -o "$case.safetensors" data.safetensors
}

# runs FOLDER WHOSE: every case of the folder
runs() {
	folder=$1
	ok "the pictures become a data set" npy2tensor --as images -o data.safetensors \
		"$folder/images.npy" "$folder/labels.npy"
	ok "the teacher's logits become soft targets" npy2tensor --as soft-targets -d data.safetensors \
		--values logits --store logits --dtype f32 -o soft.safetensors "$folder/teacher.npy"
	compare cases "$folder" >cases
	while read -r case line; do
		# shellcheck disable=SC2086
		ok "$case trains ($2)" train "$folder" "$case" $line
		ok "$case ends where $2 end" compare run "$folder" "$case" "$case.safetensors" "$case.log"
	done <cases
}

runs "$ROOT/tests/golden" "the golden numbers"
is "all kinds of runs were there" "$(wc -l <cases)" 13
# The comparison must be able to fail: one more item in a batch is enough.
# shellcheck disable=SC2046
ok "another batch size trains" train "$ROOT/tests/golden" ce-sgd $(sed -n 's/^ce-sgd //p' cases) --batch 17
not_ok "and ends elsewhere" compare run "$ROOT/tests/golden" ce-sgd ce-sgd.safetensors ce-sgd.log

if ! "$PYTHON" -c 'import torch' 2>/dev/null; then
	skip 4 "python3-torch is not installed: the golden numbers were compared, not made again"
	done_testing
fi
mkdir live
ok "PyTorch computes the numbers again" "$PYTHON" "$ROOT/tests/oracle/record.py" live
ok "they are the golden ones" compare folders live "$ROOT/tests/golden"
for test in maths learn; do
	ok "potstill agrees with PyTorch live: $test" env GOLDEN="$SCRATCH/live" "$BUILD/tests/oracle-$test"
done
runs "$SCRATCH/live" "PyTorch's live numbers"
done_testing
