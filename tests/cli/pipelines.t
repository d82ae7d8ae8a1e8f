#!/bin/sh
# SPDX-License-Identifier: ISC
# The demo and the experiments from end to end, on a few made-up pictures and for an epoch: that
# every step fits the next, that the tables are written, and that a second call does nothing.
. "${0%/*}/../lib.sh"

. "$ROOT/tests/experiment.sh"
digits data || skip_all "no python3"

# lib/idx-rows.sh: a slice is the same bytes under another count
# shellcheck disable=SC2317
idx_rows() {
	"$pipelines/lib/idx-rows.sh" "$1" "$2" <"data/$3"
}
ok "idx-rows cuts pictures" idx_rows 250 50 train-images-idx3-ubyte.gz
cp "$OUT" slice
gzip -dc data/train-images-idx3-ubyte.gz >whole
is "its header counts them" "$(od -An -tu1 -N 16 slice | tr -s ' ' | tr -d '\n')" " 0 0 8 3 0 0 0 50 0 0 0 28 0 0 0 28"
tail -c $((50 * 784)) whole >expected
tail -c +17 slice | cmp - expected
is "its rows are the file's" $? 0
ok "idx-rows cuts labels" idx_rows 0 3 train-labels-idx1-ubyte.gz
is "the first three" "$(od -An -tu1 <"$OUT" | tr -s ' ')" " 0 0 8 1 0 0 0 3 0 7 4"
fails "idx-rows does not read past the end" 1 "has only 300 rows" idx_rows 299 2 train-labels-idx1-ubyte.gz

# lib/stats.awk, against values from R's t.test and by hand
awk_says() {
	awk -f "$pipelines/lib/stats.awk" -f /dev/stdin </dev/null 2>&1 <<X
BEGIN { $1 }
X
}
is "mean and standard deviation" "$(awk_says 'print mean_sd("2 4 4 4 5 5 7 9", 3)')" "5.000 ± 2.138"
is "one number has none" "$(awk_says 'print mean_sd("7", 1)')" "7.0"
is "Welch's test" "$(awk_says 'print welch_text("27.5 21.0 19.0 23.6 17.0 17.9 16.9 20.1 21.9 22.6 23.1 19.6 19.0 21.7 21.4", \
	"27.1 22.0 20.8 23.4 23.4 23.5 25.8 22.0 24.8 20.2 21.9 22.1 22.9 20.5 24.4")')" \
	"t = -2.46, 25.0 degrees of freedom, p = 0.021"
is "Student's t with 2 degrees of freedom, in closed form" "$(awk_says 'printf "%.6f %.6f", beta_i(1, .5, 2 / (2 + 9)), 1 - 3 / sqrt(11)')" \
	"0.095466 0.095466"
is "no test of equal numbers" "$(awk_says 'print welch_text("3 3", "3 3")')" "too few runs for a test"

# shellcheck disable=SC2120
ncc() {
	experiment ncc OWN_TEACHERS="1 2" OWN_TEACHER_EPOCHS=1 OWN_EPOCHS=2 CLEAN_TEACHER_EPOCHS=1 CLEAN_EPOCHS=1 \
		SWEEP_SEEDS="1 2" FIT=200 HELD=100 PYTHON=no-such-python "$@"
}
ok "ncc runs" ncc
is "its results have every seed in each of its tables" "$(rows ncc.md)" 11
ok "the search on held-out data runs" ncc sweep
is "and has a table in the results" "$(rows ncc.md)" 13
like "and the means" "$(cat ncc.md)" '^\| student distilled \| \*\*[0-9.]+ ± [0-9.]+\*\* \|'
# shellcheck disable=SC2119
ncc >again
is "a second make does nothing" "$(cat again)" "$nothing"
cp ncc.md before
rm ncc/own/distilled-2.safetensors.zst
ok "what is missing is made again" ncc
is "and nothing else" "$(grep -c '^train-' "$OUT")" 1
same "with the same results" ncc.md before
ok "make torch where there is none" ncc torch
like "says so" "$(cat "$OUT")" "^torch: skipped, no-such-python has no torch"
mkdir -p ncc/torch
printf '1\t150\t200\t220\n' >ncc/torch/1.tsv
printf '2\t160\t210\t205\n' >ncc/torch/2.tsv
ok "PyTorch's runs join the table" ncc
like "with their mean" "$(cat ncc.md)" '^\| teacher, .* \| 148 \| 155.0 ± 7.1 \| '

