#!/bin/sh
# SPDX-License-Identifier: ISC
# train-student: what it learns from, and every mispairing that it must refuse.
. "${0%/*}/../lib.sh"

ok "example data is there" sh "$ROOT/man/examples.sh"

student() {
	train-student -q --net 784-16-10 "$@"
}

ok "a student is trained" train-student --net 784-16-10 --epochs 3 -S soft.safetensors.zst -o s.safetensors train.safetensors.zst
like "both parts of the loss are told" "$(cat "$ERR")" '^epoch 1/3: loss [0-9.]+ \(hard [0-9.]+, soft [0-9.]+\), accuracy'
header=$(tail -c +9 s.safetensors | head -c 2000)
like "the loss is recorded" "$header" \
	'--loss kd --temperature 4 --hard-weight 0.5 --soft-weight 0.5'
like "so are the targets" "$header" '"potstill.input.soft-targets":"[0-9a-f]{32}"'
student --epochs 3 -S soft.safetensors.zst -o again.safetensors train.safetensors.zst
same "the same run gives the same bytes" s.safetensors again.safetensors
student --epochs 3 -S soft.safetensors.zst --alpha .5 -o alpha.safetensors train.safetensors.zst
same "--alpha .5 is the default" s.safetensors alpha.safetensors
student --epochs 3 -S soft.safetensors.zst --hard-weight .5 --soft-weight .5 --temperature 4 -o w.safetensors train.safetensors.zst
same "and so are the weights" s.safetensors w.safetensors
ok "without T^2" student --epochs 3 -S soft.safetensors.zst --no-t-squared -o no.safetensors train.safetensors.zst
for model in s no; do # not of the options in the metadata
	tensor2npy --tensor 0.weight $model.safetensors >$model.weights
done
differ "T^2 matters" s.weights no.weights
student --epochs 3 -S - -o piped.safetensors train.safetensors.zst <soft.safetensors.zst
same "targets from a pipe" s.safetensors piped.safetensors

# Each loss brings the student to what the teacher says: on 500 items, agreement above 90 %.
for options in "--loss kd --alpha 0 --temperature 2" "--loss mse-probabilities --temperature 3" "--loss mse-logits"; do
	rm -f m.safetensors.zst
	# shellcheck disable=SC2086 # options are words
	ok "$options trains" train-student -q --net fc:64,tanh,fc:10 --mean .5 --sd .3 --epochs 60 -S soft.safetensors.zst $options \
		-o m.safetensors.zst train.safetensors.zst
	ok "$options is evaluated" evaluate --json --targets soft.safetensors.zst train.safetensors.zst m.safetensors.zst
	cp "$OUT" report.json
	ok "$options follows the teacher" "$PYTHON" -c '
import json
targets = json.load(open("report.json"))["models"][0]["targets"]
assert targets["rows"] == 500 and targets["agreement"] > 0.9, targets'
done

# Without labels, from the teacher's word alone.
idx2tensor -o unlabelled.safetensors.zst train-images-idx3-ubyte
soft-targets -q -o word.safetensors.zst unlabelled.safetensors.zst teacher.safetensors.zst
ok "no labels are needed for the soft part" student --epochs 1 -S word.safetensors.zst --alpha 0 -o u.safetensors.zst \
	unlabelled.safetensors.zst
fails "but for the hard part" 1 'labels' student -S word.safetensors.zst --alpha .5 -o x unlabelled.safetensors.zst

# Views carry their shifts.
soft-targets -q --views 3 --jitter 1 --seed 7 -o views.safetensors.zst train.safetensors.zst teacher.safetensors.zst
ok "targets with views" student --epochs 4 -S views.safetensors.zst -o v.safetensors.zst train.safetensors.zst
fails "are not shifted twice" 1 'views of its own, which --jitter, --crop or --flip would change again' student --jitter 1 -S views.safetensors.zst -o x \
	train.safetensors.zst

# A validation is by the loss that is minimised: the same picture twenty times has the same loss wherever it is held out.
"$PYTHON" - <<'PY'
import numpy
rng = numpy.random.default_rng(5)
numpy.save("alike", numpy.repeat(rng.integers(0, 256, (1, 28, 28), numpy.uint8), 20, 0))
numpy.save("alike-labels", numpy.full(20, 3, numpy.uint8))
PY
npy2tensor -q --as images --classes 10 -o alike.zst alike.npy alike-labels.npy
soft-targets -q -o alike-soft.zst alike.zst teacher.safetensors.zst
soft-targets -q --views 2 --jitter 3 -o alike-views.zst alike.zst teacher.safetensors.zst
for loss in kd mse-probabilities; do
	student --epochs 1 --lr 0 --loss $loss --temperature 3 --hard-weight .3 --soft-weight 2 --validation .5 --log $loss.jsonl \
		-S alike-soft.zst -o alike.safetensors alike.zst
