#!/bin/sh
# SPDX-License-Identifier: ISC
# evaluate against NumPy, and what it refuses. tests/measure.py makes the files.
. "${0%/*}/../lib.sh"

numpy() {
	"$PYTHON" "$ROOT/tests/measure.py" "$@"
}

# In the JSON, what a clock or the file's size decides is not to be compared.
steady() {
	sed '/images_per_second\|"threads"/d' "$1" >"$1.steady"
}

numpy make || exit 1
soft-targets -q -o soft.safetensors data.safetensors a.safetensors
soft-targets -q -o p5.safetensors --values probabilities --temperature 5 --dtype f32 data.safetensors b.safetensors
both="data.safetensors a.safetensors b.safetensors"

# shellcheck disable=SC2086
{
	ok "it measures two models" evaluate --json --per-class --confusion --targets soft.safetensors $both
	cp "$OUT" both.json
	is "and says nothing else" "$(cat "$ERR")" ""
	ok "NumPy agrees, targets at T = 1" numpy evaluate both.json soft.safetensors 1
	ok "logits have any temperature" evaluate --json --per-class --confusion --temperature 4 \
		--targets soft.safetensors $both
	cp "$OUT" t4.json
	ok "NumPy agrees at T = 4" numpy evaluate t4.json soft.safetensors 4
	ok "probabilities have their own" evaluate --json --per-class --confusion --targets p5.safetensors $both
	cp "$OUT" p5.json
	ok "NumPy agrees at T = 5" numpy evaluate p5.json p5.safetensors 5
	ok "it prints tables" evaluate --per-class --confusion --targets soft.safetensors $both
	cp "$OUT" tables
	ok "that say what the JSON says" numpy tables both.json tables

	for threads in 1 2 4; do
		evaluate --json --per-class --confusion --targets soft.safetensors --threads $threads \
			$both >threads$threads
		steady threads$threads
	done
	same "two threads find the same" threads1.steady threads2.steady
	same "four threads find the same" threads1.steady threads4.steady
}

is "the columns are stable" "$(evaluate data.safetensors a.safetensors | head -n 1)" "$(printf \
	'model\terrors\titems\taccuracy\ttop5\tlog_loss\tece\tbrier\tparameters\tmacs\tbytes\timages_per_second')"
is "one model is one row" "$(evaluate data.safetensors a.safetensors | wc -l)" 2
is "each further model is compared with the first" \
	"$(evaluate data.safetensors b.safetensors a.safetensors b.safetensors | sed -n '/^# mcnemar/,$p' | cut -f 1,2 | tail -n 2)" \
	"$(printf 'b.safetensors\ta.safetensors\nb.safetensors\tb.safetensors')"
is "a model does not differ from itself" \
	"$(evaluate data.safetensors a.safetensors a.safetensors | tail -n 1 | cut -f 3-)" \
	"$(printf '0\t0\texact\t-\t1')"
is "the data can come from a pipe" "$(evaluate - a.safetensors <data.safetensors | cut -f 1-10)" \
	"$(evaluate data.safetensors a.safetensors | cut -f 1-10)"
is "the model can come from a pipe" "$(evaluate data.safetensors - <a.safetensors | tail -n 1 | cut -f 2-11)" \
	"$(evaluate data.safetensors a.safetensors | tail -n 1 | cut -f 2-10)	-"
soft-targets -q -o views.safetensors --views 3 --jitter 2 --seed 9 --dtype f32 data.safetensors a.safetensors
is "targets with views are compared view by view" \
	"$(evaluate --targets views.safetensors data.safetensors a.safetensors | tail -n 1 | cut -f 2-5)" \
	"$(printf '900\t900\t1.000000\t1')"
is "and are the teacher's to the last bits" \
	"$(evaluate --json --targets views.safetensors data.safetensors a.safetensors | grep -c '"kl": .*e-1[0-9]')" 1

fails "targets of other data" 1 'soft.safetensors": targets were made from another data set' \
	evaluate --targets soft.safetensors other.safetensors a.safetensors
fails "probabilities at another temperature" 1 'p5.safetensors": .*temperature' \
	evaluate --temperature 4 --targets p5.safetensors data.safetensors a.safetensors
fails "no labels" 1 '"unlabelled.safetensors": has no labels' evaluate unlabelled.safetensors a.safetensors
fails "a model for larger pictures" 1 '"wide.safetensors": takes inputs of 1x7x7' \
	evaluate data.safetensors wide.safetensors
fails "a model for fewer classes" 1 '"few.safetensors": .*5 classes' evaluate data.safetensors few.safetensors
fails "a model of other classes than the targets" 1 '"many.safetensors": has 9 classes' \
	evaluate --targets soft.safetensors data.safetensors many.safetensors
fails "logits that are no numbers" 1 '"endless.safetensors": the logits of item 0 are not finite' \
	evaluate data.safetensors endless.safetensors
fails "a parameter that is none" 1 '"nan.safetensors": tensor "2.bias" holds -?nan' \
	evaluate data.safetensors nan.safetensors
fails "the second model is bad" 1 '"nan.safetensors"' evaluate data.safetensors a.safetensors nan.safetensors
fails "no model but targets" 1 '"soft.safetensors"' evaluate data.safetensors soft.safetensors
fails "no data set but a model" 1 '"a.safetensors"' evaluate a.safetensors a.safetensors
fails "no such file" 1 '"none.safetensors": .*No such file' evaluate data.safetensors none.safetensors
fails "too little memory" 1 'memory limit' evaluate --max-memory 2K data.safetensors a.safetensors
not_ok "two standard inputs" evaluate - -
is "are a matter of usage" "$(head -n 1 "$ERR")" "evaluate: only one input can be standard input"
not_ok "a temperature of nothing" evaluate --temperature 2 data.safetensors a.safetensors
is "is a matter of usage" "$(head -n 1 "$ERR")" "evaluate: --temperature is for --targets"
not_ok "no model" evaluate data.safetensors
full() {
	evaluate "$@" data.safetensors a.safetensors >/dev/full
}
fails "a full disk" 1 'standard output' full
fails "a full disk and JSON" 1 'standard output' full --json
done_testing