# shellcheck disable=SC2120
mse() {
	experiment pytorch-mse STUDENT_EPOCHS=2 TEACHERS="1 2" "$@"
}
ok "pytorch-mse runs" mse
is "its results have every seed in each table" "$(rows pytorch-mse.md)" 10
# shellcheck disable=SC2119
mse >again
is "a second make does nothing" "$(cat again)" "$nothing"
rm -r pytorch-mse/published pytorch-mse/published*.tsv
ok "students can share a teacher" mse TEACHERS=2
is "the second seed's" "$(grep -c "train-student.*published/soft-2.*published/student-[12]\." "$OUT")" 2

# shellcheck disable=SC2120
keras() {
	experiment keras-distiller STUDENT_EPOCHS=1 TEACHERS="1 2" "$@"
}
nets keras-teacher keras-student
ok "keras-distiller runs" keras
is "its students take turns with the teachers" \
	"$(grep -c "^train-student.*/\(own-\)*soft-2\..*/\(published\|squared\|own\)-2\." "$OUT")" 3
is "its results have every seed in each table" "$(rows keras-distiller.md)" 4
like "and the published figures beside ours" "$(cat keras-distiller.md)" \
	'^\| student distilled as published, no T² \| 96.92 \| [0-9.]+ ± [0-9.]+ \|'
# shellcheck disable=SC2119
keras >again
is "a second make does nothing" "$(cat again)" "$nothing"
has() {
	tensor-info --json "keras-distiller/$1-1.safetensors.zst" | grep -Fq -e "$2"
}
ok "the published loss is without T²" has published "--no-t-squared"
not_ok "the other one is not" has squared "--no-t-squared"

# What ncc made above is taken from there.
# shellcheck disable=SC2120
conv_teacher() {
	experiment conv-teacher NCC="$SCRATCH/ncc" TEACHER_EPOCHS=1 OWN_TEACHERS="1 2" OWN_TEACHER_EPOCHS=1 OWN_EPOCHS=1 \
		OWN_VIEWS=2 CONV_EPOCHS=1 "$@"
}
nets resnet20
ok "conv-teacher runs" conv_teacher
is "and makes no perceptron again" "$(grep -c 'fc:1200' "$OUT")" 0
is "its results have every seed in each table" "$(rows conv-teacher.md)" 5
# shellcheck disable=SC2119
conv_teacher >again
is "a second make does nothing" "$(cat again)" "$nothing"
rm ncc/own.tsv ncc/own/alone-1.safetensors.zst
ok "what ncc lacks is made" conv_teacher
is "and nothing else" "$(grep -c '^train-' "$OUT")" 1

not_ok "without data an experiment does not start" experiment ncc DATA=
like "and says what it wants" "$(cat "$ERR")" "DATA=FOLDER must name the folder with MNIST's four files"

# shellcheck disable=SC2317
demo() {
	env BUILD="$SCRATCH/build" DATA="$SCRATCH/data" TEACHER_EPOCHS=1 STUDENT_EPOCHS=1 STUDENT_PICTURES=200 "$pipelines/demo/run"
}
mkdir build
ln -s "$BUILD/bin" build/bin
ok "the demo runs" demo
for name in teacher alone distilled; do
	like "its table has the $name" "$(cat "$OUT")" "^$name +[0-9]+ +[0-9.]+ +[0-9]+ +[0-9]+ +[0-9]+\$"
done
ls -l build/demo/*.zst >before
ok "a second demo runs" demo
is "and makes nothing anew" "$(ls -l build/demo/*.zst)" "$(cat before)"
fails "without pictures the demo says so" 1 "no Fashion-MNIST" env BUILD="$SCRATCH/build" DATA=/nonexistent "$pipelines/demo/run"

done_testing