done
student --epochs 1 --lr 0 --hard-weight .3 --soft-weight 2 --validation alike.zst --log file.jsonl -S alike-soft.zst -o alike.safetensors alike.zst
student --epochs 1 --lr 0 --hard-weight .3 --soft-weight 2 --validation .5 --log views.jsonl -S alike-views.zst -o alike.safetensors alike.zst
ok "a validation is by the loss that is minimised" "$PYTHON" -c '
import json, math
def row(name):
    return json.loads(open(name + ".jsonl").read())
for name in "kd", "mse-probabilities":
    r = row(name)
    assert r["soft_loss"] > 0 and math.isclose(r["validation_loss"], r["loss"], rel_tol=1e-6), r
    assert not math.isclose(r["validation_loss"], r["hard_loss"], rel_tol=1e-2), r
for name in "file", "views":  # the cross-entropy of the picture as it is
    assert math.isclose(row(name)["validation_loss"], row("kd")["hard_loss"], rel_tol=1e-6), row(name)
assert not math.isclose(row("views")["hard_loss"], row("kd")["hard_loss"], rel_tol=1e-3), "views are not shifted"'

# Mispairings.
fails "targets of another data set" 1 '"soft.safetensors.zst": .*another data set \(fingerprint [0-9a-f]+' student \
	-S soft.safetensors.zst -o x test.safetensors.zst
idx2tensor -o relabelled.safetensors.zst train-images-idx3-ubyte train-labels-idx1-ubyte --classes 11
ok "more declared classes do not make another data set" test -s relabelled.safetensors.zst
fails "but they do not fit" 1 'classes' student -S soft.safetensors.zst -o x relabelled.safetensors.zst
npy2tensor -q --as soft-targets --data train.safetensors.zst --values probabilities --temperature 5 -o p5.safetensors.zst soft_target.npy
ok "probabilities have their temperature" student --epochs 1 -S p5.safetensors.zst -o p.safetensors train.safetensors.zst
like "and it is the default" "$(tail -c +9 p.safetensors | head -c 2000)" '--temperature 5 '
fails "another is refused" 1 '"p5.safetensors.zst": .*(T|temperature).* 5' student --temperature 4 -S p5.safetensors.zst -o x train.safetensors.zst
fails "logits cannot be had from probabilities" 1 'holds probabilities, and mse-logits needs logits' student --loss mse-logits \
	-S p5.safetensors.zst -o x train.safetensors.zst
fails "a model is no targets" 1 '"teacher.safetensors.zst": ' student -S teacher.safetensors.zst -o x train.safetensors.zst
fails "a net of other classes" 1 'has 11 outputs where the teacher has 10 classes' train-student --net 784-11 \
	-S soft.safetensors.zst -o x train.safetensors.zst

fails "no targets" 2 '--targets is missing' student train.safetensors.zst
fails "an unknown loss" 2 '"kl" is no loss that learns from targets' student --loss kl -S soft.safetensors.zst train.safetensors.zst
fails "ce alone is the teacher's" 2 '"ce" is no loss' student --loss ce -S soft.safetensors.zst train.safetensors.zst
fails "alpha and weights" 2 'goes without' student --alpha .5 --soft-weight 1 -S soft.safetensors.zst train.safetensors.zst
fails "no weight of the loss's own" 2 'both 0 with --loss mse-logits' student --loss mse-logits --soft-weight 0 -S soft.safetensors.zst \
	train.safetensors.zst
fails "a temperature for logits" 2 '--temperature has no meaning for --loss mse-logits' student --loss mse-logits -T 20 \
	-S soft.safetensors.zst train.safetensors.zst
fails "no weight at all" 2 'both 0' student --hard-weight 0 --soft-weight 0 -S soft.safetensors.zst train.safetensors.zst
fails "T^2 of another loss" 2 'no meaning for --loss mse-logits' student --loss mse-logits --no-t-squared -S soft.safetensors.zst train.safetensors.zst
fails "a temperature of 0" 2 'is not between' student --temperature 0 -S soft.safetensors.zst train.safetensors.zst
ok "nothing is left of what failed" sh -c '! ls x x.* 2>/dev/null | grep .'

done_testing
